/** Answers UNIMPLEMENTED with a sentence that says what to use. */
import {
  status,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerWritableStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

import { passThroughOf, UNSERVED, type Service } from './services.ts';

type Streaming =
  ServerWritableStream<Uint8Array, Uint8Array> | ServerDuplexStream<Uint8Array, Uint8Array>;

function refuse(sentence: string): (call: unknown, callback?: unknown) => void {
  const error = { code: status.UNIMPLEMENTED, details: sentence };
  return (call, callback) => {
    if (typeof callback === 'function') {
      (callback as sendUnaryData<Uint8Array>)(error);
    } else {
      (call as Streaming).emit('error', error);
    }
  };
}

function implementationOf(
  definition: ServiceDefinition,
  sentence: string,
): UntypedServiceImplementation {
  return Object.fromEntries(Object.keys(definition).map((name) => [name, refuse(sentence)]));
}

/** Every service that is left out, ready to be added to a server. */
export function unservedServices(): readonly Service[] {
  return UNSERVED.map(([definition, sentence]) => ({
    definition: passThroughOf(definition),
    implementation: implementationOf(definition, sentence),
  }));
}
