/** Which TCP connections may stay: limits in number, by prefix and in time (RFC 7766 §6.2.2 and §6.2.3). */
import { contains, maskedAddress, type Network } from '../../wire/network.ts';

export interface TcpLimits {
  /** Open connections; one more closes the one whose last whole query is longest ago. */
  readonly maxConnections: number;
  /** The same for the connections of one prefix, so that one network cannot push out the others. */
  readonly maxConnectionsPerPrefix: number;
  /** A client that keeps us waiting for so long, for a query or to read its replies, is dropped. */
  readonly idleSeconds: number;
  readonly ipv4PrefixLength: number;
  readonly ipv6PrefixLength: number;
  /** Networks without a limit by prefix: a proxy that speaks for many clients, say. */
  readonly exempt: readonly Network[];
}

/** A connection as the limits see it. */
export interface LimitedConnection {
  /** The peer's: 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** When it is to be closed if nothing happens meanwhile; a time of performance.now(). */
  readonly deadlineMs: number;
  /** Sends what is waiting, then closes. */
  end(): void;
  /** Closes at once, and removes itself. */
  close(): void;
}

/** How often deadlines are looked at: no limit in time is exact to less than this. */
const SWEEP_INTERVAL_MS = 500;

/** The open connections, in the order of their last whole query. */
export class TcpConnections {
  readonly limits: TcpLimits;
  readonly #all = new Map<LimitedConnection, Set<LimitedConnection>>();
  readonly #byPrefix = new Map<string, Set<LimitedConnection>>();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(limits: TcpLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Takes a new connection in; where there is no room, the oldest of its prefix, or of all, gives its place. */
  add(connection: LimitedConnection): void {
    const prefix = this.#prefixOf(connection);
    const neighbours = this.#byPrefix.get(prefix);
    if (
      neighbours !== undefined &&
      neighbours.size >= this.limits.maxConnectionsPerPrefix &&
      !this.#isExempt(connection)
    ) {
      closeFirst(neighbours);
    } else if (this.#all.size >= this.limits.maxConnections) {
      this.closeOldest();
    }
    // Its last neighbour may just have gone, and the set with it.
    const set = this.#byPrefix.get(prefix) ?? new Set();
    this.#byPrefix.set(prefix, set.add(connection));
    this.#all.set(connection, set);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS);
  }

  /** A whole query came: bytes that make none do not count, or a byte now and then would keep a place for ever. */
  touch(connection: LimitedConnection): void {
    const neighbours = this.#all.get(connection);
    if (neighbours === undefined) return;
    this.#all.delete(connection);
    this.#all.set(connection, neighbours);
    neighbours.delete(connection);
    neighbours.add(connection);
  }

  remove(connection: LimitedConnection): void {
    const neighbours = this.#all.get(connection);
    if (neighbours === undefined) return;
    this.#all.delete(connection);
    neighbours.delete(connection);
    if (neighbours.size === 0) this.#byPrefix.delete(this.#prefixOf(connection));
    if (this.#all.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  /** Makes room for one. */
  closeOldest(): void {
    closeFirst(this.#all.keys());
  }

  end(): void {
    for (const connection of [...this.#all.keys()]) connection.end();
  }

  close(): void {
    for (const connection of [...this.#all.keys()]) connection.close();
  }

  #sweep(): void {
    const nowMs = performance.now();
    for (const connection of [...this.#all.keys()]) if (connection.deadlineMs <= nowMs) connection.close();
  }

  #prefixOf({ address }: LimitedConnection): string {
    const { ipv4PrefixLength, ipv6PrefixLength } = this.limits;
    const length = address.length === 4 ? ipv4PrefixLength : ipv6PrefixLength;
    return Buffer.from(maskedAddress(address, 0, address.length, length)).toString('latin1');
  }

  #isExempt({ address }: LimitedConnection): boolean {
    return this.limits.exempt.some((network) => contains(network, address, 0, address.length));
  }
}

function closeFirst(connections: Iterable<LimitedConnection>): void {
  for (const oldest of connections) return oldest.close();
}
