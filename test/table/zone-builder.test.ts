/** A zone built aside and swapped in: the answers of the new records, the services of before, the memory given back. */
import fc from 'fast-check';
import t from 'tap';
import { nameToWire } from '../../src/model/name.ts';
import type { RRset } from '../../src/model/rrset.ts';
import { finishHash, HashedName } from '../../src/table/hash.ts';
import { findEntry } from '../../src/table/index.ts';
import { ENTRY, NODE, NODE_EXISTS, NODE_IS_APEX } from '../../src/table/layout.ts';
import { Arena } from '../../src/table/memory.ts';
import { ZoneBuilder } from '../../src/table/zone-builder.ts';
import { buildQuery, decode } from '../fixtures/dns-client.ts';
import { runs } from '../fixtures/runs.ts';
import { apply, askBytes, collectAll, makeTable, rrset, service, zone } from '../fixtures/table.ts';

type Made = ReturnType<typeof makeTable>;

function rrsetOf(...parts: Parameters<typeof rrset>): RRset {
  const change = rrset(...parts);
  if (change.op !== 'putRRset') throw new Error('not an RRset');
  return change.rrset;
}

/** Builds the zone `test` from RRsets as the builder thread does, and imports it. */
function importZone({ table, shared }: Made, rrsets: readonly RRset[], publish = true): void {
  const arena = new Arena(shared, 1024);
  arena.absorb(table.lendBlocks());
  const builder = new ZoneBuilder(arena, 'test');
  for (const { name, type, ttlSeconds, rdata } of rrsets) builder.put(nameToWire(name), type, ttlSeconds, rdata);
  table.absorbBlocks(arena.lend());
  const change = zone('test');
  if (change.op !== 'putZone') throw new Error('not a zone');
  const staged = { records: [], index: builder.cell, flags: builder.flags };
  const problem = table.prepare([{ op: 'importZone', zone: change.zone, staged }]);
  if (problem !== undefined) throw new Error(problem.detail);
  if (publish) return table.publish();
  table.takeBack();
  table.discard(staged);
}

function ask({ responder }: Made, name: string, type: string | number = 'A'): string {
  const reply = decode(askBytes(responder, buildQuery({ name, type })) as Buffer);
  return `${reply.rcode} ${reply.answers.map(({ data }) => data).sort()}`;
}

const NXDOMAIN = '3 ';

t.test('names without a record of their own are there from the start, and one of them is the apex', async (t) => {
  const { shared } = makeTable();
  const arena = new Arena(shared, 1024);
  const builder = new ZoneBuilder(arena, 'test');
  builder.put(nameToWire('a.b.test'), 1, 60, [Buffer.from([192, 0, 2, 1])]);
  const flagsOf = (text: string): number => {
    const name = new HashedName(arena.view.keys);
    name.set(nameToWire(text), 0);
    const node = findEntry(arena.view, builder.cell, finishHash(name.states[0] as number), name.bytes, 0, name.length);
    const { words } = arena.view;
    return words[(words[node + ENTRY.VERSION_WORD] as number) + NODE.FLAGS] as number;
  };
  t.equal(flagsOf('test'), NODE_EXISTS | NODE_IS_APEX);
  t.equal(flagsOf('b.test'), NODE_EXISTS);
  t.equal(flagsOf('a.b.test'), NODE_EXISTS);
});

t.test('an import replaces the records at once, and the services stay', async (t) => {
  const made = makeTable();
  apply(
    made.table,
    zone('test'),
    rrset('test', 'old.test', 'A', 60, '192.0.2.1'),
    rrset('test', 'both.test', 'A', 60, '192.0.2.2'),
    service('test', 'app.test', { blue: [1, '192.0.2.10'], green: [0, '192.0.2.20'] }),
    service('test', '*.wild.test', { blue: [1, '192.0.2.11'], green: [0, '192.0.2.21'] }),
  );
  importZone(made, [
    rrsetOf('test', 'both.test', 'A', 60, '192.0.2.3'),
    rrsetOf('test', 'both.test', 'TXT', 60, '"new"'),
    rrsetOf('test', 'a.b.c.test', 'A', 60, '192.0.2.4'),
    rrsetOf('test', '*.w.test', 'A', 60, '192.0.2.5'),
    rrsetOf('test', 'sub.test', 'NS', 60, 'ns.sub.test.'),
  ]);
  t.equal(ask(made, 'old.test'), NXDOMAIN);
  t.equal(ask(made, 'both.test'), '0 192.0.2.3');
  t.equal(ask(made, 'both.test', 'TXT'), '0 "new"');
  t.equal(ask(made, 'a.b.c.test'), '0 192.0.2.4');
  t.equal(ask(made, 'b.c.test'), '0 ', 'an empty non-terminal exists');
  t.equal(ask(made, 'x.w.test'), '0 192.0.2.5');
  t.equal(ask(made, 'x.sub.test'), '0 ', 'a referral');
  t.equal(ask(made, 'app.test'), '0 192.0.2.10');
  t.equal(ask(made, 'x.wild.test'), '0 192.0.2.11');
  apply(made.table, service('test', 'app.test', { blue: [0, '192.0.2.10'], green: [1, '192.0.2.20'] }));
  t.equal(ask(made, 'app.test'), '0 192.0.2.20', 'a shift after the import');
  apply(made.table, rrset('test', 'both.test', 'A', 60, '192.0.2.6'), {
    op: 'deleteRRset',
    zone: 'test',
    name: 'a.b.c.test',
    type: 1,
  });
  t.equal(ask(made, 'both.test'), '0 192.0.2.6', 'an edit after the import');
  t.equal(ask(made, 'b.c.test'), NXDOMAIN, 'what existed through a name below it is gone with it');
});

t.test('a reader of the generation before sees the zone as it was', async (t) => {
  const made = makeTable();
  apply(made.table, zone('test'), rrset('test', 'old.test', 'A', 60, '192.0.2.1'));
  const held = made.makeResponder(1);
  held.enter(0);
  importZone(made, [rrsetOf('test', 'new.test', 'A', 60, '192.0.2.2')]);
  const reply = new Uint8Array(512);
  const query = buildQuery({ name: 'old.test' });
  for (let i = 0; i < 5; i++) made.table.collect();
  const length = held.answer(query, 0, query.length, reply, 0, true);
  t.equal(decode(reply.subarray(0, length)).answers[0]?.data, '192.0.2.1');
  held.leave();
  t.equal(ask(made, 'old.test'), NXDOMAIN);
});

t.test('a name of many types, some of them put twice, is built as it was put, and given back whole', async (t) => {
  const made = makeTable({ initialBytes: 4096 });
  apply(made.table, zone('test'));
  const { usedBytes } = made.table.memory;
  const put = (n: number, text: string) => rrsetOf('test', 'many.test', `TYPE${1000 + n}`, 60, `\\# 2 ${text}`);
  const first = Array.from({ length: 300 }, (_, n) => put(n, '0001'));
  const again = [0, 1, 150, 299].map((n) => put(n, '0002'));
  importZone(made, [...first, ...again, rrsetOf('test', 'many.test', 'NS', 60, 'ns.many.test.')]);
  t.equal(ask(made, 'x.many.test'), '0 ', 'the last one makes it a delegation');
  importZone(made, [...first, ...again]);
  for (let n = 0; n < 300; n++) {
    const expected = `0 ${[0, 1, 150, 299].includes(n) ? '0002' : '0001'}`;
    const answer = ask(made, 'many.test', 1000 + n);
    if (answer !== expected) t.fail(`TYPE${1000 + n}: ${answer}`);
  }
  t.equal(ask(made, 'many.test', 1300), '0 ');
  apply(made.table, { op: 'deleteZone', zone: 'test' });
  collectAll(made.table);
  const more = made.table.memory.usedBytes - usedBytes;
  t.ok(more < 2 * 8192, `${more} bytes were not given back`);
});

t.test('an import that is taken back leaves no trace', async (t) => {
  const made = makeTable();
  apply(made.table, zone('test'), service('test', 'app.test', { blue: [1, '192.0.2.10'], green: [0, '192.0.2.20'] }));
  importZone(made, [rrsetOf('test', 'new.test', 'A', 60, '192.0.2.2')], false);
  t.equal(ask(made, 'new.test'), NXDOMAIN);
  t.equal(ask(made, 'app.test'), '0 192.0.2.10');
});

t.test('import after import, the arena holds two contents at most', async (t) => {
  const made = makeTable({ initialBytes: 4096 });
  const contents = (n: number) =>
    Array.from({ length: 2000 }, (_, i) => rrsetOf('test', `n${i}.d${i % 7}.test`, 'A', 60, `10.0.${n}.${i % 250}`));
  const sizes: number[] = [];
  for (let n = 0; n < 12; n++) {
    importZone(made, contents(n));
    if (ask(made, 'n7.d0.test') !== `0 10.0.${n}.7`) t.fail(ask(made, 'n7.d0.test'));
    collectAll(made.table);
    sizes.push(made.table.memory.sizeBytes);
  }
  t.equal(sizes.at(-1), sizes[2], `bytes of the arena: ${sizes}`);
});

t.test('an index that lies beyond what the main thread has seen of the arena is adopted, or given up', async (t) => {
  for (const publish of [true, false]) {
    const made = makeTable({ initialBytes: 4096 });
    apply(made.table, zone('test'));
    const { usedBytes } = made.table.memory;
    const names = Array.from({ length: 3000 }, (_, i) => rrsetOf('test', `n${i}.test`, 'A', 60, '192.0.2.1'));
    importZone(made, names, publish);
    t.equal(ask(made, 'n2999.test'), publish ? '0 192.0.2.1' : NXDOMAIN);
    if (publish) apply(made.table, { op: 'deleteZone', zone: 'test' });
    collectAll(made.table);
    const more = made.table.memory.usedBytes - usedBytes;
    // The builder's last slab is not given back whole.
    t.ok(more < 8192, `${more} bytes were not given back`);
  }
});

t.test('a zone built aside answers like one built by single changes', async () => {
  const owner = fc.constantFrom('test', 'a.test', 'b.a.test', '*.a.test', 'c.b.a.test', 'x.*.test', 'w.test');
  const record = fc.record({
    owner,
    type: fc.constantFrom('A', 'TXT', 'NS', 'AAAA'),
    n: fc.integer({ min: 1, max: 9 }),
  });
  const rdata = {
    A: (n: number) => `192.0.2.${n}`,
    TXT: (n: number) => `"${n}"`,
    NS: (n: number) => `ns${n}.x.`,
    AAAA: (n: number) => `2001:db8::${n}`,
  };
  const asked = ['test', 'a.test', 'b.a.test', 'z.a.test', 'z.z.a.test', 'c.b.a.test', 'w.test', 'x.y.test', 'no.test'];
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), (records) => {
      const rrsets = records
        .filter(({ owner, type }) => owner !== 'test' || type !== 'NS')
        .map(({ owner, type, n }) => rrsetOf('test', owner, type, 60, rdata[type as keyof typeof rdata](n)));
      const [built, changed] = [makeTable(), makeTable()];
      importZone(built, rrsets);
      apply(changed.table, zone('test'), ...rrsets.map((one) => ({ op: 'putRRset', rrset: one }) as const));
      for (const name of asked) {
        for (const type of ['A', 'TXT', 'NS', 'AAAA']) {
          const [one, other] = [ask(built, name, type), ask(changed, name, type)];
          if (one !== other) throw new Error(`${name} ${type}: ${one} built aside, ${other} changed`);
        }
      }
    }),
    { numRuns: runs(100) },
  );
});
