/** Zones that bring signatures of their own (RFC 4035, RFC 5155): answered as they are, every answer validates. */
import t from 'tap';
import { nameToWire, wireToName } from '../../src/model/name.ts';
import type { RRset } from '../../src/model/rrset.ts';
import { ZoneView } from '../../src/signing/view.ts';
import { NO_SIGNERS } from '../../src/table/rrset-signer.ts';
import { createTableMemory } from '../../src/table/shared-memory.ts';
import { TestSigner } from '../fixtures/dnssec/signer.ts';
import { apply, collectAll, zone } from '../fixtures/table.ts';
import { all, content, makeSigned, shown, types } from './signed-zone.ts';

const apex = zone('test');
const owned = content.flatMap((change) => (change.op === 'putRRset' ? [change.rrset] : []));

/** The zone of every shape as another signer would hand it on, without its service. */
function signedElsewhere(denial: 'nsec' | 'nsec3', signer: TestSigner): RRset[] {
  if (apex.op !== 'putZone') throw new Error('a zone');
  const { ttlSeconds, nameserversTtlSeconds, nameservers, negativeTtlSeconds } = apex.zone;
  const made = makeSigned([]);
  apply(made.table, apex);
  const soa = made.ask('test', 'SOA').records.find(({ type }) => type === 6);
  const dnskey = { owner: nameToWire('test'), type: 48, ttlSeconds: 60, rdata: [signer.key.dnskey] };
  const own = [
    { owner: nameToWire('test'), type: 6, ttlSeconds, rdata: [soa?.rdata as Uint8Array] },
    { owner: nameToWire('test'), type: 2, ttlSeconds: nameserversTtlSeconds, rdata: nameservers.map(nameToWire) },
    dnskey,
    ...owned.map(({ name, type, ttlSeconds, rdata }) => ({ owner: nameToWire(name), type, ttlSeconds, rdata })),
  ];
  const options = {
    apex: nameToWire('test'),
    signer,
    denial,
    denialTtlSeconds: Math.min(ttlSeconds, negativeTtlSeconds),
  };
  const byKey = new Map<string, RRset>();
  for (const { owner, type, ttlSeconds, rdata } of new ZoneView(own, options).rrsets()) {
    const name = wireToName(owner);
    if (name === 'test' && (type === 6 || type === 2)) continue;
    const before = byKey.get(`${name} ${type}`);
    const more = { zone: 'test', name, type, revision: 1 };
    const all = [...(before?.rdata ?? []), ...rdata];
    byKey.set(`${name} ${type}`, { ...more, ttlSeconds: before?.ttlSeconds ?? ttlSeconds, rdata: all });
  }
  return [...byKey.values()];
}

/** A table that is loaded with it. */
function makeKept(denial: 'nsec' | 'nsec3', options: Parameters<typeof makeSigned>[1] = {}) {
  const signer = new TestSigner(['test']);
  const made = makeSigned(['test'], options, new Map([['test', signer]]));
  made.table.signWith(NO_SIGNERS);
  const rrsets = signedElsewhere(denial, signer);
  if (apex.op !== 'putZone') throw new Error('a zone');
  const load = () => made.table.load(apex.zone, () => rrsets);
  return { ...made, rrsets, load, signer };
}

const names = [...all, 'e.test'].filter((name) => !name.endsWith('app.test'));

for (const denial of ['nsec', 'nsec3'] as const) {
  t.test(`${denial}: every name and type validates, and nothing is signed`, async (t) => {
    const { load, signer, bogus, ask, rrsets } = makeKept(denial);
    const { signed } = signer;
    t.equal(load(), 'whole');
    for (const name of names)
      for (const type of [...types, 'DNSKEY', 'NSEC3PARAM'])
        t.equal(bogus(name, type), undefined, `${name} ${type} ${JSON.stringify(shown(ask(name, type), 'authority'))}`);
    t.equal(signer.signed, signed);
    const [nsec3] = rrsets.filter(({ type }) => type === 50);
    if (nsec3 === undefined) return;
    t.equal(ask(nsec3.name, 'NSEC3').rcode, 3, 'an NSEC3 is at no name that can be asked for (RFC 5155 §7.2.8)');
    t.equal(bogus(nsec3.name, 'NSEC3'), undefined);
  });

  t.test(`${denial}: without DO an answer has no signatures and no proofs`, async (t) => {
    const { load, ask } = makeKept(denial);
    load();
    for (const name of names)
      for (const type of ['A', 'TXT', 'NS', 'DS'])
        t.notOk(
          ask(name, type, false).records.some(({ type }) => [46, 47, 50].includes(type)),
          `${name} ${type}`,
        );
  });

  t.test(
    `${denial}: replaced and deleted, and nothing is left over; another writer finds each block once`,
    async (t) => {
      const place = createTableMemory({ readers: 1, initialBytes: 2 ** 20, maxBytes: 2 ** 20 });
      const { table, load, bogus } = makeKept(denial, { place });
      table.hold({ revision: 1, history: 1 });
      const used = table.memory.usedBytes;
      load();
      collectAll(table);
      const loaded = table.memory.usedBytes;
      load();
      collectAll(table);
      t.equal(table.memory.usedBytes, loaded);
      const again = makeSigned(['test'], { place, adopts: true });
      t.equal(again.table.memory.usedBytes, loaded, 'adopted');
      for (const name of names) t.equal(bogus(name), undefined, name);
      // What is loaded in its place without signatures is answered without.
      apply(table, { op: 'deleteZone', zone: 'test' });
      collectAll(table);
      t.ok(table.memory.usedBytes - used <= 256, `${table.memory.usedBytes - used} bytes`);
    },
  );
}

t.test(
  'a zone that has signatures at its apex and no proofs, or hashes too often, is answered as plain records',
  async (t) => {
    const made = makeKept('nsec3');
    if (apex.op !== 'putZone') throw new Error('a zone');
    const often = made.rrsets.map((each) =>
      each.type === 51 ? { ...each, rdata: [Uint8Array.of(1, 0, 0xff, 0xff, 0)] } : each,
    );
    t.equal(
      made.table.load(apex.zone, () => often),
      'whole',
    );
    t.notOk(made.ask('nope.test').records.some(({ type }) => type === 50));
    const plain = owned.filter(({ name }) => name === 'www.test');
    t.equal(
      made.table.load(apex.zone, () => plain),
      'whole',
    );
    t.same(shown(made.ask('nope.test'), 'authority'), ['6 test']);
  },
);
