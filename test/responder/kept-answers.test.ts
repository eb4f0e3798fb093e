/** Answers that are kept as they were sent are what would have been answered, byte for byte, of the same generation. */
import fc from 'fast-check';
import t from 'tap';
import { createRateLimit } from '../../src/responder/rate-limit.ts';
import { apply, makeTable, rrset, service, zone } from '../fixtures/table.ts';
import { type Ask, buildAsk, compareHistories, EDNS } from './kept-history.ts';

const NAMES = ['www', 'WwW', 'two', 'app', 'x', 'gone', 'other.wild', 'sub.cut', 'mx', 'text', ''] as const;
const FLAGS = [0, 0x0100, 0x0110, 0x0020, 0x2800, 0x8000] as const;

const asks: fc.Arbitrary<Ask> = fc
  .record({
    name: fc.constantFrom(...NAMES),
    type: fc.constantFrom(1, 1, 1, 28, 5, 15, 16, 255, 6),
    edns: fc.constantFrom(...EDNS),
    flags: fc.constantFrom(0x0100, 0x0100, 0x0100, ...FLAGS),
    network: fc.nat(2),
    among: fc.constantFrom(1, 1, 1, 1, 255, 3),
  })
  .map(({ name, type, edns, flags, network, among }) => ({
    query: buildAsk(name === '' ? 'example.test' : `${name}.example.test`, type, edns, flags, among),
    client: Uint8Array.of(192, 0, network, 1),
  }));

const changes = fc
  .nat(3)
  .map((n) => [
    rrset('example.test', 'www.example.test', 'A', 300, `192.0.2.${100 + n}`),
    ...(n === 0 ? [rrset('example.test', 'gone.example.test', 'A', 300, '192.0.2.7')] : []),
  ]);

function makeWorld(responsesPerSecond: number) {
  const limit = { responsesPerSecond, slip: 2, ipv4PrefixLength: 24, ipv6PrefixLength: 56, exempt: [] };
  const made = makeTable({ initialBytes: 4096, responder: { nsid: 'x', rateLimit: createRateLimit(limit, 1) } });
  apply(
    made.table,
    zone('example.test'),
    rrset('example.test', 'www.example.test', 'A', 300, '192.0.2.80'),
    rrset('example.test', 'two.example.test', 'A', 300, '192.0.2.25', '192.0.2.26'),
    rrset('example.test', 'mx.example.test', 'MX', 300, '10 app.example.test.'),
    rrset('example.test', 'text.example.test', 'TXT', 300, `"${'y'.repeat(200)}"`),
    rrset('example.test', 'x.example.test', 'CNAME', 300, 'app.example.test.'),
    rrset('example.test', '*.wild.example.test', 'A', 300, '192.0.2.99'),
    rrset('example.test', 'cut.example.test', 'NS', 300, 'ns.elsewhere.test.'),
    service('example.test', 'app.example.test', { blue: [70, '192.0.2.1'], green: [30, '192.0.2.2'] }),
  );
  return made;
}

t.test('as if nothing were kept, while the table changes', (t) => {
  const { given } = compareHistories(t, { asks, changes, makeWorld: () => makeWorld(1000) });
  t.ok(given > 100, `${given} were given`);
  t.end();
});

t.test('the same where the rate limit bites', (t) => {
  const { given } = compareHistories(t, { asks, changes, makeWorld: () => makeWorld(5) });
  t.ok(given > 20, `${given} were given`);
  t.end();
});
