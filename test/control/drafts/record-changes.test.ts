/** Lists of changes of records: one revision, all or nothing, judged by what they leave. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { CHANGES_MAX, DNAMES_MAX, RECORDS_TOUCHED_MAX } from '../../../src/control/drafts/record-list.ts';
import { Problem } from '../../../src/model/errors.ts';
import type { RecordChange } from '../../../src/model/record-change.ts';
import { rrsetBody } from '../../../src/model/rrset.ts';
import { parseType } from '../../../src/wire/rdata.ts';
import { type EngineFixture, makeEngine, withService, zoneBody } from '../../fixtures/engine.ts';
import { runs } from '../../fixtures/runs.ts';

const zone = 'example.com';
const www = { name: 'www.example.com', type: 'A' };
const alias = { name: 'www.example.com', type: 'CNAME' };
const text = { name: 'www.example.com', type: 'TXT' };
const change = (...changes: RecordChange[]) => ({ kind: 'records.change', zone, changes }) as const;
const addresses = (...last: number[]): string[] => last.map((each) => `192.0.2.${each}`);

function makeZone(t: Test): EngineFixture {
  const fixture = makeEngine(t);
  fixture.must({ kind: 'zone.put', zone, body: zoneBody });
  return fixture;
}

/** What the store holds of an RRset. */
function read({ store }: EngineFixture, { name, type }: { name: string; type: string }) {
  const rrset = store.rrset(zone, name, parseType(type) as number);
  return rrset && rrsetBody(rrset);
}

t.test('changes of one RRset follow each other, and what they leave is one revision', async (t) => {
  const fixture = makeZone(t);
  const { store } = fixture;
  const put = { put: { ...www, ttlSeconds: 60, rdata: addresses(1, 2) } };
  const add = (...last: number[]) => ({ add: { ...www, values: addresses(...last) } });
  const remove = (...last: number[]) => ({ remove: { ...www, values: addresses(...last) } });
  const gone = { delete: www };
  const cases: [string, RecordChange[], object | undefined][] = [
    ['put', [put], { ttlSeconds: 60, rdata: addresses(1, 2) }],
    ['add to what is there', [add(3)], { ttlSeconds: 60, rdata: addresses(1, 2, 3) }],
    ['remove one', [remove(1)], { ttlSeconds: 60, rdata: addresses(2, 3) }],
    ['remove and add in one list', [remove(2, 3), add(4)], { ttlSeconds: 60, rdata: addresses(4) }],
    [
      'a TTL that is given is that of all',
      [{ add: { ...www, ttlSeconds: 7, values: addresses(5) } }],
      { ttlSeconds: 7, rdata: addresses(4, 5) },
    ],
    [
      'of a value that is there too',
      [{ add: { ...www, ttlSeconds: 8, values: addresses(5) } }],
      { ttlSeconds: 8, rdata: addresses(4, 5) },
    ],
    ['delete, then put', [gone, put], { ttlSeconds: 60, rdata: addresses(1, 2) }],
    ['put, then add, then remove', [put, add(9), remove(1)], { ttlSeconds: 60, rdata: addresses(2, 9) }],
    ['delete, then add keeps the TTL', [gone, add(1)], { ttlSeconds: 60, rdata: addresses(1) }],
    ['put, then delete', [put, gone], undefined],
    ['add where there is none has the TTL of the SOA', [add(1)], { ttlSeconds: 3600, rdata: addresses(1) }],
    ['the last value', [remove(1)], undefined],
    [
      'add and remove again',
      [add(1), remove(1), { add: { ...www, ttlSeconds: 5, values: addresses(6) } }],
      { ttlSeconds: 5, rdata: addresses(6) },
    ],
  ];
  for (const [what, changes, expected] of cases) {
    const before = store.lastRevision;
    const serial = store.zone(zone)?.serial ?? 0;
    const outcome = fixture.must(change(...changes));
    t.same(read(fixture, www), expected, what);
    t.equal(store.lastRevision, before + 1, `${what}: one revision`);
    t.equal(store.zone(zone)?.serial, serial + 1, `${what}: the serial goes up once`);
    t.equal(outcome.revision, before + 1);
    const { rrsets } = outcome.body as { rrsets: object[] };
    t.match(rrsets, [{ ...www, records: (expected as { rdata: string[] })?.rdata.length ?? 0 }], what);
    t.equal(rrsets.length, 1);
  }
});

t.test('what is so already is no revision', async (t) => {
  const fixture = makeZone(t);
  fixture.must(change({ put: { ...www, ttlSeconds: 60, rdata: addresses(1) } }));
  const { lastRevision } = fixture.store;
  const nothing: RecordChange[][] = [
    [{ add: { ...www, values: addresses(1) } }],
    [{ add: { ...www, values: [...addresses(1), ...addresses(1)] } }],
    [{ add: { ...www, ttlSeconds: 60, values: addresses(1) } }],
    [{ remove: { ...www, values: addresses(2) } }],
    [{ remove: { ...text, values: ['"x"'] } }],
    [{ delete: text }],
    [{ delete: www }, { put: { ...www, ttlSeconds: 60, rdata: addresses(1) } }],
    [{ remove: { ...www, values: addresses(1) } }, { add: { ...www, values: addresses(1) } }],
    [{ add: { ...text, values: ['"x"'] } }, { delete: text }],
  ];
  for (const changes of nothing) {
    const outcome = fixture.must(change(...changes));
    t.equal(fixture.store.lastRevision, lastRevision);
    t.match(outcome, { revision: lastRevision, body: { revision: lastRevision, rrsets: [{ change: 'none' }] } });
  }
  const mixed = fixture.must(change({ delete: text }, { add: { ...www, values: addresses(2) } }));
  t.match(mixed.body, {
    rrsets: [
      { ...text, change: 'none' },
      { ...www, change: 'changed' },
    ],
  });
  t.same(
    fixture.store.revision(lastRevision + 1)?.subjects.map(({ name }) => name),
    ['www.example.com/A'],
  );
});

t.test('what may stand where is asked of the end, whatever the order', async (t) => {
  const lists: RecordChange[][] = [
    [{ delete: www }, { put: { ...alias, ttlSeconds: 60, rdata: ['other.example.com.'] } }],
    [
      { put: { ...alias, ttlSeconds: 60, rdata: ['other.example.com.'] } },
      { remove: { ...www, values: addresses(1) } },
    ],
    [{ add: { ...alias, values: ['other.example.com.'] } }, { delete: www }],
  ];
  for (const list of lists) {
    const fixture = makeZone(t);
    fixture.must(change({ put: { ...www, ttlSeconds: 60, rdata: addresses(1) } }));
    t.equal(
      fixture.code(change(list.find((each) => each.delete === undefined && each.remove === undefined) as RecordChange)),
      'cname_conflict',
    );
    t.same(fixture.ask('www.example.com'), addresses(1));
    fixture.must(change(...list));
    t.equal(read(fixture, www), undefined);
    t.match(read(fixture, alias), { rdata: ['other.example.com.'] });
    fixture.must(change({ put: { ...www, ttlSeconds: 5, rdata: addresses(2) } }, { delete: alias }));
    t.match(read(fixture, www), { ttlSeconds: 5 });
  }
});

t.test('a delegation and its glue, a DNAME and what stood below it, come in one list', async (t) => {
  const fixture = makeZone(t);
  fixture.must(change({ put: { name: 'x.sub.example.com', type: 'A', ttlSeconds: 60, rdata: addresses(1) } }));
  const dname = { put: { name: 'sub.example.com', type: 'DNAME', ttlSeconds: 60, rdata: ['other.test.'] } };
  const refused = fixture.execute(change(dname));
  t.match(refused, { code: 'dname_conflict', conflict: 'x.sub.example.com/A', pointer: '/changes/0' });
  fixture.must(change(dname, { delete: { name: 'x.sub.example.com', type: 'A' } }));
  const below = { add: { name: 'y.sub.example.com', type: 'A', values: addresses(1) } };
  t.match(fixture.execute(change(below)), { code: 'dname_conflict', pointer: '/changes/0' });
  fixture.must(change(below, { delete: { name: 'sub.example.com', type: 'DNAME' } }));
  t.match(fixture.execute(change(dname, { add: { name: 'z.sub.example.com', type: 'A', values: addresses(1) } })), {
    code: 'dname_conflict',
  });
  const many = Array.from({ length: DNAMES_MAX + 1 }, (_, i) => ({ put: { ...dname.put, name: `d${i}.example.com` } }));
  t.match(fixture.execute(change(...many)), { code: 'changes_invalid' });
  fixture.must(change(...many.slice(1)));
});

t.test('nothing is done where one change is refused, and the refusal names it', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must({ kind: 'zone.put', zone: 'kid.example.com', body: zoneBody });
  const good: RecordChange = { add: { ...www, values: addresses(1) } };
  const bad: [RecordChange, string, string, RegExp][] = [
    [
      { add: { ...www, values: [...addresses(2), 'x'] } },
      'rdata_invalid',
      '/changes/1/add/values/1',
      /^changes\[1\]\.add\.values\[1\]: /,
    ],
    [
      { put: { ...www, ttlSeconds: -1, rdata: addresses(2) } },
      'ttl_invalid',
      '/changes/1/put/ttlSeconds',
      /^changes\[1\]\.put\.ttlSeconds: /,
    ],
    [
      { add: { ...www, ttlSeconds: 2 ** 31, values: addresses(2) } },
      'ttl_invalid',
      '/changes/1/add/ttlSeconds',
      /^changes\[1\]/,
    ],
    [
      { add: { name: 'app.example.com', type: 'A', values: addresses(2) } },
      'service_conflict',
      '/changes/1',
      /^changes\[1\]: /,
    ],
    [{ add: { name: zone, type: 'NS', values: ['ns.test.'] } }, 'apex_conflict', '/changes/1', /PUT \/v1\/zones/],
    [{ remove: { name: zone, type: 'NS', values: ['ns.test.'] } }, 'apex_conflict', '/changes/1', /PUT \/v1\/zones/],
    [{ delete: { name: zone, type: 'SOA' } }, 'apex_conflict', '/changes/1', /PUT \/v1\/zones/],
    [{ add: { ...alias, values: ['a.test.', 'b.test.'] } }, 'rrset_invalid', '/changes/1', /one CNAME record at most/],
    [{ add: { ...alias, values: ['a.test.'] } }, 'cname_conflict', '/changes/0', /CNAME/],
    [{ add: { name: 'www.kid.example.com', type: 'TXT', values: ['"x"'] } }, 'name_taken', '/changes/1', /kid/],
    [{ delete: { name: 'www.kid.example.com', type: 'TXT' } }, 'name_taken', '/changes/1', /kid/],
    [{ add: { name: 'a.*.example.com', type: 'TXT', values: ['"x"'] } }, 'name_invalid', '/changes/1', /leftmost/],
  ];
  for (const [one, code, pointer, detail] of bad) {
    const { lastRevision } = fixture.store;
    const result = fixture.execute(change(good, one));
    t.match(result, { code, pointer, detail }, `${code} ${(result as Problem).detail}`);
    t.equal(fixture.store.lastRevision, lastRevision);
    t.equal(read(fixture, www), undefined);
    t.equal(fixture.ask('www.example.com'), 3);
  }
});

t.test('signatures keep a TTL each', async (t) => {
  const fixture = makeZone(t);
  const sig = (type: string): string => `${type} 8 3 1 20300101000000 20200101000000 1 example.com. AAAA`;
  const ref = { name: 'www.example.com', type: 'RRSIG' };
  fixture.must(
    change(
      { add: { ...ref, ttlSeconds: 60, values: [sig('A')] } },
      { add: { ...ref, ttlSeconds: 30, values: [sig('AAAA')] } },
    ),
  );
  t.match(read(fixture, ref), { ttlSeconds: 30, recordTtlSeconds: [60, 30] });
  fixture.must(change({ remove: { ...ref, values: [sig('AAAA')] } }));
  t.strictSame(read(fixture, ref)?.recordTtlSeconds, undefined);
  t.match(read(fixture, ref), { ttlSeconds: 60 });
});

t.test('a list is bounded by its changes and by the records that it touches', async (t) => {
  const fixture = makeZone(t);
  const one = (i: number): RecordChange => ({ add: { name: `n${i}.example.com`, type: 'A', values: addresses(1) } });
  const many = Array.from({ length: CHANGES_MAX + 1 }, (_, i) => one(i));
  t.equal(fixture.code(change(...many)), 'changes_invalid');
  fixture.must(change(...many.slice(1)));
  t.equal(fixture.store.rrsets(zone, undefined, 2000).length, CHANGES_MAX);
  const large = (i: number): RecordChange => {
    const rdata = Array.from({ length: 4000 }, (_, at) => `10.${i}.${at >> 8}.${at & 255}`);
    return { put: { name: `large${i}.example.com`, type: 'A', ttlSeconds: 60, rdata } };
  };
  for (let i = 0; i < 6; i++) fixture.must(change(large(i)));
  const all = Array.from(
    { length: 6 },
    (_, i): RecordChange => ({ add: { name: `large${i}.example.com`, type: 'A', values: addresses(1) } }),
  );
  const refused = fixture.execute(change(...all));
  t.match(refused, { code: 'changes_invalid', pointer: '/changes/4', detail: new RegExp(`${RECORDS_TOUCHED_MAX}`) });
  fixture.must(change(...all.slice(0, 4)));
});

t.test('a TTL that the list itself gave is gone with the records that had it', async (t) => {
  const fixture = makeZone(t);
  const ref = { name: 'a.example.com', type: 'A' };
  const list = (values: string[]) => [
    { put: { ...ref, ttlSeconds: 7, rdata: values } },
    { remove: { ...ref, values } },
    { add: { ...ref, values } },
  ];
  fixture.must(change(...list(addresses(1))));
  t.match(read(fixture, ref), { ttlSeconds: 3600 }, 'the SOA says');
  fixture.must(change({ put: { ...ref, ttlSeconds: 60, rdata: addresses(1) } }));
  fixture.must(change(...list(addresses(2))));
  t.match(read(fixture, ref), { ttlSeconds: 60 }, 'what it had before the list');
});

/** What a list leaves, told step by step, without any of the code under test. */
function oracle(changes: readonly RecordChange[], before: Map<string, { ttl: number; values: string[] }>) {
  const ttls = new Map([...before].map(([key, { ttl }]) => [key, ttl]));
  const now = new Map([...before].map(([key, { ttl, values }]) => [key, { ttl, values: [...values] }]));
  for (const { put, add, remove, delete: gone } of changes) {
    const { name, type } = (put ?? add ?? remove ?? gone) as { name: string; type: string };
    const key = `${name}/${type}`;
    const at = now.get(key);
    if (put !== undefined) now.set(key, { ttl: put.ttlSeconds, values: [...put.rdata] });
    if (gone !== undefined) now.delete(key);
    if (add !== undefined) {
      const ttl = add.ttlSeconds ?? at?.ttl ?? ttls.get(key) ?? 3600;
      now.set(key, { ttl, values: [...new Set([...(at?.values ?? []), ...add.values])] });
    }
    if (remove === undefined || at === undefined) continue;
    const values = at.values.filter((each) => !remove.values.includes(each));
    if (values.length === 0) now.delete(key);
    else now.set(key, { ttl: at.ttl, values });
  }
  return now;
}

t.test('any list leaves what its changes leave one after the other', async (t) => {
  const ref = fc.record({
    name: fc.constantFrom('a.example.com', 'b.example.com', 'example.com', '*.example.com'),
    type: fc.constantFrom('A', 'TXT'),
  });
  const valuesOf = (type: string) =>
    fc
      .uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1 })
      .map((some) => some.map((each) => (type === 'A' ? `192.0.2.${each}` : `"${each}"`)));
  const ttlSeconds = fc.integer({ min: 0, max: 3 });
  const one: fc.Arbitrary<RecordChange> = ref.chain((of) =>
    fc.oneof(
      fc.record({ ttlSeconds, rdata: valuesOf(of.type) }).map((body) => ({ put: { ...of, ...body } })),
      fc
        .record({ ttlSeconds, values: valuesOf(of.type) }, { requiredKeys: ['values'], noNullPrototype: true })
        .map((body) => ({ add: { ...of, ...body } })),
      valuesOf(of.type).map((values) => ({ remove: { ...of, values } })),
      fc.constant({ delete: of }),
    ),
  );
  const fixture = makeZone(t);
  let state: ReturnType<typeof oracle> = new Map();
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 8 }), (changes) => {
      const { lastRevision } = fixture.store;
      const outcome = fixture.execute(change(...changes));
      if (outcome instanceof Problem) throw new Error(outcome.detail);
      state = oracle(changes, state);
      const found = fixture.store.rrsets(zone, undefined, 100).map((rrset) => {
        const { ttlSeconds: ttl, rdata: values } = rrsetBody(rrset);
        return [`${rrset.name}/${rrset.type === 1 ? 'A' : 'TXT'}`, { ttl, values }] as const;
      });
      const sorted = (all: Iterable<readonly [string, unknown]>) => [...all].sort(([x], [y]) => (x < y ? -1 : 1));
      t.same(sorted(found), sorted(state));
      const told = outcome.body as { rrsets: { change: string }[] };
      const isChange = told.rrsets.some((each) => each.change !== 'none');
      return fixture.store.lastRevision === lastRevision + (isChange ? 1 : 0);
    }),
    { numRuns: runs(150) },
  );
  for (const name of ['a.example.com', 'b.example.com', 'example.com', 'other.example.com']) {
    const exists = ['A', 'TXT'].some((type) => state.has(`${name}/${type}`)) || name === zone;
    const wildcard = ['A', 'TXT'].some((type) => state.has(`*.${zone}/${type}`));
    const values = state.get(`${exists ? name : `*.${zone}`}/A`)?.values ?? [];
    t.same(fixture.ask(name), exists || wildcard ? values.sort() : 3, `the table answers for ${name}`);
  }
});
