/** A start whose table is too small says what has no room, and what would do: and that does. What has none is left out, and all else answered. */
import t, { type Test } from 'tap';
import { Signers } from '../../src/control/dnssec/signers.ts';
import { Engine } from '../../src/control/engine.ts';
import { Queries } from '../../src/control/queries.ts';
import type { ZoneSigning } from '../../src/model/dnssec/signing.ts';
import type { Service } from '../../src/model/service.ts';
import { NO_SIGNERS, type ZoneSigners } from '../../src/table/rrset-signer.ts';
import { createTableMemory } from '../../src/table/shared-memory.ts';
import { allGood, beginAside, beginLarge, head, many, shapes, signCommand, zone } from '../fixtures/aside.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import { decode } from '../fixtures/dns-decode.ts';
import { bluegreen, makeEngine, NOON_MS, temporaryFolder } from '../fixtures/engine.ts';
import { makeKeyring } from '../fixtures/keyring.ts';
import { makeGround } from '../fixtures/signing.ts';
import { askBytes, makeTable } from '../fixtures/table.ts';

const keyring = makeKeyring();

type World = ReturnType<typeof makeEngine>;

const zoneBody = { nameservers: ['ns1.example.net'], hostmaster: 'h.example.net' };

function putZone(world: World, name: string, names: number, bytes = 4): void {
  world.inOne(() => {
    world.must({ kind: 'zone.put', zone: name, body: zoneBody });
    for (let n = 0; n < names; n++) {
      const body =
        bytes === 4
          ? { ttlSeconds: 60, rdata: [`192.0.2.${n % 250}`] }
          : { ttlSeconds: 60, rdata: [`"${'x'.repeat(bytes)}"`] };
      const type = bytes === 4 ? 'A' : 'TXT';
      world.must({ kind: 'rrset.put', zone: name, name: `n${n}.${name}`, type, body });
    }
  });
}

function putServices(world: World, count: number): void {
  world.inOne(() => {
    world.must({ kind: 'zone.put', zone: 'many.test', body: zoneBody });
    for (let n = 0; n < count; n++) {
      const body = {
        ttlSeconds: 5,
        pools: { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } },
      };
      world.must({ kind: 'service.put', name: `s${n}.many.test`, body });
    }
  });
}

/** What a start from the store says with such a table, whether it refuses or goes on; undefined: nothing, all is there. */
function refusal({ store }: Pick<World, 'store'>, maxBytes: number, signers?: ZoneSigners): string | undefined {
  const { table } = makeTable({ maxBytes });
  if (signers !== undefined) table.signWith(signers);
  let why: string | undefined;
  const problem = new Engine(store, table).load(NOON_MS, ({ detail }) => {
    why = detail;
  });
  return problem?.detail ?? why;
}

const stores: Readonly<Record<string, (world: World) => void>> = {
  'a large zone between small ones': (world) => {
    putZone(world, 'a.test', 3);
    putZone(world, 'large.test', 600);
    putZone(world, 'z.test', 3);
  },
  'zones that are all alike': (world) => {
    for (let n = 0; n < 12; n++) putZone(world, `zone${n}.test`, 40);
  },
  'long texts': (world) => putZone(world, 'texts.test', 150, 200),
  services: (world) => putServices(world, 150),
};

for (const [what, fill] of Object.entries(stores)) {
  t.test(what, async (t) => {
    const world = makeEngine(t);
    fill(world);
    const used = world.table.memory.usedBytes;
    for (const share of [0.2, 0.5, 0.9]) {
      const small = Math.ceil((used * share) / 4096) * 4096;
      const why = refusal(world, small) ?? '';
      t.match(why, /^the table has no room for /);
      t.ok(why.includes(`table.maxBytes is ${small};`), why);
      const advised = Number(/raise it to (\d+),/.exec(why)?.[1]);
      t.ok(advised > small && advised < 6 * used, `${advised} of ${used}: no more than is sensible`);
      t.equal(refusal(world, advised), undefined, `${share}: ${why}`);
    }
  });
}

t.test('however little is missing, no zone without room stops the start', async (t) => {
  const world = makeEngine(t);
  for (let n = 0; n < 30; n++) putZone(world, `zone${n}.test`, (n * 37) % 60);
  const used = world.table.memory.usedBytes;
  let [whole, partial] = [0, 0];
  for (let maxBytes = Math.ceil((used * 0.6) / 4096) * 4096; maxBytes < 1.2 * used; maxBytes += 4096) {
    const { table } = makeTable({ maxBytes });
    t.equal(new Engine(world.store, table).load(NOON_MS), undefined, `${maxBytes} of ${used}`);
    if (table.content.leftOut().size > 0) partial++;
    else whole++;
  }
  t.ok(whole > 0 && partial > 10, `${whole} whole, ${partial} not`);
});

t.test('zones and services are named', async (t) => {
  const world = makeEngine(t);
  stores['a large zone between small ones']?.(world);
  t.match(refusal(world, 2 ** 16), /no room for the zone large\.test \(about \d+ bytes\): /);
  const other = makeEngine(t);
  putServices(other, 150);
  t.match(refusal(other, 2 ** 15), /no room for the zone many\.test \(about \d+ bytes\): /);
});

t.test('services that have no room leave their zone out, and no other', async (t) => {
  const world = makeEngine(t);
  for (const name of ['a.test', 'z.test']) {
    world.must({ kind: 'zone.put', zone: name, body: zoneBody });
    world.must({ kind: 'service.put', name: `app.${name}`, body: bluegreen(100, 0) });
  }
  putServices(world, 300);
  const used = world.table.memory.usedBytes;
  for (const share of [0.2, 0.4, 0.6, 0.8]) {
    const { table, responder } = makeTable({ maxBytes: Math.ceil((used * share) / 4096) * 4096 });
    const engine = new Engine(world.store, table);
    t.equal(engine.load(NOON_MS), undefined, String(share));
    t.same([...table.content.leftOut()], ['many.test']);
    const ask = (name: string) => {
      const reply = askBytes(responder, buildQuery({ name }));
      return reply && decode(reply);
    };
    for (const name of ['app.a.test', 'app.z.test']) t.match(ask(name), { rcode: 0, answers: [{}] }, name);
    t.match(ask('s7.many.test'), { rcode: 2, answers: [] });
    // What has no room before its zone is no fault of its health.
    t.equal(engine.refresh(world.store.service('s299.many.test') as Service), undefined);
  }
});

t.test('a zone whose records have no room, nor its services, is named once', async (t) => {
  const world = makeEngine(t);
  putServices(world, 300);
  putZone(world, 'many.test', 900);
  const why = refusal(world, 2 ** 17) ?? '';
  t.match(why, /^the table has no room for the zone many\.test \(about \d+ bytes\): /);
  const advised = Number(/raise it to (\d+),/.exec(why)?.[1]);
  t.ok(advised > 2 ** 17 && advised < 6 * world.table.memory.usedBytes, why);
  t.equal(refusal(world, advised), undefined, why);
});

t.test('more than a thousand zones without room are left out, each', async (t) => {
  const world = makeEngine(t);
  const count = 2600;
  world.inOne(() => {
    for (let n = 0; n < count; n++) {
      world.must({ kind: 'zone.put', zone: `z${n}.test`, body: zoneBody });
      const body = { ttlSeconds: 60, rdata: Array.from({ length: 16 }, (_, at) => `192.0.2.${at}`) };
      world.must({ kind: 'rrset.put', zone: `z${n}.test`, name: `www.z${n}.test`, type: 'A', body });
    }
  });
  const { table, responder } = makeTable({ maxBytes: Math.ceil((world.table.memory.usedBytes * 0.7) / 4096) * 4096 });
  t.equal(new Engine(world.store, table).load(NOON_MS), undefined);
  const left = table.content.leftOut();
  t.ok(left.size > 1000 && left.size < count, `${left.size} zones`);
  for (const { name } of world.store.allZones()) {
    const reply = askBytes(responder, buildQuery({ name: `www.${name}` }));
    if ((reply && decode(reply))?.rcode !== (left.has(name) ? 2 : 0)) t.fail(name);
  }
});

t.test('a zone that has room is not refused for one before it that has none', async (t) => {
  const world = makeEngine(t);
  putZone(world, 'a.test', 900);
  putZone(world, 'b.test', 500);
  const why = refusal(world, Math.ceil(world.table.memory.usedBytes / 2 / 4096) * 4096);
  t.match(why, /no room for the zone a\.test \(about \d+ bytes\): table/);
});

t.test('a zone that is being signed for the first time, with no room for that, is answered as before', async (t) => {
  const { send, must, store, table: before, ground, files, resigner } = beginLarge(t);
  await send(`${head}${many(1900)}`);
  // The zone has room in it, and its signatures have none.
  const maxBytes = Math.ceil((before.memory.usedBytes * 1.4) / 4096) * 4096;
  must(signCommand());
  resigner.stop();
  await files.stop();
  t.match(store.signing(zone), { stage: 'signing', mayHaveDs: undefined });

  const signers = new Signers(keyring, ground);
  const { table, responder } = makeTable({ maxBytes });
  table.signWith(signers);
  t.equal(new Engine(store, table).load(NOON_MS), undefined);
  const reply = askBytes(responder, buildQuery({ name: `n7.${zone}` }));
  t.match(reply && decode(reply), { rcode: 0, answers: [{ data: '192.0.2.7' }] });
  t.ok(signers.wanted.has(zone), 'it is tried again');

  // Once the parent may have a DS for it, nobody would take that; and from when all of it is signed the time runs until then.
  for (const more of [{ mayHaveDs: true }, { inForceMs: NOON_MS }] as const) {
    const told = { ...(store.signing(zone) as ZoneSigning), ...more };
    const later = Object.create(store, { signing: { value: () => told } }) as typeof store;
    t.match(refusal({ store: later }, maxBytes, new Signers(keyring, ground)), /no room for the zone example\.com/);
  }
});

/** A world with a zone that has no room, one beside it, and one above and one below. */
function leftOut(t: Test) {
  const world = makeEngine(t);
  const { must, folder } = world;
  putZone(world, 'test', 1);
  must({
    kind: 'rrset.put',
    zone: 'test',
    name: 'to.test',
    type: 'CNAME',
    body: { ttlSeconds: 60, rdata: ['n1.large.test'] },
  });
  putZone(world, 'large.test', 900);
  must({ kind: 'service.put', name: 'app.large.test', body: bluegreen(1, 0) });
  putZone(world, 'below.large.test', 2);
  putZone(world, 'small.test', 3);
  const memory = createTableMemory({ readers: 2, initialBytes: 4096, maxBytes: 2 ** 17 });
  world.close();
  const again = makeEngine(t, { folder, memory });
  return { ...again, memory };
}

const SERVFAIL = 2;
const NXDOMAIN = 3;

function expectLeftOut(t: Test, { ask, table }: Pick<World, 'ask' | 'table'>): void {
  t.same([...table.content.leftOut()], ['large.test']);
  for (const name of ['large.test', 'n7.large.test', 'nope.large.test', 'app.large.test']) {
    for (const type of ['A', 'SOA', 'TXT', 'DS'] as const) {
      if (name === 'large.test' && type === 'DS') continue;
      t.equal(ask(name, type), SERVFAIL, `${name} ${type}`);
    }
  }
  t.same(ask('n1.below.large.test'), ['192.0.2.1'], 'a zone below');
  t.equal(ask('below.large.test', 'DS'), SERVFAIL, 'whether the zone above delegates it is not known');
  t.same(ask('n1.small.test'), ['192.0.2.1'], 'a zone beside');
  t.equal(ask('nope.test'), NXDOMAIN, 'a zone above');
  t.same(ask('to.test'), ['n1.large.test.'], 'an alias that leads there ends with its target');
}

t.test('a zone without room is answered with SERVFAIL, and all others as ever', async (t) => {
  const world = leftOut(t);
  expectLeftOut(t, world);
  const queries = new Queries(world.store, { leftOut: () => world.table.content.leftOut() });
  t.match(queries.readiness(), { code: 'zones_left_out', detail: /for large\.test: queries there/ });

  // What changes its records is refused, and what needs none of them is not.
  const body = { ttlSeconds: 60, rdata: ['192.0.2.1'] };
  t.equal(world.code({ kind: 'rrset.put', zone: 'large.test', name: 'x.large.test', type: 'A', body }), 'table_full');
  t.equal(world.code({ kind: 'rrset.delete', zone: 'large.test', name: 'n1.large.test', type: 'A' }), 'table_full');
  world.must({ kind: 'service.put', name: 'app.large.test', body: bluegreen(1, 1) });
  world.must({ kind: 'rrset.put', zone: 'small.test', name: 'x.small.test', type: 'A', body });
  expectLeftOut(t, world);

  // It ends with it.
  world.must({ kind: 'zone.delete', zone: 'large.test', withServices: true });
  t.equal(world.ask('n7.large.test'), NXDOMAIN);
  t.equal(queries.readiness(), undefined);
});

t.test(
  'a later writer goes on with a table without the zone, and takes what other nodes have changed in it',
  async (t) => {
    const { folder, memory, table, close } = leftOut(t);
    t.same([...table.content.leftOut()], ['large.test']);
    const signers = { ...NO_SIGNERS, mustTake: true };
    close();
    const later = makeEngine(t, { folder, memory, goesOn: true, signers });
    expectLeftOut(t, later);
    const body = { ttlSeconds: 60, rdata: ['192.0.2.1'] };
    later.must({ kind: 'rrset.put', zone: 'large.test', name: 'x.large.test', type: 'A', body });
    later.must({ kind: 'rrset.delete', zone: 'large.test', name: 'n1.large.test', type: 'A' });
    expectLeftOut(t, later);
    t.equal(refusal(later, 2 ** 20), undefined, 'with more room all of it is there');
  },
);

t.test('a signed zone that was left out comes back signed, its services too', async (t) => {
  const folder = temporaryFolder(t);
  const before = beginAside(t, { folder });
  await before.send(`${head}${shapes}${many(1500)}`);
  before.must({ kind: 'service.put', name: `app.${zone}`, body: bluegreen(1, 0) });
  before.must(signCommand());
  await before.files.stop();
  before.close();

  const ground = makeGround(folder);
  t.teardown(() => ground.file.close());
  const world = beginAside(t, { folder, ground, more: { tableMaxBytes: 2 ** 17 } });
  t.same([...world.table.content.leftOut()], [zone]);
  await world.send(`${head}${shapes}${many(20)}`);
  t.equal(world.table.content.leftOut().size, 0);
  allGood(t, world, 'by an import that has room');
});

t.test('a zone that was left out comes back by the very file that it was of', async (t) => {
  const folder = temporaryFolder(t);
  const file = Buffer.from(`${head}${many(700)}`);
  const other = Buffer.from(
    `@ 60 SOA ns1.example.net. h.example.net. 1 2 3 4 5\n@ 60 NS ns1.example.net.\n${many(700)}`,
  );
  const context = { actor: 'test', atMs: NOON_MS };
  const before = beginAside(t, { folder });
  await before.files.import('before.test', other, context);
  await before.files.import(zone, Buffer.from(file), context);
  await before.files.stop();
  before.close();

  const { must, ask, table, files } = beginAside(t, { folder, more: { tableMaxBytes: 2 ** 17 + 2 ** 15 } });
  t.same([...table.content.leftOut()], [zone]);
  must({ kind: 'zone.delete', zone: 'before.test', withServices: false });
  while (table.collect());
  t.match(await files.import(zone, Buffer.from(file), context), { body: { rrsets: 700 } });
  t.same(ask(`n7.${zone}`), ['192.0.2.7']);
  t.equal(table.content.leftOut().size, 0);
});
