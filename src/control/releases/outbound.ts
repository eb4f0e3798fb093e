/**
 * Requests to places that a user of the API names. They are bounded in time and size, follow no redirect, and go to no
 * network that the user may not be able to reach but this machine can: its own services, the private network around
 * it, a cloud's metadata. What counts is the address that is connected to, not the name that led to it.
 */
import { type LookupAddress, lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { IPV4_BYTES, parseIpv4, parseIpv6 } from '../../wire/address.ts';
import { Malformed } from '../../wire/malformed.ts';
import { contains, type Network, parseNetwork } from '../../wire/network.ts';

/**
 * Networks that are not for the whole internet (the registries of RFC 6890), multicast, and Azure's address for its
 * own agents, which is inside of public space. Of IPv6 only 2000::/3 is given out at all (RFC 4291 §2.4).
 */
const denied: readonly Network[] = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/3', '168.63.129.16/32'],
  ...['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
].map((text) => parseNetwork(text) as Network);

/** IPv6 addresses that are IPv4 ones in disguise: mapped (RFC 4291 §2.5.5.2), and through NAT64 (RFC 6052 §2.1). */
const disguises = ['::ffff:0:0/96', '64:ff9b::/96'].map((text) => parseNetwork(text) as Network);

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** A request that got no reply; the reason completes "the gate …". */
export class NoReply {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export interface RequestLimits {
  /** For all of it, from the name to the last byte. */
  readonly timeoutMs: number;
  /** Of the body; 0: it is not wanted. */
  readonly maxBytes: number;
  readonly stopped: AbortSignal;
}

export class Outbound {
  readonly #allowed: readonly Network[];

  /** `allowed`: networks that may be asked besides the public ones. */
  constructor(allowed: readonly Network[]) {
    this.#allowed = allowed;
  }

  /** Whether the address, as text, may be connected to. */
  permits(text: string): boolean {
    const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
    if (bytes instanceof Malformed) return false;
    const isDisguised = disguises.some((network) => contains(network, bytes, 0, bytes.length));
    const address = isDisguised ? bytes.subarray(bytes.length - IPV4_BYTES) : bytes;
    const isIn = (network: Network): boolean => contains(network, address, 0, address.length);
    return this.#allowed.some(isIn) || !denied.some(isIn);
  }

  /** Never rejects. */
  get(url: URL, { timeoutMs, maxBytes, stopped }: RequestLimits): Promise<Reply | NoReply> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // A literal address is not looked up, so that the hook below would not see it.
    if (isIP(host) !== 0 && !this.permits(host)) return Promise.resolve(new NoReply(refused(host)));
    const { promise, resolve } = Promise.withResolvers<Reply | NoReply>();
    const { request: send } = url.protocol === 'https:' ? https : http;
    const headers = { 'user-agent': 'teal', accept: '*/*' };
    const request = send(url, { agent: false, lookup: this.#lookup, headers, signal: stopped });
    const timer = setTimeout(() => end(new NoReply(`gave no whole answer within ${timeoutMs / 1000} s`)), timeoutMs);
    const end = (result: Reply | NoReply): void => {
      clearTimeout(timer);
      resolve(result);
      request.destroy();
    };
    request.on('error', (error) => end(new NoReply(reasonOf(error))));
    request.on('response', (response) => read(response, maxBytes, end));
    request.end();
    return promise;
  }

  /** Gives only addresses that may be connected to, so that nothing can change between the check and the connection. */
  readonly #lookup: LookupFunction = (name, options, done) => {
    lookup(name, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error !== null) return done(error, '', 0);
      const good = found.filter(({ address }) => this.permits(address));
      const [first] = good;
      if (first === undefined) return done(new Error(refused(found.map(({ address }) => address).join(', '))), '', 0);
      if (options.all === true) return done(null, good);
      done(null, first.address, first.family);
    });
  };
}

function read(response: http.IncomingMessage, maxBytes: number, end: (result: Reply | NoReply) => void): void {
  const status = response.statusCode as number;
  if (maxBytes === 0) return end({ status, body: '' });
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) end(new NoReply(`answered with more than ${maxBytes} bytes`));
    else chunks.push(chunk);
  });
  response.on('end', () => end({ status, body: Buffer.concat(chunks).toString('utf8') }));
  response.on('error', (error) => end(new NoReply(reasonOf(error))));
}

function refused(addresses: string): string {
  return `is at ${addresses}, which may not be asked; the setting probes.allow lets networks in`;
}

function reasonOf(error: Error & { code?: string }): string {
  // The message of our own refusal says enough; those of Node begin with the code.
  return error.message.startsWith('is at ') ? error.message : `could not be asked: ${error.code ?? error.message}`;
}
