/** Zones that are built aside with hundreds of services: what takes them over finds little left to do, whatever changed meanwhile. */
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { Problem } from '../../../src/model/errors.ts';
import type { Service } from '../../../src/model/service.ts';
import type { SigningAnew } from '../../../src/table/changes.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import {
  allGood,
  beginAside,
  beginLarge,
  head,
  many,
  shapes,
  signCommand,
  waiting,
  zone,
} from '../../fixtures/aside.ts';
import { NOON_MS } from '../../fixtures/engine.ts';
import { soon } from '../../fixtures/soon.ts';
import { collectAll } from '../../fixtures/table.ts';

type World = ReturnType<typeof beginAside>;

const SERVICES = 230;
/** What the publication that takes a zone over may be left with, of each kind; besides what its own command changes. */
const LEFT_MAX = 40;

const nameOf = (i: number): string => `s${i}.${zone}`;
const put = (name: string, address: string): Command =>
  ({ kind: 'rrset.put', zone, name, type: 'A', body: { ttlSeconds: 60, rdata: [address] } }) as unknown as Command;
const take = (name: string): Command => ({ kind: 'rrset.delete', zone, name, type: 'A' }) as unknown as Command;
const deleteService = (name: string): Command => ({ kind: 'service.delete', name }) as unknown as Command;

/** `n`: pools with other types and targets. */
function putService(name: string, n: number): Command {
  const blue = { weight: 1, targets: n % 2 === 0 ? ['192.0.2.10'] : ['192.0.2.10', '2001:db8::10'] };
  const pools = { blue, green: { weight: 1, targets: [`192.0.2.${20 + (n % 100)}`] } };
  return { kind: 'service.put', name, body: { pools, previewNames: n % 5 !== 4 } } as unknown as Command;
}

function putServices({ must, inOne }: World): void {
  inOne(() => {
    for (let i = 0; i < SERVICES; i++) must(putService(nameOf(i), i));
  });
}

function shift(name: string): Command {
  return { kind: 'weights.put', name, weights: { blue: 0, green: 1 } } as unknown as Command;
}

/** The sizes of what the next publication that takes the zone over has left to do. */
function watched({ table }: World): { linked: number; changed: number; since: number }[] {
  const sizes: { linked: number; changed: number; since: number }[] = [];
  const prepare = table.prepare.bind(table);
  table.prepare = (changes) => {
    for (const change of changes) {
      if (change.op !== 'rebuildZone' && change.op !== 'importZone') continue;
      const { staged } = change.op === 'rebuildZone' ? change.rebuilt : change;
      const since = change.op === 'rebuildZone' ? change.rebuilt.since : [];
      const { unlinked = [], changed = new Set() } = staged.followed ?? {};
      sizes.push({ linked: unlinked.length, changed: changed.size, since: since.length });
    }
    return prepare(changes);
  };
  return sizes;
}

/** Calls `act` before a step of an index that is brought up to what is there, with how many there were before it. */
function beforeSteps({ engine }: World, op: SigningAnew['op'], act: (step: number) => void): () => number {
  let steps = 0;
  const resign = engine.resign.bind(engine);
  engine.resign = (change) => {
    if (change.op === op) act(steps++);
    return resign(change);
  };
  return () => steps;
}

/** Of every kind that happens to services. */
function changeServices(world: World, from: number): void {
  const { must, store, engine } = world;
  must(deleteService(nameOf(from)));
  must(putService(nameOf(from + 1), from + 2));
  must(shift(nameOf(from + 2)));
  // Renamed.
  must(deleteService(nameOf(from + 3)));
  must(putService(`renamed${from}.${zone}`, from));
  // Made anew: perhaps with what was the memory of another one.
  must(deleteService(nameOf(from + 4)));
  must(putService(nameOf(from + 4), from + 1));
  // Forced, or ill: its pools have other types than people gave them.
  const service = store.service(nameOf(from + 5)) as Service;
  const pools = service.pools.map((pool) => ({ ...pool, targets: ['2001:db8::99'] }));
  if (engine.refresh({ ...service, pools }) instanceof Problem) throw new Error('refused');
  // A record comes to stand where a preview was.
  must(putService(nameOf(from + 6), 4));
  must(put(`blue.${nameOf(from + 6)}`, '192.0.2.99'));
}

function allChanged(t: Test, world: World, from: number, isSigned: boolean): void {
  const good = (name: string): void => {
    for (const type of [TYPE.A, TYPE.AAAA, TYPE.TXT]) {
      for (let draws = isSigned ? 4 : 0; draws > 0; draws--) t.equal(world.bogus(name, type), undefined, name);
    }
  };
  for (let i = from; i < from + 7; i++) for (const at of ['', 'blue.', 'green.', 'x.']) good(`${at}${nameOf(i)}`);
  for (const at of ['', 'green.']) good(`${at}renamed${from}.${zone}`);
  t.equal(world.ask(nameOf(from)), 3, 'deleted');
  t.equal(world.ask(`blue.${nameOf(from)}`), 3, 'with its previews');
  t.equal([world.ask(nameOf(from + 1))].flat().length, 1);
  t.same(world.ask(nameOf(from + 2)), [`192.0.2.${20 + ((from + 2) % 100)}`], 'shifted');
  t.equal(world.ask(nameOf(from + 3)), 3, 'renamed');
  t.equal([world.ask(`renamed${from}.${zone}`)].flat().length, 1);
  t.equal([world.ask(nameOf(from + 4))].flat().length, 1, 'made anew');
  t.same(world.ask(nameOf(from + 5), 'AAAA'), ['2001:db8::99'], 'as it is answered');
}

for (const denial of ['nsec', 'nsec3'])
  t.test(`hundreds of services and changes are followed up before a zone is swapped in, by ${denial}`, async (t) => {
    const world = beginLarge(t, { entry: waiting });
    const { send, must, tell, done, table } = world;
    await send(`${head}${shapes}${many(100)}`);
    putServices(world);
    const sizes = watched(world);
    must(signCommand({ denial }));
    // While the thread is at it, while names are led to services, and while what has changed is brought in.
    changeServices(world, 10);
    for (let i = 0; i < 60; i++) must(i % 3 === 0 ? take(`n${i}.${zone}`) : put(`n${i + 100}.${zone}`, '192.0.2.88'));
    const links = beforeSteps(world, 'linkAhead', (step) => step === 0 && changeServices(world, 190));
    const catches = beforeSteps(world, 'catchUp', (step) => {
      if (step > 1) return;
      changeServices(world, 30 + 20 * step);
      must(take(`n${70 + step}.${zone}`));
      must(put(`late${step}.${zone}`, '192.0.2.89'));
    });
    tell('go');
    await done();
    t.ok(links() >= 1 && catches() >= 2, `${links()} and ${catches()} steps`);
    t.equal(sizes.length, 1);
    const [{ linked, changed, since }] = sizes as [{ linked: number; changed: number; since: number }];
    t.ok(linked <= LEFT_MAX && since <= LEFT_MAX, `${linked} services and ${since} RRsets in the publication`);
    t.ok(changed <= 2 * LEFT_MAX, `and ${changed} names`);
    t.equal(table.followed, 0);
    for (const from of [10, 30, 50, 190]) {
      allChanged(t, world, from, true);
      t.same(world.ask(`blue.${nameOf(from + 6)}`), ['192.0.2.99'], 'a record in the place of a preview');
    }
    for (const name of ['n0', 'n70', 'n71', 'n3']) t.equal(world.ask(`${name}.${zone}`), 3, name);
    for (const name of ['n101', 'n158', 'late0', 'late1', 'n99'])
      t.equal([world.ask(`${name}.${zone}`)].flat().length, 1, name);
    for (const name of ['n0', 'n70', 'n101', 'late1', 'nope', 'n9999', 's100', 'green.s101'])
      t.equal(world.bogus(`${name}.${zone}`, TYPE.A), undefined, name);
    allGood(t, world, 'all of it');
    must({ kind: 'zone.delete', zone, withServices: true, force: true } as unknown as Command);
  });

for (const isSigned of [false, true])
  t.test(`so they are before a ${isSigned ? 'signed' : 'plain'} zone is imported`, async (t) => {
    const world = beginAside(t);
    const { send, must, table } = world;
    await send(`${head}${shapes}`);
    putServices(world);
    if (isSigned) must(signCommand());
    collectAll(table);
    const { usedBytes } = table.memory;
    const sizes = watched(world);
    const links = beforeSteps(world, 'linkAhead', (step) => {
      if (step === 0) for (const from of [10, 190]) changeServices(world, from);
    });
    const catches = beforeSteps(world, 'catchUp', (step) => step === 0 && changeServices(world, 100));
    await send(`${head}${shapes}${many(50)}`);
    t.ok(links() >= 1 && catches() >= 1);
    const [{ linked, changed }] = sizes as [{ linked: number; changed: number; since: number }];
    t.ok(linked <= LEFT_MAX && changed <= LEFT_MAX, `${linked} services and ${changed} names in the publication`);
    t.equal(table.followed, 0);
    for (const from of [10, 100, 190]) allChanged(t, world, from, isSigned);
    for (let i = 0; i < SERVICES; i++)
      if (![10, 13, 15, 100, 103, 105, 190, 193, 195].includes(i))
        t.equal([world.ask(nameOf(i))].flat().length, 1, nameOf(i));
    if (isSigned) allGood(t, world, 'imported');
    await send(`${head}${shapes}`);
    collectAll(table);
    t.ok(table.memory.usedBytes < usedBytes * 1.2, 'what was replaced is given back');
  });

t.test('services that go with their zone while another one is built stand nowhere in that', async (t) => {
  const world = beginAside(t);
  const { send, must, table } = world;
  await send(`${head}${shapes}`);
  putServices(world);
  beforeSteps(world, 'linkAhead', (step) => {
    if (step > 0) return;
    must({ kind: 'zone.delete', zone, withServices: true } as unknown as Command);
    must({
      kind: 'zone.put',
      zone,
      body: { nameservers: ['ns1.example.net'], hostmaster: `h.${zone}` },
    } as unknown as Command);
    for (let i = 0; i < 5; i++) must(putService(`other${i}.${zone}`, i));
  });
  await send(`${head}${shapes}${many(50)}`);
  for (let i = 0; i < SERVICES; i++)
    for (const at of ['', 'blue.']) t.equal(world.ask(`${at}${nameOf(i)}`), 3, `${at}${nameOf(i)}`);
  t.equal([world.ask(`other1.${zone}`)].flat().length, 1);
  t.equal([world.ask(`n1.${zone}`)].flat().length, 1);
  t.equal(table.followed, 0);
});

t.test('nothing is followed, and nothing is left, of what was built and comes to nothing', async (t) => {
  const world = beginLarge(t, { entry: waiting });
  const { send, must, tell, table, files, clock, lines, done } = world;
  const text = `${head}${shapes}${many(40)}`;
  await send(text);
  putServices(world);
  collectAll(table);
  const { usedBytes } = table.memory;
  const refused = async (text: string, ifMatch?: readonly number[]): Promise<string> => {
    const context = { actor: 'test', atMs: NOON_MS, ...(ifMatch && { ifMatch }) };
    const result = await files.import(zone, Buffer.from(text), context);
    return result instanceof Problem ? result.code : 'none';
  };
  t.not(await refused(`${text}n1 60 A nonsense\n`), 'none', 'a file with an error');
  t.equal(table.followed, 0);
  t.equal(await refused(text), 'none', 'what the zone holds already');
  t.equal(table.followed, 0);
  // Refused by what has changed since it was built.
  const links = beforeSteps(world, 'linkAhead', (step) => {
    if (step === 0) must(putService(`n3000.${zone}`, 1));
  });
  t.not(await refused(`${text}n3000 60 A 192.0.2.1\n`), 'none', 'a service has come to stand there');
  t.equal(links() > 0, true);
  t.equal(table.followed, 0);
  must(deleteService(`n3000.${zone}`));
  collectAll(table);
  t.ok(table.memory.usedBytes < usedBytes * 1.05, 'given back');
  must(signCommand());
  tell('die');
  while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  t.equal(table.followed, 0, 'a thread that died');
  tell('go');
  await clock.pass(11);
  await done();
  t.equal(table.followed, 0);
  allGood(t, world, 'signed');
  // Cancelled while it is caught up to.
  beforeSteps(world, 'linkAhead', () => {
    if (table.content.hasZone(zone))
      must({ kind: 'zone.delete', zone, withServices: true, force: true } as unknown as Command);
  });
  must(signCommand({ denial: 'nsec3' }));
  await done();
  // By now the zone has gone; what was built of it goes soon after.
  await soon(t).equal(() => table.followed, 0, 'a zone that has gone');
  collectAll(table);
  t.ok(table.memory.usedBytes < usedBytes / 2, 'with all that was built');
});

t.test('what changes while the services of a zone are held against a file counts', async (t) => {
  const world = beginAside(t);
  const { send, must, store, files } = world;
  await send(`${head}${shapes}`);
  putServices(world);
  // Where it stands there is no preview of the other one.
  for (const name of ['blue.other', 'other']) must(putService(`${name}.${zone}`, 1));
  const serviceNamesIn = store.serviceNamesIn.bind(store);
  /** Imports a file; after the first of its services were looked at something happens. */
  const importWhile = async (text: string, act: () => void): Promise<string> => {
    let calls = 0;
    store.serviceNamesIn = (of) => {
      calls += 1;
      // The first time they are read for the thread.
      if (calls === 2) setImmediate(act);
      return serviceNamesIn(of);
    };
    const result = await files.import(zone, Buffer.from(text), { actor: 'test', atMs: NOON_MS });
    t.equal(calls, 2);
    return result instanceof Problem ? result.code : 'none';
  };
  const text = `${head}${shapes}${many(20)}blue.other 60 TXT "beside a service"\n`;
  const comes = (): void => void must(putService(`n7.${zone}`, 1));
  t.equal(await importWhile(text, comes), 'service_conflict', 'a service comes where a record is to stand');
  must(deleteService(`n7.${zone}`));
  t.equal(world.ask(`n7.${zone}`), 3, 'nothing of it was taken over');
  t.equal(await importWhile(text, () => void must(shift(nameOf(2)))), 'none', 'what does not matter refuses nothing');
  t.same(world.ask(`n7.${zone}`), ['192.0.2.7']);
  t.same(world.ask(nameOf(2)), ['192.0.2.22']);
  const goes = (): void => void must(deleteService(`blue.other.${zone}`));
  // Its record stands there already in what is answered: the file is another one by a name.
  must({ kind: 'rrset.delete', zone, name: `blue.other.${zone}`, type: 'TXT' } as unknown as Command);
  t.equal(await importWhile(`${text}more 60 A 192.0.2.1\n`, goes), 'service_conflict', 'a preview is in its place');
});
