/** What is full: etcd's quota, the disk of one of its members, the disk of a nameserver. Answers go on, and it is said what to do. */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { EtcdFailure } from '../../src/etcd/failure.ts';
import { comesTo, soon } from '../fixtures/soon.ts';
import { etcdClient, etcdctl } from './etcd.ts';
import { Checker, FleetFixture, until } from './fleet.ts';

const MIB = 2 ** 20;
const QUOTA_BYTES = 24 * MIB;
const FILLER_BYTES = 512 * 1024;
const NAMES = ['ns1', 'ns2'];

interface SmallDisk {
  readonly folder: string;
  /** Leaves no room. */
  fill(): void;
  free(): void;
}

/** A file system of its own in memory; undefined where the system has none for us. */
function smallDisk(t: Test, mebibytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'teal-small-disk-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700`, 'tmpfs', folder]);
  if (status !== 0) {
    t.comment('LEFT OUT: the system mounts no file system for us');
    return undefined;
  }
  t.teardown(() => execFileSync('umount', ['--lazy', folder]));
  const filler = join(folder, 'filler');
  const fill = (): void => {
    const file = openSync(filler, 'w');
    try {
      for (const piece of [MIB, 4096]) writeUntilFull(file, Buffer.alloc(piece));
    } finally {
      closeSync(file);
    }
  };
  return { folder, fill, free: () => rmSync(filler, { force: true }) };
}

function writeUntilFull(file: number, piece: Buffer): void {
  try {
    while (writeSync(file, piece) === piece.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

const logged = (fleet: FleetFixture, name: string, words: RegExp): boolean =>
  fleet.node(name).process.log.some(({ msg }) => words.test(String(msg)));

t.test("etcd's quota", async (t) => {
  const fleet = await FleetFixture.start(2, {}, { etcdWords: ['--quota-backend-bytes', String(QUOTA_BYTES)] });
  t.teardown(() => fleet.stop());
  const checker = new Checker(fleet);
  checker.begin();
  const { endpoints } = fleet.etcd;
  const etcd = etcdClient(endpoints);
  t.teardown(() => etcd.close());
  const put = (n: number) =>
    etcd.transact({ compare: [], success: [{ put: `filler/${n}`, value: Buffer.alloc(FILLER_BYTES, n) }] });
  const roomAt = async (name: string) => (await fleet.node(name).process.call('GET', '/readyz')).body.fleet.etcd?.room;
  const isAt = (room: string) => async (): Promise<boolean> =>
    (await Promise.all(NAMES.map(roomAt))).every((found) => found === room);

  await until('it is known', isAt('ample'));
  const { body } = await fleet.node('ns1').process.call('GET', '/v1/fleet');
  for (const { quotaBytes } of body.members) t.equal(quotaBytes, QUOTA_BYTES, 'as it was given, and not assumed');
  let n = 0;
  const used = async (): Promise<number> =>
    Math.max(...(await etcd.members()).map((member) => ('databaseBytes' in member ? member.databaseBytes : 0)));
  for (; (await used()) < QUOTA_BYTES * 0.6; n++) await put(n);
  await until('half of it is used', isAt('warn'));
  for (const name of NAMES) await soon(t).ok(() => logged(fleet, name, /half of its quota/), `${name} says so`);
  t.ok((await checker.writeToAll('ns1')).status < 300);

  let refused: unknown;
  while (!(refused instanceof EtcdFailure && refused.kind === 'full')) refused = await put(n++);
  const shift = await checker.write('ns1');
  t.match(shift, { status: 503, body: { code: 'fleet_unavailable', detail: /space exceeded/ } });
  await until('it is full', isAt('full'));
  const { log } = fleet.node('ns2').process;
  const said = () => log.find(({ msg }) => /etcd is full/.test(String(msg)));
  await comesTo(said, (found) => found !== undefined);
  t.match(said(), { level: 'error', quotaBytes: QUOTA_BYTES });
  const metrics = await fetch(`${fleet.node('ns2').process.admin}/metrics`, {
    headers: { authorization: `Bearer ${fleet.node('ns2').process.token}` },
  });
  const page = await metrics.text();
  t.match(page, new RegExp(`^teal_fleet_etcd_quota_bytes\\{member="\\S+"\\} ${QUOTA_BYTES}$`, 'm'));
  t.match(page, /^teal_fleet_etcd_full\{member="\S+"\} 1$/m);
  const answers = checker.answers;
  await until('answers go on', async () => checker.answers > answers + 100);

  // As docs/fleet.md says.
  await etcd.delete({ prefix: 'filler/' });
  const found = await etcd.range({ key: 'filler/' });
  etcdctl(endpoints, 'compact', '--physical', String('revision' in found ? found.revision : 0));
  for (const endpoint of endpoints) etcdctl([endpoint], 'defrag');
  etcdctl(endpoints, 'alarm', 'disarm');
  await until('a shift', async () => (await checker.write('ns2')).status < 300);
  await until('there is room', isAt('ample'));
  for (const name of NAMES) await fleet.live(name);
  t.match((await checker.writeToAll('ns1')).body.fleet, { answering: NAMES, behind: [] });
  await checker.end();
  t.same(checker.faults, []);
});

t.test('the disk of a nameserver', async (t) => {
  const disk = smallDisk(t, 32);
  if (disk === undefined) return;
  const fleet = await FleetFixture.start(2, {}, { place: (name) => (name === 'ns2' ? { folder: disk.folder } : {}) });
  t.teardown(() => fleet.stop());
  const checker = new Checker(fleet, { mayLeave: true });
  checker.begin();
  t.match(await checker.writeToAll('ns1'), { body: { fleet: { behind: [] } } });
  disk.fill();
  const standing = async () => (await fleet.node('ns2').process.call('GET', '/readyz')).body;
  await until('it is out', async () => {
    const { body } = await checker.write('ns1');
    return body.fleet.behind.some(({ node }: { node: string }) => node === 'ns2');
  });
  const behind = await checker.write('ns1');
  t.match(behind, { status: 200, body: { fleet: { answering: ['ns1'], behind: [{ node: 'ns2' }] } } });
  t.equal(behind.headers.get('teal-behind'), `"ns2";revision=${behind.body.fleet.behind[0].revision}`);
  const { body } = await fleet.node('ns2').process.call('GET', '/v1/fleet');
  t.match(body, { standing: 'out', current: false, message: /cannot apply the log/ });
  t.equal((await checker.write('ns2')).status, 503, 'it takes no change itself');
  const answers = checker.answers;
  await until('both answer', async () => checker.answers > answers + 100);
  disk.free();
  await until('it comes back by itself', async () => (await standing()).fleet?.standing === 'live');
  await fleet.live('ns2');
  t.match((await checker.writeToAll('ns2')).body.fleet, { answering: NAMES, behind: [] });
  await checker.end();
  t.same(checker.faults, []);
});

t.test('the disk of a member', async (t) => {
  // Its log alone takes two files of 64 MiB.
  const disk = smallDisk(t, 192);
  if (disk === undefined) return;
  const folderOf = (member: number) => (member === 0 ? join(disk.folder, 'm0') : undefined);
  const fleet = await FleetFixture.start(2, {}, { etcdFolderOf: folderOf });
  t.teardown(() => fleet.stop());
  const checker = new Checker(fleet);
  checker.begin();
  disk.fill();
  const etcd = etcdClient(fleet.etcd.endpoints);
  t.teardown(() => etcd.close());
  for (let n = 0; !fleet.etcd.hasEnded(0); n++) {
    await etcd.transact({ compare: [], success: [{ put: 'filler', value: Buffer.alloc(FILLER_BYTES, n) }] });
    t.ok(n < 500, 'a member without a disk ends') || process.exit(1);
  }
  await until('changes go on', async () => (await checker.write('ns1')).status < 300);
  for (const name of NAMES) await fleet.live(name);
  t.match((await checker.writeToAll('ns2')).body.fleet, { answering: NAMES, behind: [] });
  disk.free();
  fleet.etcd.start(0);
  await fleet.etcd.ready();
  await until('it is there again', async () => {
    const { members } = (await fleet.node('ns1').process.call('GET', '/v1/fleet')).body;
    return members.every(({ reachable }: { reachable: boolean }) => reachable) || JSON.stringify(members);
  });
  await checker.end();
  t.same(checker.faults, []);
});
