/** What workers are told of the settings. */
import { randomBytes, randomInt } from 'node:crypto';
import type { Settings } from '../config.ts';
import type { ResponderOptions } from '../responder/options.ts';
import { createRateLimit, type RateLimitOptions } from '../responder/rate-limit.ts';
import { useHugePages } from '../sockets/huge-pages.ts';
import { COOKIE_SECRET_BYTES } from '../wire/edns.ts';
import { type Network, parseNetwork } from '../wire/network.ts';

/** What workers need to know of the settings to answer. */
export function responderOptions(dns: Settings['dns'], rateLimit: RateLimitOptions): ResponderOptions {
  const { udpMaxBytes, nsid = '', identity = '', version = '', cookies, tcp } = dns;
  // Made here, once, so that all workers agree. A restart forgets it: clients then learn new cookies.
  const secrets = cookies.secrets.length > 0 ? cookies.secrets : [randomBytes(COOKIE_SECRET_BYTES).toString('hex')];
  return {
    udpMaxBytes,
    nsid,
    identity,
    version,
    cookieSecrets: secrets.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))),
    cookiesRequired: cookies.required,
    tcpIdleSeconds: tcp.idleSeconds,
    // One memory for all workers: the limit holds for all of them together.
    rateLimit: rateLimit.responsesPerSecond > 0 ? limitOf(rateLimit) : undefined,
  };
}

function limitOf(options: RateLimitOptions): ResponderOptions['rateLimit'] {
  return createRateLimit(options, randomInt(2 ** 32), useHugePages);
}

/** The limits by prefix; TCP has the same prefixes and exempts the same networks. */
export function rateLimitOptions({ rateLimit }: Settings['dns']): RateLimitOptions {
  return { ...rateLimit, exempt: networksOf(rateLimit.exempt) };
}

/** The settings have been checked, so that each text is a network. */
export function networksOf(texts: readonly string[]): Network[] {
  return texts.map((text) => parseNetwork(text) as Network);
}
