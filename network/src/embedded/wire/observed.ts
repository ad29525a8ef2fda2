/** Tells an observer of every call on a service; the service itself knows nothing of it. */
import {
  status,
  type sendUnaryData,
  type ServerDuplexStream,
  type UntypedHandleCall,
} from '@grpc/grpc-js';

import type { NetworkObserver } from '../observer.ts';
import type { Service } from './services.ts';

type Unary = (call: unknown, callback: sendUnaryData<unknown>) => void;
type Streaming = (stream: ServerDuplexStream<unknown, unknown>) => void;

interface Place {
  readonly node: string;
  readonly service: string;
  readonly method: string;
}

/** @param node - full name of the node that serves. */
export function observedService(
  service: Service,
  node: string,
  observer: NetworkObserver,
): Service {
  const { definition, implementation } = service;
  const observed = Object.entries(implementation).map(([name, handler]) => {
    const method = definition[name] ?? definition[capital(name)];
    if (!method) return [name, handler] as const;
    const [, owner = '', call = ''] = method.path.split('/');
    const place = { node, service: owner, method: call };
    const wrapped: unknown =
      method.requestStream || method.responseStream
        ? observedStream(handler as Streaming, place, observer)
        : observedUnary(handler as Unary, place, observer);
    return [name, wrapped as UntypedHandleCall] as const;
  });
  return { definition, implementation: Object.fromEntries(observed) };
}

function capital(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function observedUnary(handler: Unary, place: Place, observer: NetworkObserver): Unary {
  return (call, callback) => {
    const start = performance.now();
    handler(call, (error, ...answer) => {
      const code = status[error?.code ?? (error ? status.UNKNOWN : status.OK)];
      observer.call({ ...place, code, seconds: (performance.now() - start) / 1_000 });
      callback(error, ...answer);
    });
  };
}

function observedStream(handler: Streaming, place: Place, observer: NetworkObserver): Streaming {
  return (stream) => {
    observer.stream({ ...place, phase: 'opened' });
    stream.once('close', () => {
      observer.stream({ ...place, phase: 'closed' });
    });
    handler(stream);
  };
}
