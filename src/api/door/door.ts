/** The door of the admin API: connections have places and deadlines, whoever they are; see places.ts and connection.ts. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterMs, everyMs, listen, listenFirst, listenOnce } from '../../guard.ts';
import { DOOR, DOOR_TIMES, DoorConnection, type DoorTimes } from './connection.ts';
import { type PlaceLimits, Places } from './places.ts';

export interface DoorOptions extends PlaceLimits {
  /** What counts as one network of clients; undefined where it has no limit. */
  readonly prefixOf: (address: string) => string | undefined;
  /** Other times than the usual ones, for tests. */
  readonly times?: Partial<DoorTimes>;
}

/** How often deadlines are looked at: no limit in time is exact to less than this. */
const SWEEP_MS = 1000;

/** What else is looked at with the connections. */
type Sweep = (nowMs: number, times: DoorTimes) => void;

export class Door {
  readonly #places: Places;
  readonly #options: DoorOptions;
  readonly #times: DoorTimes;
  readonly #bySocket = new WeakMap<Socket, DoorConnection>();
  /** Connections in their TLS handshake, by both ends: Node tells of the socket before and after, not which is which. */
  readonly #handshaking = new Map<string, DoorConnection>();
  readonly #sweeps: Sweep[] = [];
  readonly #isTls: boolean;
  readonly #nowMs = () => performance.now();

  constructor(server: Server, isTls: boolean, options: DoorOptions) {
    this.#options = options;
    this.#places = new Places(options);
    this.#isTls = isTls;
    this.#times = { ...DOOR_TIMES, ...options.times };
    // Heads are Node's to measure; bodies have no time but progress.
    server.headersTimeout = this.#times.headMs;
    server.requestTimeout = 0;
    Object.assign(server, { connectionsCheckingInterval: Math.min(SWEEP_MS, this.#times.headMs / 2) });
    // Before TLS takes it over.
    listenFirst(server, 'connection', DOOR, (socket: Socket) => this.#enter(socket));
    if (isTls) listen(server, 'secureConnection', DOOR, (socket: Socket) => this.#secure(socket));
    const begin = (request: IncomingMessage, response: ServerResponse) => this.#begin(request, response);
    listenFirst(server, 'request', DOOR, begin);
    const sweeper = everyMs(DOOR, Math.min(SWEEP_MS, this.#times.stallMs / 4), () => this.#sweep()).unref();
    listenOnce(server, 'close', DOOR, () => clearInterval(sweeper));
  }

  get size(): number {
    return this.#places.size;
  }

  /** The connection that carries HTTP on a socket; undefined where it has not come so far, or is closed. */
  find(socket: Socket): DoorConnection | undefined {
    return this.#bySocket.get(socket);
  }

  /** False where the token has all the places that it may have. */
  prove(socket: Socket, token: string): boolean {
    const connection = this.#bySocket.get(socket);
    return connection === undefined || this.#places.prove(connection, token);
  }

  /** Makes room among the requests of a token; false where nobody keeps any waiting. */
  makeRoom(token: string): boolean {
    return this.#places.closeDawdling(token);
  }

  prefixOf(address: string): string | undefined {
    return this.#options.prefixOf(address);
  }

  onSweep(sweep: Sweep): void {
    this.#sweeps.push(sweep);
  }

  /** What has been asked is answered, but nobody is waited for long. */
  stop(): void {
    for (const connection of this.#connections()) if (connection.isSilent) connection.close();
    afterMs(DOOR, this.#times.stopMs, () => {
      for (const connection of this.#connections()) connection.close();
    }).unref();
  }

  #enter(socket: Socket): void {
    const { remoteAddress } = socket;
    // A peer that has gone already has no address any more.
    if (remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const key = this.#isTls ? endsOf(socket) : undefined;
    const how = { prefix: this.#options.prefixOf(remoteAddress), isTls: this.#isTls, nowMs: this.#nowMs() };
    const connection = new DoorConnection(socket, how, (closed) => {
      this.#places.remove(closed);
      if (key !== undefined && this.#handshaking.get(key) === closed) this.#handshaking.delete(key);
    });
    if (key === undefined) this.#bySocket.set(socket, connection);
    else this.#handshaking.set(key, connection);
    this.#places.add(connection);
  }

  #secure(socket: Socket): void {
    const key = endsOf(socket);
    const connection = this.#handshaking.get(key);
    this.#handshaking.delete(key);
    // Nobody may come in beside the door.
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    connection.secure(socket);
    this.#bySocket.set(socket, connection);
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#bySocket.get(request.socket);
    if (connection === undefined) return;
    connection.begin(request, response, this.#nowMs);
    this.#places.touch(connection);
  }

  #sweep(): void {
    const nowMs = this.#nowMs();
    for (const connection of this.#connections()) if (connection.isLate(nowMs, this.#times)) connection.close();
    for (const sweep of this.#sweeps) sweep(nowMs, this.#times);
  }

  #connections(): DoorConnection[] {
    return this.#places.all() as DoorConnection[];
  }
}

/** Both ends of a connection: no other has the same while it is open. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
