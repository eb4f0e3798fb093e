/** Names that are denied by what is kept of their zone are denied as those that are looked up, while the zone changes. */
import fc from 'fast-check';
import t from 'tap';
import type { ResponderOptions } from '../../src/responder/options.ts';
import type { TableChange } from '../../src/table/changes.ts';
import { NO_SIGNERS } from '../../src/table/rrset-signer.ts';
import { apply, makeTable, rrset, service, zone } from '../fixtures/table.ts';
import {
  type Ask,
  answers,
  buildAsk,
  countLookups,
  EDNS,
  limitedTo,
  messageMemory,
  shortSigner,
  testHistories,
  withCookies,
  withOptions,
} from './kept-history.ts';

const TYPE = { A: 1, NS: 2, DS: 43, AXFR: 252, ANY: 255, HTTPS: 65 } as const;
const ZONES = ['plain.test', 'other.test', 'signed.test'] as const;

/** Names of few lengths, that most of them are not there. */
const labels = fc.oneof(
  fc.stringMatching(/^[a-z]{3}$/),
  fc.constantFrom('www', 'aaa', 'bbb', 'ab.ccc', 'cut', 'd.cut', 'child', 'x.child', 'app', 'www.app', 'e.www', ''),
);

const asks: fc.Arbitrary<Ask> = fc
  .record({
    label: labels,
    zone: fc.constantFrom('plain.test', 'plain.test', 'plain.test', ...ZONES),
    type: fc.constantFrom(TYPE.A, TYPE.A, TYPE.A, TYPE.HTTPS, TYPE.DS, TYPE.ANY, TYPE.AXFR),
    edns: fc.oneof(
      fc.constantFrom('', EDNS[1], EDNS[3]).map((edns) => () => edns),
      withCookies,
      withOptions,
    ),
    flags: fc.constantFrom(0x0100, 0x0100, 0x0110, 0),
    network: fc.nat(2),
    among: fc.constantFrom(1, 1, 1, 1, 255, 3),
  })
  .map(({ label, zone, type, edns, flags, network, among }) => {
    const client = Uint8Array.of(192, 0, network, 1);
    return { query: buildAsk(label === '' ? zone : `${label}.${zone}`, type, edns(client), flags, among), client };
  });

/** Names that come, wildcards, cuts, a zone below the zone, and another SOA. */
const changes: fc.Arbitrary<TableChange[]> = fc.oneof(
  fc
    .tuple(fc.constantFrom('aaa', 'bbb', 'ab.ccc', 'e.www'), fc.constantFrom(...ZONES))
    .map(([label, zone]) => [rrset(zone, `${label}.${zone}`, 'A', 300, '192.0.2.7')]),
  fc.constantFrom<TableChange[]>(
    [rrset('plain.test', '*.plain.test', 'A', 300, '192.0.2.8')],
    [rrset('plain.test', 'cut.plain.test', 'NS', 300, 'ns.elsewhere.test.')],
    [zone('child.plain.test')],
    [zone('child.other.test')],
    [zone('plain.test', { negativeTtlSeconds: 7 })],
    [zone('other.test', { hostmaster: 'somebody.else.test' })],
  ),
);

function makeWorld(responder: Partial<ResponderOptions>) {
  const made = makeTable({ initialBytes: 4096, responder });
  made.table.signWith({ ...NO_SIGNERS, of: (name) => (name === 'signed.test' ? shortSigner : undefined) });
  for (const name of ZONES) {
    apply(
      made.table,
      zone(name),
      rrset(name, `www.${name}`, 'A', 300, '192.0.2.80'),
      service(name, `app.${name}`, { blue: [70, '192.0.2.1'], green: [30, '192.0.2.2'] }),
    );
  }
  return made;
}

testHistories(t, 'zones change', {
  asks,
  changes,
  makeWorld,
  // Many names that are asked for once or twice.
  messages: 99,
  quiet: 6,
  // Denied without being looked up.
  useOf: ({ given, spared }) => spared - given,
  useMin: 50,
});

const beside: Readonly<Record<string, TableChange>> = {
  'in a zone below': zone('child.plain.test', { negativeTtlSeconds: 7 }),
  'of a wildcard': rrset('plain.test', '*.child.plain.test', 'A', 300, '192.0.2.8'),
  'below a cut': rrset('plain.test', 'child.plain.test', 'NS', 300, 'ns.elsewhere.test.'),
  'below a DNAME': rrset('plain.test', 'child.plain.test', 'DNAME', 300, 'elsewhere.test.'),
};

for (const [what, change] of Object.entries(beside)) {
  t.test(`a name ${what} is not denied by what is kept of names as long`, (t) => {
    const client = Uint8Array.of(192, 0, 2, 1);
    const batches = [
      ['a.abcde', 'b.abcde', 'c.abcde'],
      ['d.abcde', 'a.child', 'e.abcde', 'b.child'],
    ].map((labels) => labels.map((label) => ({ query: buildAsk(`${label}.plain.test`, TYPE.A, '', 0), client })));
    const memory = messageMemory();
    const given = [undefined, memory].map((memory) => {
      const { table, responder } = makeWorld(limitedTo(1000));
      apply(table, change);
      responder.enter(1000);
      return batches.flatMap((batch) => answers(responder, batch, memory));
    });
    t.same(given[1], given[0]);
    t.not(given[0]?.[4]?.slice(-8), given[0]?.[3]?.slice(-8));
    t.end();
  });
}

t.test('names are denied by their own zones, of which there are more than what is kept has places', (t) => {
  const client = Uint8Array.of(192, 0, 2, 1);
  const zones = Array.from({ length: 100 }, (_, i) => `z${100 + i}.test`);
  const memory = messageMemory();
  const given = [undefined, memory].map((memory) => {
    const { table, responder } = makeTable();
    apply(table, ...zones.map((name, i) => zone(name, { serial: i })));
    responder.enter(1000);
    const lookups = countLookups(responder);
    const replies = zones.flatMap((zone) => {
      const batch = ['a', 'b', 'c', 'd'].map((label) => ({
        query: buildAsk(`${label}.${zone}`, TYPE.A, '', 0),
        client,
      }));
      return answers(responder, batch, memory);
    });
    return { lookups: lookups(), replies };
  });
  t.same(given[1]?.replies, given[0]?.replies);
  t.ok((given[0]?.lookups ?? 0) - (given[1]?.lookups ?? 0) >= zones.length, 'they are denied by what is kept');
  t.end();
});

t.test('a name of a zone that proves what it denies is denied by a proof of its own, where that is wanted', (t) => {
  const client = Uint8Array.of(192, 0, 2, 1);
  const ask = (label: string) => ({ query: buildAsk(`${label}.signed.test`, TYPE.A, EDNS[3], 0), client });
  const memory = messageMemory();
  const given = [undefined, memory].map((memory) => {
    const { responder } = makeWorld(limitedTo(1000));
    responder.enter(1000);
    return [
      ['bbb', 'ccc', 'ddd'],
      ['eee', 'aaa', 'xxx'],
    ].flatMap((labels) => answers(responder, labels.map(ask), memory));
  });
  t.same(given[1], given[0]);
  t.not(given[0]?.[4]?.slice(-200), given[0]?.[3]?.slice(-200));
  // Else the mistake would not be seen.
  t.ok((given[0]?.[3]?.length ?? 0) < 2 * 250, 'what denies them has room among what is kept');
  t.end();
});
