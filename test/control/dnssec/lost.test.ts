/** Signed zones whose signatures are lost, or have ended, when the server starts. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { SignatureKeeper } from '../../../src/control/dnssec/keeper.ts';
import type { ZoneSigning } from '../../../src/model/dnssec/signing.ts';
import { SIGNATURES_FILE } from '../../../src/store/signatures.ts';
import { createTableMemory } from '../../../src/table/shared-memory.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import { readSignature } from '../../../src/wire/dnssec/rrsig.ts';
import { allGood, beginLarge, head, many, shapes, signCommand, waiting, zone } from '../../fixtures/aside.ts';
import { bluegreen, temporaryFolder, zoneBody } from '../../fixtures/engine.ts';
import { makeGround, type TestGround } from '../../fixtures/signing.ts';

/** A large signed zone whose process has ended; what is left of it lies in `folder`. */
async function leaveLarge(
  t: Test,
  denial: string,
): Promise<{ folder: string; ground: TestGround; signing: ZoneSigning }> {
  const first = beginLarge(t);
  const { folder, ground, must } = first;
  await first.send(`${head}${shapes}${many(1500)}`);
  must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) } as unknown as Command);
  must({ kind: 'service.put', name: 'zz.example.com', body: bluegreen(0, 10) } as unknown as Command);
  must({ kind: 'zone.put', zone: 'other.test', body: zoneBody } as unknown as Command);
  must({ kind: 'service.put', name: 'app.other.test', body: bluegreen(90, 10) } as unknown as Command);
  must(signCommand({ denial }));
  await first.done();
  const signing = first.store.signing(zone) as ZoneSigning;
  first.resigner.stop();
  await first.files.stop();
  first.close();
  ground.kept.flush();
  return { folder, ground, signing };
}

/** What is asked for most, and none of it proves that a name is not there. */
const needed: readonly (readonly [string, number])[] = [
  ...(['', 'app.', 'zz.', 'blue.app.', 'green.zz.', 'x.wild.', 'safe.'] as const).flatMap((name) =>
    [TYPE.A, TYPE.AAAA, TYPE.TXT, TYPE.DS].map((type) => [`${name}${zone}`, type] as const),
  ),
  ...[TYPE.SOA, TYPE.NS, TYPE.DNSKEY, TYPE.CDS].map((type) => [zone, type] as const),
];

for (const denial of ['nsec', 'nsec3'])
  t.test(
    `signatures that are lost: what is asked for most is valid at once, all before the thread is done, by ${denial}`,
    async (t) => {
      const { folder, signing } = await leaveLarge(t, denial);
      const bare = makeGround(temporaryFolder(t));
      t.teardown(() => bare.file.close());
      const lost = beginLarge(t, { folder, ground: bare, entry: waiting });
      const { signers, resigner, tell, done, bogus } = lost;
      t.ok(bare.kept.made <= 2100, `${bare.kept.made} signatures are made before anybody is answered`);
      // Of a wildcard's answer NSEC3 proves the hash of the name that was asked for, which may be anywhere.
      const asked = needed.filter(([name]) => denial === 'nsec' || !name.startsWith('x.'));
      const wrong = asked.flatMap(([name, type]) => bogus(name, type) ?? []);
      t.same(wrong, [], 'apex, services, previews and wildcards, from the first answer on');
      const bad = (): number =>
        Array.from({ length: 100 }, (_, i) => bogus(`n${i * 15}.${zone}`, TYPE.A)).filter(Boolean).length;
      t.ok(bad() > 20, 'of the others not all: this test can fail');
      t.match(lost.ask('n1490.example.com'), /192/, 'who does not validate is answered');
      t.equal([lost.ask('app.other.test')].flat().length, 1, 'nor does another zone wait');
      t.notOk(signers.isInForce(signing));
      t.same(signers.unsigned(), [{ zone, isHeldUp: false }]);
      t.match(signers.unreadiness(), { code: 'signing_unfinished', detail: /^A signed zone is answered in part/ });
      resigner.look();
      // The thread stands still, and all is made nevertheless.
      while (denial === 'nsec' && bad() > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      t.ok(signers.unreadiness(), 'it is not ready before somebody has looked through all of it');
      tell('go');
      await done();
      allGood(t, lost, 'all');
      t.equal(bad(), 0);
      t.ok(signers.isInForce(signing));
      t.equal(signers.unreadiness(), undefined);
      t.same(signers.unsigned(), []);
    },
  );

t.test('signatures that have ended while the server stood still: services first, and it says so', async (t) => {
  const memory = createTableMemory({ initialBytes: 2 ** 20, maxBytes: 2 ** 27, readers: 1 });
  const first = beginLarge(t, { more: { memory } });
  await first.send(`${head}${shapes}${many(300)}`);
  first.must({ kind: 'service.put', name: 'zz.example.com', body: bluegreen(90, 10) } as unknown as Command);
  first.must(signCommand());
  await first.done();
  first.resigner.stop();
  await first.files.stop();
  first.close();
  const { folder, ground } = first;
  const again = beginLarge(t, { folder, ground, more: { memory, goesOn: true } });
  ground.atMs += 20 * 86_400_000;
  const { signers, keeper } = again;
  const seen: [number, boolean][] = [];
  const pausing = new SignatureKeeper({
    ...{ store: again.store, engine: again.engine, looks: again.table.signatures, signers },
    pause: async () => {
      const expiries = (name: string) =>
        again.message(name, TYPE.A).records.filter(({ type }) => type === TYPE.RRSIG).length;
      seen.push([expiries('zz.example.com'), signers.unreadiness() !== undefined]);
    },
  });
  t.equal(await pausing.look(zone), undefined);
  t.match(seen[0], [1, true], 'it is not ready while what it answers with has ended');
  t.equal(signers.unreadiness(), undefined);
  t.equal(await keeper.look(zone), undefined);
});

for (const denial of ['nsec', 'nsec3'])
  t.test(`a clock that was ahead: without its file of signatures a start makes all anew, by ${denial}`, async (t) => {
    const memory = createTableMemory({ initialBytes: 2 ** 20, maxBytes: 2 ** 27, readers: 1 });
    const first = beginLarge(t, { more: { memory } });
    await first.send(`${head}${shapes}${many(300)}`);
    first.must({ kind: 'service.put', name: 'zz.example.com', body: bluegreen(90, 10) } as unknown as Command);
    first.must(signCommand({ denial }));
    await first.done();
    first.resigner.stop();
    await first.files.stop();
    first.close();
    first.ground.file.close();
    for (const end of ['', '-wal', '-shm']) rmSync(join(first.folder, `${SIGNATURES_FILE}${end}`), { force: true });
    const bare = makeGround(first.folder);
    t.teardown(() => bare.file.close());
    const again = beginLarge(t, { folder: first.folder, ground: bare, more: { memory, goesOn: true } });
    t.equal(bare.kept.made, 0);
    bare.atMs -= 20 * 86_400_000;
    const { resigner, done, keeper, signers, message } = again;
    const early = (): string[] =>
      [...needed, ['n7.example.com', TYPE.A] as const, ['nothing.example.com', TYPE.A] as const].flatMap(
        ([name, type]) => {
          const rrsigs = message(name, type).records.filter((record) => record.type === TYPE.RRSIG);
          return rrsigs.some(({ rdata }) => readSignature(rdata).inception * 1000 > bare.atMs) ? [name] : [];
        },
      );
    t.ok(early().length > 20, 'this test can fail');
    resigner.look();
    await done();
    t.equal(await keeper.look(zone), undefined);
    t.same(early(), []);
    t.equal(signers.unreadiness(), undefined);
    allGood(t, again, 'all');
  });

/** Ends a process, and begins another one, which reads the rows. */
async function startAgain(t: Test, ended: ReturnType<typeof beginLarge>): Promise<ReturnType<typeof beginLarge>> {
  ended.resigner.stop();
  await ended.files.stop();
  ended.close();
  ended.ground.kept.flush();
  const ground = makeGround(ended.folder);
  t.teardown(() => ground.file.close());
  return beginLarge(t, { folder: ended.folder, ground });
}

for (const denial of ['nsec', 'nsec3'])
  t.test(`a start that reads 20,000 names signs nothing again, by ${denial}`, async (t) => {
    const first = beginLarge(t);
    await first.send(`${head}${shapes}${many(denial === 'nsec' ? 20_000 : 3000)}`);
    first.must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) } as unknown as Command);
    first.must(signCommand({ denial }));
    await first.done();
    const signing = first.store.signing(zone) as ZoneSigning;
    const again = await startAgain(t, first);
    t.equal(again.ground.kept.made, 0);
    t.ok(again.signers.isInForce(signing));
    t.same(again.signers.unsigned(), []);
    allGood(t, again, 'from the rows');
  });

t.test('what was made anew in a running server is found by a start as well', async (t) => {
  const first = beginLarge(t);
  await first.send(`${head}${shapes}${many(600)}`);
  first.must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) } as unknown as Command);
  first.must(signCommand());
  await first.done();
  first.ground.atMs += 8 * 86_400_000;
  t.equal(await first.keeper.look(zone), undefined);
  t.ok(first.ground.kept.made > 1200, 'all of them were due');
  const { atMs } = first.ground;
  const memory = first.ground.kept;
  memory.flush();
  const again = await startAgain(t, first);
  t.equal(again.ground.kept.made, 0, 'as it starts, by the clock of the start');
  again.ground.atMs = atMs;
  t.equal(await again.keeper.look(zone), undefined);
  t.equal(again.ground.kept.made, 0, 'nothing is due: those that were made last are what is answered');
});
