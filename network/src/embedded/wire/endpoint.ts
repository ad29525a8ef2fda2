/** One TLS endpoint: a gRPC server of its own, since a handler cannot tell on which of several ports it was called. */
import type { Http2SecureServer, ServerHttp2Session } from 'node:http2';
import { createServer } from 'node:net';

import { Server, ServerCredentials } from '@grpc/grpc-js';

import { EmbeddedError, messageOf } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { watchResets } from './reset-budget.ts';
import type { Service } from './services.ts';

export interface EndpointOptions {
  /** What listens, for errors: 'orderer', 'peer0.northlight.example'. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly certificate: string; readonly privateKey: string };
  readonly services: readonly Service[];
}

export interface Endpoint {
  /** `host:port` */
  readonly address: string;
  /** Ends open calls, after a moment by force. */
  close(): Promise<void>;
}

/** Asks the system itself first: gRPC would say on the console that it failed, and not why. */
function assertFree(options: EndpointOptions): Promise<void> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', (cause) => {
      reject(portTaken(options, cause));
    });
    probe.listen(options.port, options.host, () => {
      probe.close(() => {
        resolve();
      });
    });
  });
}

function bind(server: Server, options: EndpointOptions): Promise<number> {
  const { certificate, privateKey } = options.tls;
  const credentials = ServerCredentials.createSsl(
    null,
    [{ cert_chain: Buffer.from(certificate), private_key: Buffer.from(privateKey) }],
    false,
  );
  return new Promise((resolve, reject) => {
    server.bindAsync(`${options.host}:${options.port}`, credentials, (cause, port) => {
      if (cause) {
        reject(portTaken(options, cause));
      } else {
        resolve(port);
      }
    });
  });
}

function portTaken({ name, host, port }: EndpointOptions, cause: unknown): EmbeddedError {
  return new EmbeddedError(
    'PORT_TAKEN',
    `${name} cannot listen on ${host}:${port} (${messageOf(cause)}); stop what listens there or choose another port`,
    { cause },
  );
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
    }, LIMITS.closeMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}

/** The servers below gRPC are private to it, and the only ones that see connections. */
function careForConnections(server: Server): void {
  const { http2Servers } = server as unknown as {
    readonly http2Servers: ReadonlyMap<Http2SecureServer, unknown>;
  };
  for (const http2Server of http2Servers.keys()) {
    const watch = watchResets();
    http2Server.on('stream', ({ session }, headers) => {
      if (session) {
        watch(session as ServerHttp2Session, headers);
      }
    });
  }
}

/** @throws {@link EmbeddedError} PORT_TAKEN */
export async function listen(options: EndpointOptions): Promise<Endpoint> {
  const server = new Server({
    'grpc.max_receive_message_length': LIMITS.receiveBytes,
    'grpc.max_send_message_length': LIMITS.sendBytes,
    'grpc.max_concurrent_streams': LIMITS.streamsPerConnection,
    // Statistics that nobody reads, a few steps for every call.
    'grpc.enable_channelz': 0,
  });
  for (const { definition, implementation } of options.services) {
    server.addService(definition, implementation);
  }
  try {
    await assertFree(options);
    const port = await bind(server, options);
    careForConnections(server);
    return { address: `${options.host}:${port}`, close: () => stop(server) };
  } catch (error) {
    server.forceShutdown();
    throw error;
  }
}
