/** Signed zones that are built aside: imported ones come signed, and nothing of it is made in the command. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import type { ZoneSigning } from '../../../src/model/dnssec/signing.ts';
import type { Zone } from '../../../src/model/zone.ts';
import { createTableMemory } from '../../../src/table/shared-memory.ts';
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
import { bluegreen, NOON_MS, zoneBody } from '../../fixtures/engine.ts';
import { collectAll } from '../../fixtures/table.ts';

for (const denial of ['nsec', 'nsec3'])
  t.test(`an import of a signed zone is signed while it is staged, by ${denial}`, async (t) => {
    const world = beginAside(t);
    const { send, must, ground, table } = world;
    await send(`${head}${shapes}`);
    must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) } as unknown as Command);
    must(signCommand({ denial }));
    allGood(t, world, 'signed in the command');
    collectAll(table);
    const { usedBytes } = table.memory;
    const { made } = ground.kept;
    await send(`${head}${shapes}${many(600)}`);
    t.ok(ground.kept.made - made <= 8, `${ground.kept.made - made} signatures in the command: of the SOA, mostly`);
    allGood(t, world, 'imported');
    t.equal(world.message('n7.example.com', TYPE.A).records.length, 2);
    must({ kind: 'rrset.delete', zone, name: 'n8.example.com', type: 'A' } as unknown as Command);
    must({ kind: 'service.delete', name: 'app.example.com' } as unknown as Command);
    must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(50, 50) } as unknown as Command);
    allGood(t, world, 'changed after it');
    await send(`${head}${shapes}`);
    allGood(t, world, 'imported as before');
    collectAll(table);
    t.ok(table.memory.usedBytes < usedBytes * 1.2, 'what was replaced is given back');
  });

t.test('a signing that changes while a zone is staged counts', async (t) => {
  const world = beginAside(t);
  await world.send(`${head}${shapes}`);
  world.must(signCommand());
  const importing = world.send(`${head}${shapes}${many(50)}`);
  await new Promise((resolve) => setImmediate(resolve));
  world.must({ kind: 'dnssec.unsign', zone, force: true });
  await importing;
  t.same(
    world.message('n7.example.com', TYPE.A).records.map(({ type }) => type),
    [TYPE.A],
  );
  const again = world.send(`${head}${shapes}`);
  world.must(signCommand());
  await again;
  allGood(t, world, 'signed meanwhile');
});

const shift = (blue: number): Command =>
  ({ kind: 'weights.put', name: 'app.other.test', weights: { blue, green: 100 - blue } }) as unknown as Command;
const put = (name: string, address: string): Command =>
  ({ kind: 'rrset.put', zone, name, type: 'A', body: { ttlSeconds: 60, rdata: [address] } }) as unknown as Command;
const take = (name: string): Command => ({ kind: 'rrset.delete', zone, name, type: 'A' }) as unknown as Command;

t.test('a large zone is signed aside: shifts and changes go on, and are kept', async (t) => {
  const world = beginLarge(t, { entry: waiting });
  const { send, must, signers, store, table, ground, engine, tell, done } = world;
  await send(`${head}${shapes}${many(3000)}`);
  must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) } as unknown as Command);
  must({ kind: 'service.put', name: 'gone.example.com', body: bluegreen(90, 10) } as unknown as Command);
  must({ kind: 'zone.put', zone: 'other.test', body: zoneBody } as unknown as Command);
  must({ kind: 'service.put', name: 'app.other.test', body: bluegreen(90, 10) } as unknown as Command);
  collectAll(table);
  const { usedBytes } = table.memory;
  must(signCommand());
  const signing = store.signing(zone) as ZoneSigning;
  t.equal(ground.kept.made, 0, 'nothing in the command');
  t.notOk(signers.isInForce(signing));
  const context = { actor: 'test', atMs: NOON_MS };
  t.match(await engine.execute(shift(10), context), { created: false }, 'a shift does not wait for the thread');
  t.equal(world.message('n7.example.com', TYPE.A).records.length, 1, 'answered as before');
  must(put('n7.example.com', '192.0.2.77'));
  must(put('new.example.com', '192.0.2.78'));
  must(take('n9.example.com'));
  must({ kind: 'service.delete', name: 'gone.example.com' } as unknown as Command);
  must({ kind: 'service.put', name: 'late.example.com', body: bluegreen(1, 1) } as unknown as Command);
  t.equal(ground.kept.made, 0, 'nor in those after it');
  t.notOk(signers.isInForce(signing));
  tell('go');
  await done();
  t.ok(signers.isInForce(signing));
  t.ok(
    ground.kept.made < 100,
    `${ground.kept.made} signatures in the main thread: of services, and of what changed meanwhile`,
  );
  allGood(t, world, 'signed');
  t.same(world.ask('n7.example.com'), ['192.0.2.77']);
  t.same(world.ask('new.example.com'), ['192.0.2.78']);
  t.equal(world.ask('n9.example.com'), 3);
  t.ok((signers.nextExpiry() ?? 0) > NOON_MS / 1000, 'what the thread made counts');
  t.ok(ground.kept.madeAside > 6000);
  t.equal(ground.kept.latestInception, NOON_MS / 1000 - 3600);
  for (const name of ['n7.', 'new.', 'n9.', 'gone.', 'blue.gone.', 'late.', 'green.late.', 'x.late.', 'n2999.']) {
    for (const type of [TYPE.A, TYPE.AAAA, TYPE.TXT]) t.equal(world.bogus(`${name}${zone}`, type), undefined, name);
  }
  must({ kind: 'dnssec.unsign', zone, force: true });
  await done();
  const kinds = ['n7.', '', 'app.'].flatMap((name) => world.message(`${name}${zone}`, TYPE.A).records);
  t.notOk(
    kinds.some(({ type }) => type === TYPE.RRSIG || type === TYPE.NSEC),
    'unsigned',
  );
  t.equal(world.message('example.com', TYPE.DNSKEY).records.filter(({ type }) => type === TYPE.DNSKEY).length, 0);
  collectAll(table);
  t.ok(table.memory.usedBytes < usedBytes * 1.1, 'what being signed took is given back');
});

t.test('a thread that dies leaves the zone as it was, and another one signs it', async (t) => {
  const world = beginLarge(t, { entry: waiting });
  const { send, must, signers, clock, lines, tell, done, store } = world;
  await send(`${head}${shapes}${many(50)}`);
  must(signCommand());
  tell('die');
  while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  t.match(lines[0], /signed as before/);
  t.equal(world.message('n7.example.com', TYPE.A).records.length, 1, 'nothing half');
  tell('go');
  must(put('n7.example.com', '192.0.2.77'));
  await clock.pass(11);
  await done();
  t.ok(signers.isInForce(store.signing(zone) as ZoneSigning));
  allGood(t, world, 'by another thread');
});

t.test('a zone that is imported or ends while it is built is not overwritten by what was built', async (t) => {
  const world = beginLarge(t, { entry: waiting });
  const { send, must, signers, tell, done } = world;
  await send(`${head}${shapes}${many(50)}`);
  must(signCommand());
  must({ kind: 'zone.delete', zone, force: true } as unknown as Command);
  t.equal(signers.wanted.size, 0);
  tell('go');
  await send(`${head}${shapes}${many(20)}`);
  must(signCommand());
  await done();
  allGood(t, world, 'another zone of that name');
  t.equal(world.ask('n30.example.com'), 3);
  must({ kind: 'dnssec.unsign', zone, force: true });
  must(signCommand());
  await done();
  allGood(t, world, 'signed again by another key');
});

t.test('what is due is made anew a few names at a time', async (t) => {
  const world = beginLarge(t);
  const { send, must, ground, keeper, signers, done, store, table } = world;
  await send(`${head}${shapes}${many(300)}`);
  must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) } as unknown as Command);
  must(signCommand());
  await done();
  const { lastRevision } = store;
  const before = ground.kept.made;
  const first = signers.nextExpiry() as number;
  t.equal(await keeper.look(zone), undefined);
  t.equal(ground.kept.made, before, 'nothing is due');
  ground.atMs += 6 * 86_400_000;
  t.equal(await keeper.look(zone), undefined);
  const some = ground.kept.made - before;
  t.ok(some > 100 && some < 600, `${some} of some 660 were due: their lives differ`);
  ground.atMs += 2 * 86_400_000;
  t.equal(await keeper.look(zone), undefined);
  t.ok(ground.kept.made - before > 600);
  t.equal(store.lastRevision, lastRevision);
  t.ok((signers.nextExpiry() as number) > first + 4 * 86_400, 'what was replaced does not count');
  allGood(t, world, 'made anew');
  collectAll(table);
  ground.atMs -= 8 * 86_400_000;
  t.match(await keeper.look(zone), undefined, 'a clock that went back refuses only what is to be signed');
});

t.test('a start from the rows finds what was signed; where that is lost, answers do not wait for it', async (t) => {
  const first = beginLarge(t);
  const { folder, ground } = first;
  await first.send(`${head}${shapes}${many(1200)}`);
  first.must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) } as unknown as Command);
  first.must(signCommand());
  await first.done();
  const signing = first.store.signing(zone) as ZoneSigning;
  const end = async ({ files, close, resigner }: typeof first): Promise<void> => {
    resigner.stop();
    await files.stop();
    close();
    ground.kept.flush();
  };
  await end(first);
  const { made } = ground.kept;
  const again = beginLarge(t, { folder, ground });
  t.equal(ground.kept.made, made, 'nothing is signed again');
  t.ok(again.signers.isInForce(signing));
  allGood(t, again, 'from the rows');
  await end(again);
});

t.test(
  'a process that ends before the thread is done: the next one goes on with the table, and signs it',
  async (t) => {
    const memory = createTableMemory({ initialBytes: 2 ** 20, maxBytes: 2 ** 27, readers: 1 });
    const first = beginLarge(t, { entry: waiting, more: { memory } });
    await first.send(`${head}${shapes}${many(60)}`);
    first.must(signCommand());
    first.resigner.stop();
    first.tell('go');
    await first.files.stop();
    first.close();
    const { folder, ground } = first;
    const again = beginLarge(t, { folder, ground, more: { memory, goesOn: true } });
    t.notOk(again.signers.isInForce(again.store.signing(zone) as ZoneSigning));
    again.must(put('n7.example.com', '192.0.2.77'));
    t.ok(ground.kept.made < 10, 'not the whole zone in that command');
    again.resigner.look();
    await again.done();
    t.ok(again.signers.isInForce(again.store.signing(zone) as ZoneSigning));
    allGood(t, again, 'signed');
  },
);

for (const [from, to] of [
  ['nsec', 'nsec3'],
  ['nsec3', 'nsec'],
] as const)
  t.test(
    `a process that ends while a zone is to be proved by ${to} and not ${from}: the next one sees to it`,
    async (t) => {
      const memory = createTableMemory({ initialBytes: 2 ** 20, maxBytes: 2 ** 27, readers: 1 });
      const first = beginLarge(t, { entry: waiting, more: { memory } });
      const { folder, ground, tell } = first;
      await first.send(`${head}${shapes}${many(300)}`);
      first.must(signCommand({ denial: from }));
      tell('go');
      await first.done();
      first.resigner.stop();
      first.must({ ...signCommand({ denial: to }), key: undefined } as unknown as Command);
      await first.files.stop();
      first.close();
      const again = beginLarge(t, { folder, ground, more: { memory, goesOn: true } });
      const { made } = ground.kept;
      t.notOk(again.signers.isInForce(again.store.signing(zone) as ZoneSigning));
      again.must(put('n7.example.com', '192.0.2.77'));
      t.equal(await again.keeper.look(zone), undefined);
      t.ok(ground.kept.made - made < 10, 'not the whole zone in that command, nor in a look');
      allGood(t, again, `by ${from} until then`);
      again.resigner.look();
      await again.done();
      t.ok(again.signers.isInForce(again.store.signing(zone) as ZoneSigning));
      allGood(t, again, `by ${to}`);
      const proofs = again.message('nope.example.com', TYPE.A).records.map(({ type }) => type);
      t.equal(proofs.includes(TYPE.NSEC3), to === 'nsec3');
      t.equal(proofs.includes(TYPE.NSEC), to === 'nsec');
    },
  );

for (const denial of ['nsec', 'nsec3'])
  t.test(`a service that goes while its zone is built aside leaves no name behind, by ${denial}`, async (t) => {
    const world = beginLarge(t, { entry: waiting });
    const { send, must, tell, done } = world;
    await send(`${head}${shapes}${many(30)}`);
    const gone = ['gone.example.com', 'gone.safer.example.com'];
    for (const name of gone) must({ kind: 'service.put', name, body: bluegreen(1, 1) } as unknown as Command);
    must(signCommand({ denial }));
    for (const name of gone) must({ kind: 'service.delete', name } as unknown as Command);
    tell('go');
    await done();
    for (const name of [...gone, 'blue.gone.example.com', 'green.gone.safer.example.com', 'safer.example.com']) {
      t.equal(world.ask(name), 3, name);
      for (const type of [TYPE.A, TYPE.TXT]) t.equal(world.bogus(name, type), undefined, name);
    }
  });

for (const denial of ['nsec', 'nsec3'])
  t.test(
    `another TTL of denial: the SOA has it at once, what proves a large zone's names is made anew aside, by ${denial}`,
    async (t) => {
      const memory = createTableMemory({ initialBytes: 2 ** 20, maxBytes: 2 ** 27, readers: 1 });
      const first = beginLarge(t, { entry: waiting, more: { memory } });
      const { send, must, ground, tell, store, signers, folder } = first;
      tell('go');
      await send(`${head}${shapes}${many(400)}`);
      must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) } as unknown as Command);
      must(signCommand({ denial }));
      await first.done();
      const negative = (negativeTtlSeconds: number): Command => {
        const { nameservers, hostmaster } = store.zone(zone) as Zone;
        return { kind: 'zone.put', zone, body: { nameservers, hostmaster, negativeTtlSeconds } } as unknown as Command;
      };
      /** Those of what proves an answer. */
      const proofTtls = ({ message }: Pick<typeof first, 'message'>, name: string): number[] => {
        const proofs = message(name, TYPE.TXT).records.filter(({ type }) => type === TYPE.NSEC || type === TYPE.NSEC3);
        return [...new Set(proofs.map(({ ttl }) => ttl))];
      };
      const names = ['n7', 'n70', 'n300', 'nope', 'x.wild'].map((name) => `${name}.${zone}`);
      t.same(
        names.flatMap((name) => proofTtls(first, name)),
        names.map(() => 60),
      );
      const { made } = ground.kept;
      rmSync(join(folder, 'go'));
      must(negative(90));
      t.ok(ground.kept.made - made < 10, `${ground.kept.made - made} signatures in the command`);
      t.notOk(signers.isInForce(store.signing(zone) as ZoneSigning));
      const soa = first.message('nope.example.com', TYPE.A).records.find(({ type }) => type === TYPE.SOA);
      t.equal(soa?.ttl, 90);
      allGood(t, first, 'meanwhile');
      must(put('n7.example.com', '192.0.2.77'));
      // Once more, while it is built.
      must(negative(80));
      tell('go');
      await first.done();
      t.same(
        names.flatMap((name) => proofTtls(first, name)),
        names.map(() => 80),
      );
      t.ok(signers.isInForce(store.signing(zone) as ZoneSigning));
      allGood(t, first, 'made anew');
      // A process that dies before that is done: the next one finds what is left.
      rmSync(join(folder, 'go'));
      first.resigner.stop();
      must(negative(70));
      tell('go');
      await first.files.stop();
      first.close();
      const again = beginLarge(t, { folder, ground, more: { memory, goesOn: true } });
      t.equal(await again.keeper.look(zone), undefined);
      again.resigner.look();
      await again.done();
      t.same(
        names.flatMap((name) => proofTtls(again, name)),
        names.map(() => 70),
      );
      allGood(t, again, 'by another process');
    },
  );
