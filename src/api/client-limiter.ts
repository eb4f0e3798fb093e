/** Counts what clients do, by their address and minute, in bounded memory: wrong tokens, accounts that they register. */

const WINDOW_MS = 60_000;

/** Addresses remembered at most: some hundred bytes each; a flood from more of them pushes out the oldest. */
const MAX_CLIENTS = 4096;

export class ClientLimiter {
  readonly #perMinute: number;
  /** By address, the oldest window first. */
  readonly #windows = new Map<string, { readonly startMs: number; count: number }>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Counts one more: 0 where the client is within the limit, else the seconds until its window ends. */
  count(address: string, nowMs: number): number {
    const client = networkOf(address);
    let window = this.#windows.get(client);
    if (window === undefined || nowMs < window.startMs || nowMs >= window.startMs + WINDOW_MS) {
      window = { startMs: nowMs, count: 0 };
      this.#windows.delete(client);
      this.#windows.set(client, window);
      if (this.#windows.size > MAX_CLIENTS) this.#windows.delete(this.#windows.keys().next().value as string);
    }
    window.count += 1;
    return window.count <= this.#perMinute ? 0 : Math.ceil((window.startMs + WINDOW_MS - nowMs) / 1000);
  }

  get clients(): number {
    return this.#windows.size;
  }
}

/** An IPv6 client owns a /64 (RFC 6177): its addresses count as one. IPv4, mapped or not, counts by address. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) while (groups.length + tail.split(':').length < 8) groups.push('0');
  return groups.slice(0, 4).join(':');
}
