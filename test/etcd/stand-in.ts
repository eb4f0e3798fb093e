/** What stands in for members of etcd where a test wants what etcd itself does only by chance: each says no more than it is told to. */
import { once } from 'node:events';
import {
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Test } from 'tap';
import { methodOf } from '../../src/etcd/protocol.ts';

export interface WatchRequest {
  readonly create_request?: { readonly start_revision: string };
  readonly progress_request?: object;
}

export type WatchStream = ServerDuplexStream<WatchRequest, object>;

interface Words {
  /** To each read; nothing: it never answers. */
  readonly range?: (() => object | undefined) | undefined;
  readonly watch?: ((stream: WatchStream) => void) | undefined;
  readonly keepAlive?: ((stream: ServerDuplexStream<{ readonly ID: string }, object>) => void) | undefined;
}

interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** One member; the result is its endpoint. `tls`: its certificate and key, in PEM. */
export async function standIn(t: Test, words: Words, tls?: Certificate): Promise<string> {
  const server = new Server();
  const serve = (service: string, name: string, implementation: UntypedServiceImplementation[string]): void => {
    const method: MethodDefinition<object, object> = methodOf(service, name);
    server.addService({ [name]: method }, { [name]: implementation });
  };
  serve('KV', 'Range', (_: ServerUnaryCall<object, object>, done: sendUnaryData<object>) => {
    const reply = words.range?.();
    if (reply !== undefined) done(null, reply);
  });
  serve('Watch', 'Watch', (stream: WatchStream) => words.watch?.(stream));
  serve('Lease', 'LeaseKeepAlive', (stream: ServerDuplexStream<{ ID: string }, object>) => words.keepAlive?.(stream));
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }]);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(tls === undefined ? '127.0.0.1:0' : '0.0.0.0:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  t.teardown(() => server.forceShutdown());
  return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
}

/** The next message of a stream. */
export async function heard<Message>(stream: ServerDuplexStream<Message, object>): Promise<Message> {
  const [message] = await once(stream, 'data');
  return message as Message;
}
