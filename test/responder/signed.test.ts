/** Signed zones: every answer with DO validates, whatever the zone has and however it came to have it. */
import t from 'tap';
import { createTableMemory } from '../../src/table/shared-memory.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import { typesOf } from '../fixtures/dnssec/bogus.ts';
import { readName, textOf } from '../fixtures/dnssec/message.ts';
import type { TestSigner } from '../fixtures/dnssec/signer.ts';
import { apply, askBytes, collectAll, rrset, service, zone } from '../fixtures/table.ts';
import { all, content, makeSigned, shown, types } from './signed-zone.ts';

t.test('every name and type of a zone of every shape validates', async (t) => {
  const { table, bogus, ask } = makeSigned(['test']);
  apply(table, ...content);
  for (const name of all)
    for (const type of types)
      t.equal(bogus(name, type), undefined, `${name} ${type} ${JSON.stringify(shown(ask(name, type), 'authority'))}`);
});

t.test('without DO an answer is what it was without signatures', async (t) => {
  const { table, ask } = makeSigned(['test']);
  const plain = makeSigned([]);
  apply(table, ...content);
  apply(plain.table, ...content);
  const told = ({ rcode, flags, records }: ReturnType<typeof ask>) => ({
    ...{ rcode, flags },
    records: records.map(({ rdata, ...record }) => JSON.stringify({ ...record, rdata: rdata.toString('hex') })).sort(),
  });
  for (const name of all) {
    for (const type of types.filter((each) => !['NSEC', 'RRSIG'].includes(each)))
      t.same(told(ask(name, type, false)), told(plain.ask(name, type, false)), `${name} ${type}`);
  }
});

t.test('AD is never set, and CD never copied (RFC 4035 §3.1.6)', async (t) => {
  const { table, responder } = makeSigned(['test']);
  apply(table, ...content);
  const query = buildQuery({ name: 'www.test', flags: 0x0030, edns: { do: true } });
  const reply = askBytes(responder, query) as Buffer;
  t.equal(reply.readUInt16BE(2) & 0x0030, 0);
});

t.test('proofs stand once, and are no longer than the denial', async (t) => {
  const { table, ask } = makeSigned(['test']);
  apply(table, ...content);
  t.same(shown(ask('nope.test'), 'authority').sort(), [
    '46 mail.test',
    '46 test',
    '46 test',
    '47 mail.test',
    '47 test',
    '6 test',
  ]);
  // One NSEC denies both the name and the wildcard.
  t.same(shown(ask('0.test'), 'authority').sort(), ['46 test', '46 test', '47 test', '6 test']);
  const denial = ask('nope.test');
  t.ok(
    denial.records.every(({ ttl }) => ttl === 60),
    'RFC 9077: the lesser of the SOA TTL and its minimum',
  );
  t.ok(denial.bytes < 512, `${denial.bytes} bytes`);
  const missing = ask('app.test', 'TXT');
  t.ok(
    missing.records.every(({ ttl }) => ttl === 5),
    'a denial at a service is no longer than its answers',
  );
});

t.test('the chain says what all pools have together, and a denial what the picked one lacks', async (t) => {
  const { table, ask, bogus } = makeSigned(['test']);
  const pools = (blue: number) =>
    service('test', 'app.test', { blue: [blue, '198.51.100.1', '2001:db8::1'], green: [1 - blue, '203.0.113.1'] });
  apply(table, zone('test'), pools(1));
  const bits = (name: string, type: string): string => {
    const nsec = ask(name, type).records.find((record) => record.type === 47 && textOf(record.owner) === 'app.test');
    const rdata = nsec?.rdata as Buffer;
    const types = typesOf(rdata.subarray(readName(rdata, 0).end));
    const has = (code: number): boolean => types.has(code);
    return `${has(1) ? 'A' : '-'} ${has(28) ? 'AAAA' : '-'}`;
  };
  t.equal(bits('app.test', 'TXT'), 'A AAAA');
  t.equal(bogus('app.test', 'AAAA'), undefined);
  apply(table, pools(0));
  t.equal(bits('app.test', 'AAAA'), 'A -');
  t.equal(bits('app.test', 'TXT'), 'A AAAA', 'as a proof of others it says what any pool has');
  t.equal(bits('aaa.app.test', 'A'), 'A AAAA');
  t.equal(bogus('app.test', 'AAAA'), undefined);
});

t.test('a shift signs nothing, and a neighbour signs again only what changed', async (t) => {
  const { table, signers } = makeSigned(['test']);
  apply(table, ...content);
  const signer = signers.get('test') as TestSigner;
  const before = signer.signed;
  apply(table, service('test', 'app.test', { blue: [0, '198.51.100.1', '2001:db8::1'], green: [1, '203.0.113.1'] }));
  t.equal(signer.signed, before);
  apply(table, rrset('test', 'new.test', 'A', 60, '192.0.2.9'));
  t.equal(signer.signed, before + 3, 'the RRset, its NSEC and that of the name before it');
});

t.test('another writer goes on with a signed zone, and signs nothing again', async (t) => {
  const place = createTableMemory({ readers: 1, initialBytes: 2 ** 20, maxBytes: 2 ** 20 });
  const first = makeSigned(['test'], { place });
  first.table.hold({ revision: 1, history: 1 });
  apply(first.table, ...content);
  const signer = first.signers.get('test') as TestSigner;
  const before = signer.signed;
  const { table, bogus } = makeSigned(['test'], { place, adopts: true }, first.signers);
  for (const name of all) t.equal(bogus(name), undefined, name);
  t.equal(signer.signed, before);
  const blue = { blue: [1, '198.51.100.1', '2001:db8::1'], green: [2, '203.0.113.1'] } as const;
  const put = rrset('test', 'new.test', 'A', 60, '192.0.2.9');
  apply(table, put, service('test', 'app.test', { blue: [...blue.blue], green: [...blue.green] }));
  t.equal(signer.signed, before + 3, 'the RRset, its NSEC and that of the name before it');
  apply(table, { op: 'deleteRRset', zone: 'test', name: 'a.b.c.test', type: 16 }, ...content.slice(1, 3));
  for (const name of [...all, 'new.test', 'new0.test']) t.equal(bogus(name), undefined, name);
  collectAll(table);
  const again = makeSigned(['test'], { place, adopts: true }, first.signers);
  collectAll(again.table);
  t.equal(table.memory.usedBytes, again.table.memory.usedBytes, 'each block has an owner, and no two');
});

t.test('what does not fit is cut whole', async (t) => {
  const { table, ask } = makeSigned(['test']);
  apply(table, ...content);
  for (const name of all) {
    for (const type of types) {
      const whole = ask(name, type);
      const cut = ask(name, type, true, true, 512);
      const same = cut.records.filter(({ section }) => section !== 'additional').length;
      if (cut.isTruncated) t.equal(cut.records.length, 0, `${name} ${type}`);
      else t.equal(same, whole.records.filter(({ section }) => section !== 'additional').length, `${name} ${type}`);
    }
  }
});

t.test('what denies a wildcard below the apex is remembered for one generation, and for one zone', async (t) => {
  const made = makeSigned(['test', 'example']);
  apply(made.table, ...content);
  apply(made.table, zone('example'), rrset('example', 'z.example', 'A', 60, '192.0.2.1'));
  const denied = (): (string | undefined)[] =>
    ['x1.test', 'x2.test', 'x1.example', 'x3.test', 'x2.example'].map((name) => made.bogus(name));
  const none = Array.from({ length: 5 }, () => undefined);
  t.same(denied(), none);
  // It sorts between the apex and `*`, so that another NSEC denies that; then it goes again.
  apply(made.table, rrset('test', '!.test', 'A', 60, '192.0.2.1'));
  t.same(denied(), none);
  t.ok(shown(made.ask('x1.test'), 'authority').includes('47 !.test'));
  apply(made.table, { op: 'deleteRRset', zone: 'test', name: '!.test', type: 1 });
  t.same(denied(), none);
  t.ok(shown(made.ask('x1.test'), 'authority').includes('47 test'));
});
