/** Digests of zones that are answered (RFC 8976): none is ever of another content than that with its serial. */
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { ZoneDigests } from '../../../src/control/dnssec/digests.ts';
import { SignatureKeeper } from '../../../src/control/dnssec/keeper.ts';
import { exportSigned, makeDigest } from '../../../src/control/zone-files/signed-export.ts';
import { ZoneFiles } from '../../../src/control/zone-files/zone-files.ts';
import { Problem } from '../../../src/model/errors.ts';
import { readZone } from '../../../src/model/zone-check.ts';
import { systemClock } from '../../../src/server/system-clock.ts';
import { checkDigest } from '../../../src/signing/brought-digest.ts';
import type { MadeDigest } from '../../../src/signing/zonemd.ts';
import { TYPE } from '../../../src/wire/constants.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { bluegreen, NOON_MS, zoneBody } from '../../fixtures/engine.ts';
import { makeKeyring } from '../../fixtures/keyring.ts';
import { beginSigned } from '../../fixtures/signed-engine.ts';
import { snapshotIn, type ZoneSnapshot } from '../../fixtures/zone-snapshot.ts';

const zone = 'example.com';
const keyring = makeKeyring();
const put = (name: string, type: string, ...rdata: string[]): Command =>
  ({ kind: 'rrset.put', zone, name, type, body: { ttlSeconds: 60, rdata } }) as unknown as Command;
const weights = (blue: number, green: number): Command =>
  ({ kind: 'weights.put', name: 'app.example.com', weights: { blue, green } }) as unknown as Command;
const sign = (body: object = {}): Command =>
  ({ kind: 'dnssec.sign', zone, body, key: keyring.make(zone, 13, NOON_MS), isGiven: false }) as unknown as Command;
const zoneWith = (more: object): Command =>
  ({ kind: 'zone.put', zone, body: { ...zoneBody, ...more } }) as unknown as Command;

type Make = (zone: string) => Promise<MadeDigest | undefined | Problem>;

/** `around`: what happens while the digest is made. */
function begin(t: Test, around: (make: Make) => Make = (make) => make) {
  const world = beginSigned(t, { ring: keyring });
  const { store, engine, signers, message, must, ground } = world;
  const clock = new TestClock();
  const lines: string[] = [];
  const keys = () => ({ ...(signers.digestKeys(zone) as { keys: []; nowMs: number }), directory: ground.directory });
  const snapshot = (): ZoneSnapshot => snapshotIn(store.shared, zone) as ZoneSnapshot;
  const make: Make = async () => makeDigest(snapshot(), keys());
  must(zoneWith({}));
  must(put('ns1.example.com', 'A', '192.0.2.53'));
  must({ kind: 'service.put', name: 'app.example.com', body: bluegreen(90, 10) } as unknown as Command);
  const digests = new ZoneDigests({
    ...{ store, engine, signers, clock, files: { digest: around(make) } },
    log: { warn: (_fields: object, text: string) => void lines.push(text) } as never,
  });
  /** What is answered; undefined: there is none. */
  const live = (): string | undefined => {
    const found = message(zone, TYPE.ZONEMD).records.find(({ type }) => type === TYPE.ZONEMD);
    return found && Buffer.from(found.rdata).toString('hex');
  };
  /** What it would be of all that is answered now. */
  const right = (): string => Buffer.from(makeDigest(snapshot(), keys()).rdata).toString('hex');
  const serial = (): number => {
    const soa = message(zone, TYPE.SOA).records.find(({ type }) => type === TYPE.SOA)?.rdata as Uint8Array;
    return Buffer.from(soa).readUInt32BE(soa.length - 20);
  };
  /** The file of the zone as others are to hold it. */
  const file = (): Buffer => Buffer.concat(exportSigned(snapshot(), keys()));
  return { ...world, clock, digests, live, right, serial, file, lines };
}

const goodness = (file: Uint8Array): string[] => {
  const { content, findings } = readZone(zone, file);
  checkDigest(content, findings, 'error');
  return findings.errors.map(({ code }) => code);
};

for (const denial of [undefined, 'nsec', 'nsec3'] as const) {
  const what = denial === undefined ? 'not signed' : `signed by ${denial}`;
  t.test(`a zone that is ${what}: its digest is that of the file, and goes with what it is of`, async (t) => {
    const { must, clock, live, right, serial, file, bogus, ground } = begin(t);
    const check = (when: string): void => {
      if (denial === undefined) return;
      for (const type of [TYPE.ZONEMD, TYPE.SOA, TYPE.MX, TYPE.DNSKEY]) t.equal(bogus(zone, type), undefined, when);
      t.equal(bogus('nope.example.com', TYPE.A), undefined, when);
    };
    if (denial !== undefined) must(sign({ denial }));
    await clock.pass(1);
    t.equal(live(), undefined, 'nobody asked for it');
    must(zoneWith({ zonemd: true }));
    check('asked for, and not there yet');
    t.equal(live(), undefined);
    await clock.pass(1);
    t.equal(live(), right());
    t.equal(Number.parseInt(live()?.slice(0, 8) ?? '', 16), serial());
    check('answered');
    t.ok(
      file()
        .toString()
        .toLowerCase()
        .includes(live()?.slice(12) ?? 'nothing'),
      'the file has the very same',
    );
    t.same(goodness(file()), []);

    must(weights(80, 20));
    t.equal(live(), right(), 'a shift that leaves the heaviest pool leaves the digest');
    const { made } = ground.kept;
    const before = live();
    must(weights(20, 80));
    t.equal(live(), undefined, 'one that does not takes it away at the same instant');
    t.equal(ground.kept.made, made, 'and signs nothing');
    check('gone');
    await clock.pass(1);
    t.equal(live(), right());
    t.not(live(), before);
    check('there again');
    must(put('www.example.com', 'A', '192.0.2.1'));
    t.equal(live(), undefined);
    await clock.pass(1);
    t.equal(live(), right());
    must(zoneWith({ zonemd: true, labels: { team: 'a' } }));
    t.equal(live(), right(), 'labels are not answered');
    must(zoneWith({ zonemd: false }));
    t.equal(live(), undefined);
    await clock.pass(10);
    t.equal(live(), undefined);
    check('taken back');
  });
}

t.test('what changes while a digest is made makes it one of nothing', async (t) => {
  let meanwhile = (): void => {};
  const world = begin(t, (make) => async (name) => {
    const made = await make(name);
    meanwhile();
    return made;
  });
  const { must, clock, live, right } = world;
  must(zoneWith({ zonemd: true }));
  meanwhile = () => {
    meanwhile = () => {};
    must(put('www.example.com', 'A', '192.0.2.1'));
  };
  await clock.pass(0.3);
  t.equal(live(), undefined);
  await clock.pass(1);
  t.equal(live(), right());
  meanwhile = () => {
    meanwhile = () => {};
    must(weights(10, 90));
  };
  must(put('www.example.com', 'A', '192.0.2.2'));
  await clock.pass(0.3);
  t.equal(live(), undefined, 'a shift, which leaves the serial');
  await clock.pass(1);
  t.equal(live(), right());
});

t.test('signatures that are made anew are others: the digest goes with them', async (t) => {
  const { must, clock, live, right, ground, store, engine, table, signers, bogus } = begin(t);
  must(sign());
  must(zoneWith({ zonemd: true }));
  await clock.pass(1);
  t.equal(live(), right());
  const keeper = new SignatureKeeper({ store, engine, looks: table.signatures, signers });
  await keeper.look(zone);
  t.equal(live(), right(), 'nothing was due');
  ground.atMs += 8 * 86_400_000;
  const seen = new Set<string | undefined>();
  engine.onChange(() => seen.add(live()));
  await keeper.look(zone);
  t.equal(live(), undefined);
  await clock.pass(1);
  t.equal(live(), right());
  t.equal(bogus(zone, TYPE.ZONEMD), undefined);
  ground.atMs += 8 * 86_400_000;
  must(weights(89, 11));
  t.ok([undefined, right()].includes(live()), 'a shift in which something was due');
});

t.test('what cannot be made is said once, and answered without', async (t) => {
  const refused = new Problem('signing_refused', 'no key');
  let problem: Problem | undefined = refused;
  const { must, clock, live, lines, right } = begin(t, (make) => async (name) => problem ?? make(name));
  must(zoneWith({ zonemd: true }));
  await clock.pass(60);
  t.equal(live(), undefined);
  t.equal(lines.length, 1);
  problem = undefined;
  await clock.pass(20);
  t.equal(live(), right());
});

t.test('random histories: what is answered is of what is answered', async (t) => {
  let state = 20_261_129;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const { execute, must, clock, live, right, serial } = begin(t);
  must(zoneWith({ zonemd: true }));
  let present = 0;
  const commands: (() => Command)[] = [
    () => put(`n${draw(4)}.example.com`, 'A', `192.0.2.${draw(9)}`),
    () => ({ kind: 'rrset.delete', zone, name: `n${draw(4)}.example.com`, type: 'A' }) as unknown as Command,
    () => weights(draw(100), 1 + draw(100)),
    () => weights(draw(100), 1 + draw(100)),
    () => ({ kind: 'service.put', name: 'app.example.com', body: bluegreen(draw(9), 9) }) as unknown as Command,
    () => ({ kind: 'service.put', name: 'b.example.com', body: bluegreen(1, draw(3)) }) as unknown as Command,
    () => ({ kind: 'service.delete', name: 'b.example.com' }) as unknown as Command,
    () => sign({ denial: draw(2) === 0 ? 'nsec' : 'nsec3' }),
    () => ({ kind: 'dnssec.unsign', zone, force: true }) as unknown as Command,
    () => zoneWith({ zonemd: draw(5) > 0, ttlSeconds: 60 + draw(3) }),
    () => zoneWith({ labels: { n: `${draw(9)}` } }),
    () => ({ kind: 'zone.put', zone: 'n1.example.com', body: zoneBody }) as unknown as Command,
    () => ({ kind: 'zone.delete', zone: 'n1.example.com', withServices: true, force: true }) as unknown as Command,
  ];
  for (let step = 0; step < 160; step++) {
    const command = (commands[draw(commands.length)] as () => Command)();
    execute(command);
    if (draw(3) > 0) await clock.pass(draw(3) * 0.15);
    const answered = live();
    if (answered === undefined) continue;
    present++;
    if (answered !== right() || Number.parseInt(answered.slice(0, 8), 16) !== serial())
      t.fail(`step ${step}: after ${command.kind} the digest is of something else`);
  }
  t.ok(present > 20, `answered after ${present} of 160 steps`);
});

t.test('by the thread; after a restart that reads the rows, and one that goes on with the table', async (t) => {
  const world = beginSigned(t, { ring: keyring });
  const { store, table, engine, signers, message, must } = world;
  const files = new ZoneFiles(store, table, engine, systemClock);
  files.signing = signers;
  t.teardown(() => files.stop());
  must(zoneWith({ zonemd: true }));
  must(sign());
  const digests = new ZoneDigests({
    store,
    engine,
    signers,
    files: files.looks,
    clock: systemClock,
    log: { warn: () => {} } as never,
  });
  t.teardown(() => digests.stop());
  const live = () => message(zone, TYPE.ZONEMD).records.filter(({ type }) => type === TYPE.ZONEMD).length;
  for (let tries = 0; live() === 0 && tries < 1200; tries++) await sleep(50);
  t.equal(live(), 1);
  t.equal(engine.goOn(), undefined);
  t.equal(live(), 0, 'it is not believed what was there');
  t.equal(dirname(store.shared.file), world.folder);
});

t.test('files with a digest: looked at, replaced or kept as the setting says', async (t) => {
  const world = begin(t);
  const { must, clock, file, store, table, engine, signers } = world;
  const files = new ZoneFiles(store, table, engine, systemClock);
  files.signing = signers;
  t.teardown(() => files.stop());
  const send = (text: string | Uint8Array) => files.import(zone, Buffer.from(text), { actor: 'test', atMs: NOON_MS });
  must({ kind: 'service.delete', name: 'app.example.com' } as unknown as Command);
  must(zoneWith({ zonemd: true }));
  await clock.pass(1);
  const good = file().toString();
  const bad = good.replace('192.0.2.53', '192.0.2.54');
  const own = (): number => (store.rrset(zone, zone, TYPE.ZONEMD) === undefined ? 0 : 1);
  const codes = (result: unknown): string[] =>
    (result as { body: { warnings: { code: string }[] } }).body.warnings.map(({ code }) => code);

  t.match(await send(good), { created: false });
  t.equal(own(), 0, 'the one that is made here takes its place');
  t.same(codes(await send(bad)), ['digest_wrong'], 'a wrong one is told of');
  t.equal(own(), 0);
  t.match(world.execute(put(zone, 'ZONEMD', `1 1 1 ${'00'.repeat(48)}`)), { code: 'apex_conflict' });

  must(zoneWith({ zonemd: false }));
  t.match(await send(bad), { code: 'zone_file_invalid' }, 'it would be answered');
  t.same(codes(await send(good)), ['digest_outdated'], 'of the serial before this import');
  t.equal(own(), 1, 'it stays as it is');
  t.match(world.execute(zoneWith({ zonemd: true })), { code: 'apex_conflict' });
  const unknown = good.replace(/ZONEMD\s+(\d+) 1 1/, 'ZONEMD $1 1 240');
  t.ok(codes(await send(unknown)).includes('digest_unknown'));
  must({ kind: 'rrset.delete', zone, name: zone, type: 'ZONEMD' } as unknown as Command);
  must(zoneWith({ zonemd: true }));
});

t.test(
  'a zone that changes faster than its digest is made has none, which is said once, and has one when it rests',
  async (t) => {
    let isRestless = true;
    let changes = 0;
    const { must, clock, live, right, lines } = begin(t, (make) => async (name) => {
      const made = await make(name);
      if (isRestless) must(put('often.example.com', 'A', `192.0.2.${(changes++ % 250) + 1}`));
      return made;
    });
    must(zoneWith({ zonemd: true }));
    // One is made five times a second.
    for (let looks = 0; looks < 12; looks++) {
      await clock.pass(1);
      t.equal(live(), undefined);
    }
    t.ok(changes > 5, `${changes} changes`);
    t.match(lines, [/changes faster than a digest is made/]);
    isRestless = false;
    await clock.pass(10);
    t.equal(live(), right());
    isRestless = true;
    must(put('often.example.com', 'A', '192.0.2.251'));
    for (let looks = 0; looks < 12; looks++) await clock.pass(1);
    t.equal(lines.length, 2, 'and when it is so again');
  },
);

t.test('a zone whose changes are further apart than a digest takes has one again and again', async (t) => {
  const TAKES_MS = 1000;
  const world = begin(t, (make) => async (name) => {
    const made = await make(name);
    await new Promise<void>((resolve) => void world.clock.after(TAKES_MS, resolve));
    return made;
  });
  const { must, clock, live, signers } = world;
  must(zoneWith({ zonemd: true }));
  t.same([...signers.undigested.keys()], [zone], 'as the metric has it');
  let [present, absent, longest] = [0, 0, 0];
  for (let tenths = 0; tenths < 900; tenths++) {
    if (tenths % 13 === 0) must(put('often.example.com', 'A', `192.0.2.${(tenths % 250) + 1}`));
    await clock.pass(0.1);
    const isThere = live() !== undefined;
    t.equal(signers.undigested.has(zone), !isThere);
    absent = isThere ? 0 : absent + 1;
    longest = Math.max(longest, absent);
    if (isThere) present++;
  }
  t.ok(present > 20, `there for ${present} tenths of a second of 900`);
  t.ok(longest < 150, `away for ${longest} at most`);
  // At rest: within four times what it takes.
  for (let i = 0; i < 7; i++) {
    must(put('often.example.com', 'A', `192.0.2.${i + 1}`));
    await clock.pass(0.3 * i);
    must(put('often.example.com', 'A', `192.0.2.${i + 101}`));
    await clock.pass((4 * TAKES_MS + 200) / 1000);
    t.equal(live(), world.right());
  }
  must(zoneWith({ zonemd: false }));
  t.equal(signers.undigested.size, 0);
});
