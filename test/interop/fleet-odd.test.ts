/**
 * What seldom happens to a fleet: a watch that falls silent, an entry of a later version of Teal, an etcd that has lost all
 * its data, two sites of which one is lost. Every node answers all the while, and none claims what it cannot know.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { envelopeTools } from '../../src/control/log/chunks.ts';
import { sealEntry } from '../../src/model/fleet/envelope.ts';
import { fleetPrefix, HEAD_KEY, logKey } from '../../src/model/fleet/keys.ts';
import { encodeRevision } from '../../src/model/fleet/records.ts';
import { etcdClient } from './etcd.ts';
import { Checker, FleetFixture, until } from './fleet.ts';
import { inNamespaces } from './validated/namespaces.ts';
import { areThere } from './validated/ran.ts';

const PREFIX = fleetPrefix('test');

/** Loaded before all else: as long as a file is there, nothing that a watch tells arrives. */
const SILENT_WATCH = `
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
globalThis.isWatchSilent = () => existsSync(process.env.TEAL_TEST_SILENT);
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('/etcd/watch.ts')) return loaded;
    const source = String(loaded.source);
    const mutated = source.replace('if (this.#stream !== stream) return;\\n      listenOn', 'if (this.#stream !== stream || globalThis.isWatchSilent()) return;\\n      listenOn');
    if (mutated === source) throw new Error('the watch is not where it was');
    return { ...loaded, source: mutated };
  },
});`;

t.test('a node whose watches fall silent goes on, and claims only what is so', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'teal-silent-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const flag = join(folder, 'silent');
  const deaf = {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(SILENT_WATCH)}`,
    TEAL_TEST_SILENT: flag,
    TEAL_LOG_LEVEL: 'debug',
  };
  const fleet = await FleetFixture.start(2, {}, { place: (name) => (name === 'ns2' ? { env: deaf } : {}) });
  t.teardown(() => fleet.stop());
  const checker = new Checker(fleet);
  checker.begin();
  t.match((await checker.writeToAll('ns1')).body.fleet, { behind: [] });
  writeFileSync(flag, '');
  const silentAt = performance.now();
  const { log } = fleet.node('ns2').process;
  const wasFoundOut = (): boolean =>
    log.some(({ words }) => /the watch is silent|another member is asked/.test(String(words)));
  let writes = 0;
  await until('it is found out', async () => {
    t.equal((await checker.write(writes++ % 2 === 0 ? 'ns1' : 'ns2')).status, 200);
    return wasFoundOut();
  });
  t.comment(`found out after ${Math.round(performance.now() - silentAt)} ms`);
  await fleet.live('ns2');
  rmSync(flag);
  await until('all is as before', async () => (await checker.write('ns1')).body.fleet.behind.length === 0);
  await checker.end();
  t.comment(`${writes} writes meanwhile; ${checker.claimed} of ${checker.answers} answers claimed`);
  t.same(checker.faults, []);
});

t.test('an entry of a later version', async (t) => {
  const fleet = await FleetFixture.start(2);
  t.teardown(() => fleet.stop());
  const checker = new Checker(fleet);
  checker.begin();
  await checker.write('ns1');
  const etcd = etcdClient(fleet.etcd.endpoints);
  t.teardown(() => etcd.close());
  const { revision } = (await fleet.node('ns1').process.call('GET', '/v1/fleet')).body;
  const text = JSON.stringify({ format: 2, revision: { revision: revision + 1 }, changes: [{ op: 'moveMountain' }] });
  const { value } = sealEntry({ id: randomUUID(), revision: revision + 1, epoch: 0 }, text, envelopeTools);
  const success = [
    { put: PREFIX + logKey(revision + 1), value },
    { put: PREFIX + HEAD_KEY, value: encodeRevision(revision + 1) },
  ];
  t.match(await etcd.transact({ compare: [{ key: PREFIX + HEAD_KEY, value: encodeRevision(revision) }], success }), {
    succeeded: true,
  });
  for (const { name, process: teal } of fleet.nodes) {
    await until(`${name} is out`, async () => (await teal.call('GET', '/readyz')).body.fleet.standing === 'out');
    const { body } = await teal.call('GET', '/v1/fleet');
    t.match(body, { standing: 'out', current: false, message: /newer version/, revision });
    t.match(await teal.call('PUT', '/v1/services/app.example.test/weights', { blue: 1, green: 1 }), {
      status: 503,
      body: { code: 'fleet_unavailable', detail: /newer version/ },
    });
  }
  const answers = checker.answers;
  await until('both answer', async () => checker.answers > answers + 100);
  await checker.end();
  t.same(checker.faults, []);
});

t.test('etcd has lost all its data', async (t) => {
  const fleet = await FleetFixture.start(2);
  t.teardown(() => fleet.stop());
  const checker = new Checker(fleet);
  checker.begin();
  await checker.write('ns1');
  const etcd = etcdClient(fleet.etcd.endpoints);
  t.teardown(() => etcd.close());
  await etcd.delete({ prefix: PREFIX });
  for (const { name, process: teal } of fleet.nodes) {
    await until(`${name} claims nothing`, async () => !(await teal.call('GET', '/readyz')).body.fleet.current);
    const refused = await teal.call('PUT', '/v1/services/app.example.test/weights', { blue: 1, green: 1 });
    t.equal(refused.status, 503, JSON.stringify(refused.body));
  }
  const answers = checker.answers;
  await until('both answer', async () => checker.answers > answers + 100);
  await checker.end();
  t.same(checker.faults, []);
});

t.test('two sites', async (t) => {
  if (!areThere) {
    t.comment('LEFT OUT: the system has no network namespaces for us');
    return;
  }
  const [unshare, ...words] = inNamespaces;
  const sites = fileURLToPath(new URL('./faults/sites.ts', import.meta.url));
  const child = spawn(unshare, [...words, process.execPath, sites], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  let told = '';
  for await (const piece of child.stdout) told += piece;
  const { error, ...happened } = JSON.parse(told.trim().split('\n').at(-1) ?? '');
  t.equal(error, undefined);
  t.match(happened, {
    together: ['ns1', 'ns2'],
    parted: { answering: ['ns1'], behind: [{ node: 'ns2' }] },
    atTheSecond: '503 fleet_unavailable',
    mended: ['ns1', 'ns2'],
    withoutTheFirst: '503 fleet_unavailable',
    back: ['ns1', 'ns2'],
    faults: [],
  });
});
