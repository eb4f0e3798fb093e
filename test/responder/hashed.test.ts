/** Zones that prove by NSEC3 (RFC 5155): every answer with DO validates, and says no name that is not asked for. */
import t from 'tap';
import { NO_SIGNERS } from '../../src/table/rrset-signer.ts';
import { createTableMemory } from '../../src/table/shared-memory.ts';
import { typesOf } from '../fixtures/dnssec/bogus.ts';
import type { TestSigner } from '../fixtures/dnssec/signer.ts';
import { apply, collectAll, rrset, service, zone } from '../fixtures/table.ts';
import { all, content, makeSigned, shown, types } from './signed-zone.ts';

function makeHashed(options: Parameters<typeof makeSigned>[1] = {}, signers?: Map<string, TestSigner>) {
  return makeSigned(['test'], options, signers, true);
}

t.test('every name and type of a zone of every shape validates', async (t) => {
  const { table, bogus, ask } = makeHashed();
  apply(table, ...content);
  for (const name of all)
    for (const type of [...types, 'NSEC3'])
      t.equal(bogus(name, type), undefined, `${name} ${type} ${JSON.stringify(shown(ask(name, type), 'authority'))}`);
});

t.test('each kind of denial has the proofs that RFC 5155 §7.2 names, each once, and no NSEC', async (t) => {
  const { table, ask } = makeHashed();
  apply(table, ...content);
  const proofs = (name: string, type = 'A'): number => {
    const owners = shown(ask(name, type), 'authority').filter((each) => each.startsWith('50 '));
    t.equal(new Set(owners).size, owners.length, `${name} ${type}`);
    return owners.length;
  };
  t.ok(proofs('nope.test') <= 3 && proofs('nope.test') >= 2, 'closest encloser, next closer name, wildcard');
  t.equal(proofs('www.test', 'TXT'), 1, 'no data: the name itself');
  t.equal(proofs('c.test'), 1, 'an empty non-terminal has its own');
  t.equal(proofs('n.wild.test'), 1, 'of what a wildcard gave: the next closer name');
  t.ok(proofs('n.wild.test', 'TXT') >= 2, 'no data at a wildcard');
  t.equal(proofs('n.plain.test'), 1, 'an unsigned delegation');
  t.equal(proofs('n.secure.test'), 0, 'a signed one has its DS');
  for (const name of all)
    t.notOk(
      ask(name, 'TXT').records.some(({ type }) => type === 47),
      `${name}: no NSEC`,
    );
});

t.test('what is denied at a service says what the picked pool lacks, and the chain what any has', async (t) => {
  const { table, ask, bogus } = makeHashed();
  const pools = (blue: number) =>
    service('test', 'app.test', { blue: [blue, '198.51.100.1', '2001:db8::1'], green: [1 - blue, '203.0.113.1'] });
  apply(table, zone('test'), pools(0));
  const bits = (name: string, type: string): Set<number>[] =>
    ask(name, type)
      .records.filter((record) => record.type === 50)
      .map(({ rdata }) => typesOf(rdata.subarray(26)));
  t.equal(bogus('app.test', 'AAAA'), undefined);
  t.same(bits('app.test', 'AAAA'), [new Set([1, 46])]);
  t.same(bits('app.test', 'TXT'), [new Set([1, 28, 46])]);
  // A pool without AAAA goes, and the form with it.
  apply(table, service('test', 'app.test', { blue: [1, '198.51.100.1', '2001:db8::1'] }));
  t.same(bits('app.test', 'TXT'), [new Set([1, 28, 46])]);
  apply(table, { op: 'deleteService', zone: 'test', name: 'app.test' });
  t.equal(bogus('app.test', 'AAAA'), undefined);
  collectAll(table);
});

t.test('a shift signs nothing, and a name that comes only what changed', async (t) => {
  const { table, signers } = makeHashed();
  apply(table, ...content);
  const signer = signers.get('test') as TestSigner;
  const before = signer.signed;
  apply(table, service('test', 'app.test', { blue: [0, '198.51.100.1', '2001:db8::1'], green: [1, '203.0.113.1'] }));
  t.equal(signer.signed, before);
  apply(table, rrset('test', 'new.test', 'A', 60, '192.0.2.9'));
  t.ok(
    signer.signed <= before + 5,
    'the RRset, its NSEC3, and that of the hash before it, which may be a service with two forms',
  );
});

t.test('another writer goes on with such a zone, and each block has one owner', async (t) => {
  const place = createTableMemory({ readers: 1, initialBytes: 2 ** 20, maxBytes: 2 ** 20 });
  const first = makeHashed({ place });
  first.table.hold({ revision: 1, history: 1 });
  apply(first.table, ...content);
  const signer = first.signers.get('test') as TestSigner;
  const before = signer.signed;
  const { table, bogus } = makeHashed({ place, adopts: true }, first.signers);
  for (const name of all) t.equal(bogus(name), undefined, name);
  t.equal(signer.signed, before);
  apply(table, rrset('test', 'new.test', 'A', 60, '192.0.2.9'));
  apply(table, { op: 'deleteRRset', zone: 'test', name: 'a.b.c.test', type: 16 });
  for (const name of [...all, 'new.test', 'new0.test']) t.equal(bogus(name), undefined, name);
  collectAll(table);
  const again = makeHashed({ place, adopts: true }, first.signers);
  collectAll(again.table);
  t.equal(table.memory.usedBytes, again.table.memory.usedBytes);
});

t.test('from NSEC to NSEC3 and back: all validates, and nothing is left over', async (t) => {
  const made = makeSigned(['test'], {}, undefined, false);
  const { table, signers, bogus } = made;
  let isHashed = false;
  table.signWith({ ...NO_SIGNERS, of: (zone) => signers.get(zone), isHashed: () => isHashed });
  apply(table, ...content);
  collectAll(table);
  const used = table.memory.usedBytes;
  for (const each of [true, false, true, false]) {
    isHashed = each;
    apply(table, rrset('test', 'mail.test', 'A', 60, '192.0.2.3'));
    for (const name of all)
      for (const type of ['A', 'TXT', 'DS']) t.equal(bogus(name, type), undefined, `${name} ${type}`);
  }
  collectAll(table);
  t.equal(table.memory.usedBytes, used);
});

t.test('a name that goes as its zone changes over leaves nothing that proved it', async (t) => {
  const pools = { blue: [1, '198.51.100.1', '2001:db8::8'], green: [1, '203.0.113.1'] } as const;
  for (const begins of [false, true]) {
    const made = makeSigned(['test']);
    const { table, signers, bogus } = made;
    let isHashed = begins;
    const used = table.memory.usedBytes;
    table.signWith({ ...NO_SIGNERS, of: (zone) => signers.get(zone), isHashed: () => isHashed });
    apply(table, zone('test'), service('test', 'gone.test', { blue: [...pools.blue], green: [...pools.green] }));
    isHashed = !begins;
    apply(table, { op: 'deleteService', zone: 'test', name: 'gone.test' });
    t.equal(bogus('gone.test'), undefined);
    apply(table, { op: 'deleteZone', zone: 'test' });
    collectAll(table);
    t.equal(table.memory.usedBytes, used);
  }
});
