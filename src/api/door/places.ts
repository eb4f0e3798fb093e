/** Who may stay connected to the admin API: places in all, for one network of strangers, and for each token. */

export interface PlaceLimits {
  /** Open connections; one more closes the one that a good token, or else a whole request, was last seen on longest ago. */
  readonly maxConnections: number;
  /** The same for the connections of one prefix that have shown no good token. */
  readonly maxConnectionsPerPrefix: number;
}

/** A connection as the limits see it. */
export interface Placed {
  /** Of the client's address; undefined: no limit by prefix. */
  readonly prefix: string | undefined;
  /** A request is being answered on it. */
  readonly isBusy: boolean;
  /** And its client keeps that waiting. */
  readonly isDawdling: boolean;
  /** Closes at once, and removes itself. */
  close(): void;
}

/** One token has at most this part of all places, so that no token's holder shuts out the others. */
const TOKEN_PART = 4;

/** The open connections; each set in the order of the last whole request. */
export class Places {
  readonly #limits: PlaceLimits;
  /** Those that have shown no good token: they go first. */
  readonly #strangers = new Set<Placed>();
  readonly #byPrefix = new Map<string, Set<Placed>>();
  readonly #byToken = new Map<string, Set<Placed>>();
  readonly #tokenOf = new Map<Placed, string>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#strangers.size + this.#tokenOf.size;
  }

  get perToken(): number {
    return Math.max(1, Math.floor(this.#limits.maxConnections / TOKEN_PART));
  }

  /** Takes a new connection in; where there is no room another one gives its place. */
  add(connection: Placed): void {
    const { maxConnections, maxConnectionsPerPrefix } = this.#limits;
    const neighbours = connection.prefix === undefined ? undefined : this.#byPrefix.get(connection.prefix);
    if (neighbours !== undefined && neighbours.size >= maxConnectionsPerPrefix) first(neighbours)?.close();
    else if (this.size >= maxConnections) this.#leastWanted()?.close();
    this.#strangers.add(connection);
    if (connection.prefix !== undefined) addTo(this.#byPrefix, connection.prefix, connection);
  }

  /**
   * A good token was shown: no stranger takes this place any more. False where the token has its share of places, and
   * work is done for all of them: the newcomer has to go.
   */
  prove(connection: Placed, token: string): boolean {
    const isHere = this.#strangers.has(connection) || this.#tokenOf.has(connection);
    if (!isHere) return true;
    const held = this.#byToken.get(token);
    if (held !== undefined && held.size >= this.perToken && !held.has(connection)) {
      const other = first(held, ({ isDawdling }) => isDawdling) ?? first(held, ({ isBusy }) => !isBusy);
      if (other === undefined) return false;
      other.close();
    }
    this.remove(connection);
    this.#tokenOf.set(connection, token);
    addTo(this.#byToken, token, connection);
    return true;
  }

  /** Closes the connection of a token whose client has kept it waiting for longest; false where there is none. */
  closeDawdling(token: string): boolean {
    const other = first(this.#byToken.get(token) ?? [], ({ isDawdling }) => isDawdling);
    other?.close();
    return other !== undefined;
  }

  /** A whole request came: bytes that make none do not count, or a byte now and then would keep a place for ever. */
  touch(connection: Placed): void {
    const token = this.#tokenOf.get(connection);
    if (token !== undefined) moveToEnd(this.#byToken.get(token), connection);
    else if (this.#strangers.has(connection)) {
      moveToEnd(this.#strangers, connection);
      if (connection.prefix !== undefined) moveToEnd(this.#byPrefix.get(connection.prefix), connection);
    }
  }

  remove(connection: Placed): void {
    const token = this.#tokenOf.get(connection);
    if (token !== undefined) removeFrom(this.#byToken, token, connection);
    else if (connection.prefix !== undefined) removeFrom(this.#byPrefix, connection.prefix, connection);
    this.#tokenOf.delete(connection);
    this.#strangers.delete(connection);
  }

  /** A copy: connections close while it is walked. */
  all(): Placed[] {
    return [...this.#strangers, ...this.#tokenOf.keys()];
  }

  /** The stranger whose last whole request is longest ago; else a connection of the token that has most of them. */
  #leastWanted(): Placed | undefined {
    const stranger = first(this.#strangers);
    if (stranger !== undefined) return stranger;
    let most: Set<Placed> | undefined;
    for (const held of this.#byToken.values()) if (held.size > (most?.size ?? 0)) most = held;
    return most && (first(most, ({ isBusy }) => !isBusy) ?? first(most));
  }
}

function first(connections: Iterable<Placed>, isFit: (connection: Placed) => boolean = () => true): Placed | undefined {
  for (const connection of connections) if (isFit(connection)) return connection;
  return undefined;
}

function addTo(sets: Map<string, Set<Placed>>, key: string, connection: Placed): void {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(connection));
}

function removeFrom(sets: Map<string, Set<Placed>>, key: string, connection: Placed): void {
  const set = sets.get(key);
  set?.delete(connection);
  if (set?.size === 0) sets.delete(key);
}

function moveToEnd(set: Set<Placed> | undefined, connection: Placed): void {
  set?.delete(connection);
  set?.add(connection);
}
