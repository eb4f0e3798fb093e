/** A connection to one member of etcd. One that is of no use any more is closed, and never used again. */
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  connectivityState,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import { EtcdFailure, failureOf } from './failure.ts';

/** PEM. */
export interface EtcdTls {
  readonly ca: Buffer;
  /** The client's certificate and its key, where etcd asks for one. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Below 5 s, etcd ends the connection for "excess pings". */
const KEEPALIVE_MS = 6000;
const KEEPALIVE_TIMEOUT_MS = 2000;
/** A member that was started again is found soon. */
const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 1000;
/** What etcd sends at once: a catch-up of a watch; it takes requests of 1.5 MiB, so that no entry is larger. */
const RECEIVED_MAX_BYTES = 64 * 2 ** 20;

const OPTIONS = {
  'grpc.keepalive_time_ms': KEEPALIVE_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
  'grpc.initial_reconnect_backoff_ms': RECONNECT_MIN_MS,
  'grpc.max_reconnect_backoff_ms': RECONNECT_MAX_MS,
  'grpc.max_receive_message_length': RECEIVED_MAX_BYTES,
  // A new line is a new connection: the old one may hang.
  'grpc.use_local_subchannel_pool': 1,
  // Whoever asks decides whether to ask again.
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

export class Line {
  readonly endpoint: string;
  readonly #client: Client;
  readonly #openedAtMs = performance.now();
  #hasAnswered = false;

  constructor(endpoint: string, tls: EtcdTls | undefined) {
    this.endpoint = endpoint;
    const { protocol, host } = new URL(endpoint);
    const secure = protocol === 'https:';
    const channel = secure
      ? withoutAddressAsName(credentials.createSsl(tls?.ca ?? null, tls?.key ?? null, tls?.cert ?? null))
      : credentials.createInsecure();
    this.#client = new Client(host, channel, OPTIONS);
  }

  /** One request, one reply. Never rejects. */
  ask<Reply>(
    method: MethodDefinition<object, object>,
    request: object,
    { deadline, token }: { readonly deadline: Date; readonly token: string | undefined },
  ): Promise<Reply | EtcdFailure> {
    const { path, requestSerialize, responseDeserialize } = method;
    return new Promise((resolve) => {
      const done = (error: ServiceError | null, reply?: object): void => {
        this.#hasAnswered ||= error === null;
        resolve(error === null ? (reply as Reply) : failureOf(error, this.endpoint));
      };
      try {
        const options = { deadline };
        this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, of(token), options, done);
      } catch (error) {
        // It was closed.
        resolve(new EtcdFailure('unreachable', `${this.endpoint}: ${(error as Error).message}`, { isUnsent: true }));
      }
    });
  }

  /** A stream both ways. Throws where the line was closed. */
  stream(
    { path, requestSerialize, responseDeserialize }: MethodDefinition<object, object>,
    token: string | undefined,
  ): ClientDuplexStream<object, object> {
    return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, of(token));
  }

  /** Whether anything ever came by it. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** Whether the connection is there. */
  get isReady(): boolean {
    return this.#state === connectivityState.READY;
  }

  /** Whether it is there, or being made. */
  get isOpen(): boolean {
    return this.isReady || this.#state === connectivityState.CONNECTING;
  }

  get #state(): connectivityState {
    return this.#client.getChannel().getConnectivityState(false);
  }

  get ageMs(): number {
    return performance.now() - this.#openedAtMs;
  }

  close(): void {
    this.#client.close();
  }
}

/**
 * TLS's server name is no address (RFC 6066 §3), and grpc-js sends whatever stands in the URL: Node warns of that
 * (DEP0123), and will refuse it. The certificate is held against the host all the same, which is the address.
 */
function withoutAddressAsName(channel: ChannelCredentials): ChannelCredentials {
  const make = channel._createSecureConnector.bind(channel);
  channel._createSecureConnector = (...target) => {
    const connector = make(...target);
    // Where a later grpc-js keeps them elsewhere, Node warns as before.
    const { connectionOptions } = connector as unknown as { connectionOptions?: ConnectionOptions };
    if (isIP(connectionOptions?.servername ?? '') !== 0) delete connectionOptions?.servername;
    return connector;
  };
  return channel;
}

function of(token: string | undefined): Metadata {
  const metadata = new Metadata();
  // A member that is cut off from the others says so, instead of a silence.
  metadata.set('hasleader', 'true');
  if (token !== undefined && token !== '') metadata.set('token', token);
  return metadata;
}
