/** An import that would fill the disk is refused before it does, and shifts go on where nobody makes room, though their own log would use up what there is. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { surroundings, withoutTap } from '../fixtures/environment.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { soon } from '../fixtures/soon.ts';

const WEIGHTS = '/v1/services/app.example.test/weights';
/** Of a line, in bytes: few large lines fill a disk with less work than many small ones. */
const LINE = 'x'.repeat(250);
/** For each MiB of the disk, as much as that, and more: it has room for less than half. */
const NAMES = 2 ** 20 / LINE.length;
/** Their log is as much as what an import leaves free, and more. */
const SHIFTS = 150;
const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0;

/** Words before a command that has `folder` on a disk of its own. */
function onDisk(folder: string, mebibytes: number): string[] {
  const script = `mount -t tmpfs -o size=${mebibytes}m,mode=700 tmpfs '${folder}'; exec "$0" "$@"`;
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script];
}

async function startOn(t: Test, mebibytes: number): Promise<TealProcess> {
  const folder = temporaryFolder(t);
  const wrapper = onDisk(folder, mebibytes);
  const teal = await startTeal(folder, { wrapper, env: { TEAL_ADMIN_TOKEN: '4f1c9b2e7a5d8036-of-the-test' } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  return teal;
}

async function importZone(teal: TealProcess, zone: string, names: number): Promise<{ status: number; body: unknown }> {
  const lines = ['@ SOA ns1 admin 1 1 1 1 60', '@ NS ns1', 'ns1 A 192.0.2.1'];
  for (let i = 0; i < names; i++) lines.push(`host-${i} TXT ${LINE}`);
  const reply = await fetch(`${teal.admin}/v1/zones/${zone}/file`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' },
    body: `$ORIGIN ${zone}.\n$TTL 60\n${lines.join('\n')}\n`,
  });
  return { status: reply.status, body: await reply.json() };
}

/** The statuses of some, one after the other. */
async function shifts(teal: TealProcess, count: number): Promise<Set<number>> {
  const statuses = new Set<number>();
  for (let i = 1; i <= count; i++) {
    statuses.add((await teal.call('PUT', WEIGHTS, { blue: i, green: 1 })).status);
  }
  return statuses;
}

for (const mebibytes of [6, 24]) {
  t.test(`an import on a disk of ${mebibytes} MiB`, { skip: !mayMount }, async (t) => {
    const teal = await startOn(t, mebibytes);
    const refused = {
      status: 503,
      body: { code: 'store_unavailable', detail: /the disk has no room for it: the last 4 MiB are kept/ },
    };
    for (const [zone, count] of [
      ['large.test', 3],
      ['other.test', SHIFTS],
    ] as const) {
      t.match(await importZone(teal, zone, mebibytes * NAMES), refused);
      t.same(await shifts(teal, count), new Set([200]), 'each shift after it is taken');
    }
    t.match(await teal.call('GET', '/readyz'), { status: 200 });
    // What was staged is swept out by and by, and its room used again.
    if (mebibytes > 6) {
      const imported = async () => (await importZone(teal, 'less.test', 2 * NAMES)).status;
      await soon(t).equal(imported, 201, 'a smaller one has room');
    }
    t.equal((await teal.end('SIGTERM')).code, 0);
  });
}

t.test('a log that is brought in early, as there is no room for one of its length', { skip: !mayMount }, async (t) => {
  const teal = await startOn(t, 6);
  t.same(await shifts(teal, 2 * SHIFTS), new Set([200]));
  t.equal((await teal.end('SIGTERM')).code, 0);
});

for (const who of ['a change', 'the import'])
  t.test(`somebody else takes all that is free, and ${who} notices it first`, { skip: !mayMount }, async (t) => {
    const folder = temporaryFolder(t);
    const program = fileURLToPath(new URL('disk-filled.ts', import.meta.url));
    const [command, ...words] = [...withoutTap, ...onDisk(folder, 128), process.execPath, program, folder, who];
    const { stdout, stderr } = spawnSync(command as string, words, { encoding: 'utf8', env: surroundings });
    t.equal(stderr, '');
    const { logBytes, first, refusal, refused } = JSON.parse(stdout || '{}');
    t.ok(logBytes > 20 * 2 ** 20, 'the database has no room for that but what was taken before');
    t.equal(first, undefined, 'a change that finds no room in the log has it begin anew');
    t.match(refusal, /the disk has no room for it/);
    t.same(refused, [null], 'and each one after the import is taken');
  });
