/** Response rate limiting: who is limited, who is not, and by how much. */
import fc from 'fast-check';
import t from 'tap';
import { Client } from '../../src/responder/client.ts';
import {
  createRateLimit,
  LIMIT,
  type LimitResult,
  PASS,
  RateLimiter,
  type RateLimitOptions,
  SLIP,
} from '../../src/responder/rate-limit.ts';
import { addressBytes } from '../../src/sockets/address.ts';
import { Malformed } from '../../src/wire/malformed.ts';
import { parseNetwork } from '../../src/wire/network.ts';
import { runs } from '../fixtures/runs.ts';

/** Any Unix time will do. */
const START_MS = 1_795_500_000_000;
const WWW = 1;
const APP = 2;

function share(more: Partial<RateLimitOptions> = {}) {
  const options = { responsesPerSecond: 100, slip: 1, ipv4PrefixLength: 24, ipv6PrefixLength: 56, exempt: [], ...more };
  // A key of its own would let two clients of a test share a bucket once in a long while.
  return createRateLimit(options, 1);
}

function check(limiter: RateLimiter, who: Client, answer: number, nowMs: number): LimitResult {
  limiter.nowMs = nowMs;
  return limiter.check(who, answer);
}

function client(address: string): Client {
  const bytes = addressBytes(address);
  const made = new Client();
  // Not at 0: it stands in the transport's memory.
  made.set(Uint8Array.of(9, ...bytes, 9), 1, bytes.length);
  return made;
}

/** Asks `perSecond` times a second from `from` to `to` (seconds); how many got which result. */
function ask(limiter: RateLimiter, who: Client, perSecond: number, from: number, to: number, answer = WWW) {
  const results = { [PASS]: 0, [SLIP]: 0, [LIMIT]: 0 };
  for (let i = 0; i < (to - from) * perSecond; i++) {
    results[check(limiter, who, answer, START_MS + from * 1000 + (i * 1000) / perSecond)]++;
  }
  return results;
}

t.test('below the limit everything passes, above it no more than the limit and one burst', async (t) => {
  const limiter = new RateLimiter(share());
  t.equal(ask(limiter, client('192.0.2.1'), 99, 0, 60)[PASS], 99 * 60);
  const flood = ask(limiter, client('198.51.100.1'), 5000, 0, 10);
  t.ok(flood[PASS] >= 1000 && flood[PASS] <= 1101, `${flood[PASS]} in ten seconds at 100 a second`);
  t.equal(flood[SLIP], 50_000 - flood[PASS], 'the rest is truncated');
  const afterwards = ask(limiter, client('198.51.100.1'), 99, 11, 20);
  t.equal(afterwards[PASS], 99 * 9, 'a second later all is forgotten');
});

t.test('in any stretch of time no more than its limit and one burst pass', async () => {
  const gapsMs = fc.array(fc.oneof(fc.constant(0), fc.nat(3), fc.nat(2000)), { minLength: 1, maxLength: 600 });
  fc.assert(
    fc.property(gapsMs, fc.integer({ min: 1, max: 300 }), (gaps, responsesPerSecond) => {
      const limiter = new RateLimiter(share({ responsesPerSecond }));
      const who = client('192.0.2.1');
      const passedAt: number[] = [];
      let nowMs = START_MS;
      for (const gap of gaps) {
        nowMs += gap;
        if (check(limiter, who, WWW, nowMs) === PASS) passedAt.push(nowMs);
      }
      return passedAt.every((atMs, i) => {
        const sinceMs = atMs - passedAt[0];
        return i + 1 <= (sinceMs / 1000 + 1) * responsesPerSecond + 1e-3;
      });
    }),
    { numRuns: runs(100) },
  );
});

t.test('slip: every so many-th answer above the limit is truncated, the others are dropped', async (t) => {
  for (const [slip, shareOf] of [
    [1, 1],
    [2, 1 / 2],
    [5, 1 / 5],
    [0, 0],
  ] as const) {
    const limiter = new RateLimiter(share({ slip }));
    const flood = ask(limiter, client('192.0.2.1'), 5000, 0, 2);
    const limited = flood[SLIP] + flood[LIMIT];
    t.ok(Math.abs(flood[SLIP] - limited * shareOf) <= 1, `slip ${slip}: ${flood[SLIP]} of ${limited}`);
  }
});

t.test('a flood takes nothing from other prefixes, nor from other answers', async (t) => {
  const limiter = new RateLimiter(share());
  ask(limiter, client('192.0.2.1'), 5000, 0, 2);
  t.equal(ask(limiter, client('192.0.3.1'), 90, 2, 3)[PASS], 90);
  t.equal(ask(limiter, client('192.0.2.1'), 90, 2, 3, APP)[PASS], 90);
});

t.test('all answers to a prefix together have a limit of their own', async (t) => {
  const limiter = new RateLimiter(share({ responsesPerSecond: 10 }));
  let passed = 0;
  for (let i = 0; i < 10_000; i++) {
    if (check(limiter, client('192.0.2.1'), i, START_MS + i) === PASS) passed++;
  }
  t.ok(passed >= 1000 && passed <= 1101, `${passed} different answers in ten seconds at 100 a second`);
});

t.test('what is limited as the same answer is not counted among all', async (t) => {
  const limiter = new RateLimiter(share({ responsesPerSecond: 10 }));
  let passed = 0;
  for (let second = 0; second < 10; second++) {
    ask(limiter, client('192.0.2.1'), 5000, second, second + 1);
    for (let i = 0; i < 50; i++) {
      if (check(limiter, client('192.0.2.1'), 1000 + i, START_MS + second * 1000 + 999) === PASS) passed++;
    }
  }
  t.equal(passed, 500);
});

t.test('prefixes: neighbours share, others do not', async (t) => {
  for (const [options, flooder, neighbour, stranger] of [
    [{}, '192.0.2.1', '192.0.2.254', '192.0.3.1'],
    [{ ipv4PrefixLength: 20 }, '10.0.0.1', '10.0.15.1', '10.0.16.1'],
    [{ ipv4PrefixLength: 32 }, '192.0.2.1', '192.0.2.1', '192.0.2.2'],
    [{ ipv4PrefixLength: 0 }, '192.0.2.1', '203.0.113.1', '2001:db8::1'],
    [{}, '2001:db8:0:aa00::1', '2001:db8:0:aaff:1::', '2001:db8:0:ab00::1'],
    [{ ipv6PrefixLength: 128 }, '2001:db8::1', '2001:db8::1', '2001:db8::2'],
    [{ ipv6PrefixLength: 32 }, '2001:db8::1', '2001:db8:ffff::', '2001:db9::'],
  ] as const) {
    const limiter = new RateLimiter(share(options));
    ask(limiter, client(flooder), 5000, 0, 1);
    // No time goes by, in which the bucket would get something back.
    const lastMs = START_MS + 999.8;
    t.equal(check(limiter, client(neighbour), WWW, lastMs), SLIP, `${neighbour} is like ${flooder}`);
    t.equal(check(limiter, client(stranger), WWW, lastMs), PASS, `${stranger} is not`);
  }
});

t.test('exempt networks have no limit', async (t) => {
  const exempt = ['127.0.0.0/8', '::1', '2001:db8::/32'].map((text) => {
    const network = parseNetwork(text);
    if (network instanceof Malformed) throw new Error(network.reason);
    return network;
  });
  const limiter = new RateLimiter(share({ exempt }));
  for (const address of ['127.0.0.1', '127.255.0.9', '::1', '2001:db8:1::1']) {
    t.equal(ask(limiter, client(address), 5000, 0, 1)[PASS], 5000, address);
  }
  t.not(ask(limiter, client('128.0.0.1'), 5000, 0, 1)[PASS], 5000);
});

t.test('workers share one limit', async (t) => {
  const shared = share();
  const limiters = Array.from({ length: 4 }, () => new RateLimiter(shared));
  let passed = 0;
  for (let i = 0; i < 40_000; i++) {
    if (check(limiters[i % 4], client('192.0.2.1'), WWW, START_MS + i / 4) === PASS) passed++;
  }
  t.ok(passed >= 1000 && passed <= 1101, `${passed} in ten seconds at 100 a second`);
});

t.test('workers whose clocks are not quite the same share one limit all the same', async (t) => {
  const shared = share();
  const limiters = Array.from({ length: 4 }, () => new RateLimiter(shared));
  let passed = 0;
  for (let i = 0; i < 40_000; i++) {
    const lateMs = i % 4 === 0 ? 300 : i % 4;
    if (check(limiters[i % 4], client('192.0.2.1'), WWW, START_MS + i / 4 - lateMs) === PASS) passed++;
  }
  t.ok(passed >= 1000 && passed <= 1101, `${passed} in ten seconds at 100 a second`);
});

t.test('a clock that is set back by much limits nobody', async (t) => {
  const limiter = new RateLimiter(share());
  ask(limiter, client('192.0.2.1'), 5000, 0, 2);
  t.equal(check(limiter, client('192.0.2.1'), WWW, START_MS - 3_600_000), PASS);
});

t.test('the highest limit is kept to a few percent', async (t) => {
  const limiter = new RateLimiter(share({ responsesPerSecond: 10_000 }));
  let passed = 0;
  for (let i = 0; i < 1_000_000; i++) {
    if (check(limiter, client('192.0.2.1'), i % 50, START_MS + i / 500) === PASS) passed++;
  }
  const allowed = 10_000 * 10 * (2 + 1);
  t.ok(Math.abs(passed / allowed - 1) < 0.1, `${passed} of ${allowed}`);
});
