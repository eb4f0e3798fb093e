/** What a responder is given where no whole server is measured: the server's defaults, with cookies and a rate limit. */
import type { ResponderOptions } from '../src/responder/options.ts';
import { createRateLimit } from '../src/responder/rate-limit.ts';
import { useHugePages } from '../src/sockets/huge-pages.ts';
import { type Network, parseNetwork } from '../src/wire/network.ts';
import { defaultOptions } from '../test/fixtures/table.ts';
import { CLIENT } from '../test/fixtures/two-namespaces.ts';

export function benchOptions(): ResponderOptions {
  // Who asks: nobody is to be over the limit, which costs more or less than an answer.
  const exempt = ['127.0.0.0/8', '::1/128', `${CLIENT.v4}/32`].map((text) => parseNetwork(text) as Network);
  const limit = { responsesPerSecond: 500, slip: 1, ipv4PrefixLength: 24, ipv6PrefixLength: 56, exempt };
  return {
    ...defaultOptions,
    cookieSecrets: [Uint8Array.from({ length: 16 }, (_, i) => i)],
    rateLimit: createRateLimit(limit, 1, useHugePages),
  };
}
