/** The client of etcd against etcd itself: three members, which are killed and stopped; users; certificates; compaction; limits. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { loadSettings, type Settings } from '../../src/config.ts';
import type { Etcd } from '../../src/etcd/client.ts';
import { Watch, type WatchEvent } from '../../src/etcd/watch.ts';
import { connectEtcd } from '../../src/server/fleet/connect.ts';
import { NamedFiles } from '../../src/server/named-files.ts';
import { awaited } from '../fixtures/awaited.ts';
import { type EtcdMembers, etcdClient, etcdctl, must, settled, startEtcd } from './etcd.ts';

const ctl = ({ endpoints }: EtcdMembers, ...words: string[]): string => etcdctl(endpoints, ...words);

const put = (etcd: Etcd, key: string, value: string): Promise<unknown> =>
  settled(() => etcd.transact({ compare: [], success: [{ put: key, value }] }));

t.test('three members', async (t) => {
  const members = await startEtcd(3);
  t.teardown(() => members.stop());
  const etcd = etcdClient(members.endpoints);
  t.teardown(() => etcd.close());

  await t.test('a transaction compares, puts, and reads what it put', async (t) => {
    const first = await settled(() =>
      etcd.transact({
        compare: [{ key: 'a/1', modRevision: 0 }],
        success: [{ put: 'a/1', value: 'one' }, { range: { prefix: 'a/' } }],
      }),
    );
    t.match(first, {
      succeeded: true,
      found: [[{ key: 'a/1', value: Buffer.from('one'), modRevision: first.revision }]],
    });
    const again = await settled(() =>
      etcd.transact({
        compare: [{ key: 'a/1', modRevision: 0 }],
        success: [{ put: 'a/1', value: 'two' }],
        failure: [{ range: { key: 'a/1' } }],
      }),
    );
    t.match(again, { succeeded: false, found: [[{ value: Buffer.from('one') }]] });
    const [{ createRevision }] = again.found[0];
    for (const compare of [
      { key: 'a/1', value: 'one' },
      { key: 'a/1', createRevision },
    ] as const)
      t.match(await settled(() => etcd.transact({ compare: [compare], success: [] })), { succeeded: true });
    await put(etcd, 'b', 'beside');
    t.same(
      (await settled(() => etcd.range({ prefix: 'a/' }))).keyValues.map(({ key }) => key),
      ['a/1'],
    );
    t.match(await settled(() => etcd.range({ from: 'a', to: 'z' }, { limit: 1 })), {
      keyValues: { length: 1 },
      more: true,
    });
    t.equal(await settled(() => etcd.delete({ prefix: 'a/' })), 1);
  });

  await t.test('a watch tells every write once and in order, over the death of members and a stop', async (t) => {
    const seen: WatchEvent[] = [];
    let breaks = 0;
    const { revision } = await settled(() => etcd.range({ key: 'w/' }));
    const watch = new Watch(etcd, { prefix: 'w/' }, revision + 1, {
      onEvents: (events) => seen.push(...events),
      onCompacted: () => t.fail('nothing was compacted'),
      onBroken: () => breaks++,
    });
    t.teardown(() => watch.close());
    const writer = etcdClient(members.endpoints);
    t.teardown(() => writer.close());
    let written = 0;
    const write = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) await put(writer, `w/${String(++written).padStart(4, '0')}`, `${written}`);
    };
    await write(20);
    await awaited(
      'what was written',
      () => seen.map(({ key }) => key),
      ({ length }) => length >= 20,
    );
    // Each in turn, so that the one that is watched at is among them.
    for (let n = 0; n < 3; n++) {
      await members.kill(n);
      await write(5);
      members.start(n);
      await members.ready();
    }
    for (let n = 0; n < 3; n++) {
      process.kill(members.pid(n), 'SIGSTOP');
      await write(3);
      // A member that is stopped is found out by a request; a fleet sends one each second.
      await settled(() => etcd.range({ key: 'w/' }));
      process.kill(members.pid(n), 'SIGCONT');
    }
    // Not the last one that came: a put that a stopped member held is carried out when it goes on, behind what came after it.
    const keys = (): Set<string> => new Set(seen.map(({ key }) => key));
    await awaited(
      `all of ${written}`,
      () => ({ breaks, keys: [...keys()].join(' ') }),
      () => keys().size === written,
    );
    // A put whose reply was lost is made again, by this test: a key may come twice, with a later revision.
    const revisions = seen.map(({ modRevision }) => modRevision);
    t.same(
      revisions,
      [...new Set(revisions)].sort((a, b) => a - b),
      'in order, none twice',
    );
    t.equal(keys().size, written, 'none is missing');
    t.ok(breaks > 0, 'and it did break');
    t.ok(breaks < 60, `without a storm: ${breaks}`);
  });

  await t.test('a watch from a compacted past says so, once', async (t) => {
    await put(etcd, 'c', '1');
    const { modRevision } = (await settled(() => etcd.range({ key: 'c' }))).keyValues[0];
    for (let n = 0; n < 5; n++) await put(etcd, 'c', `${n}`);
    ctl(members, 'compact', `${(await settled(() => etcd.range({ key: 'c' }))).revision}`);
    let compacted = 0;
    new Watch(etcd, { key: 'c' }, modRevision, {
      onEvents: () => t.fail('nothing is told'),
      onCompacted: () => compacted++,
      onBroken: () => {},
    });
    await awaited('that it is compacted', () => compacted);
    t.equal(compacted, 1);
  });

  await t.test('a lease takes its keys along when it is not kept', async (t) => {
    const kept = async (): Promise<{ lease: string; seconds: number }> => {
      const lease = await settled(() => etcd.grant(2));
      await settled(() => etcd.transact({ compare: [], success: [{ put: 'leased', value: 'x', lease }] }));
      return { lease, seconds: must(await etcd.keepAlive(lease)) };
    };
    // On a machine that stands still it may be over before it is kept.
    const { lease } = await awaited('a lease that is kept', kept, ({ seconds }) => seconds > 0);
    while ((await settled(() => etcd.range({ key: 'leased' }))).keyValues.length > 0) await sleep(200);
    t.equal(must(await etcd.keepAlive(lease)), 0, 'it has ended');
    const other = await settled(() => etcd.grant(60));
    await settled(() => etcd.transact({ compare: [], success: [{ put: 'leased', value: 'x', lease: other }] }));
    t.equal(await etcd.revoke(other), undefined);
    t.same((await settled(() => etcd.range({ key: 'leased' }))).keyValues, []);
  });

  await t.test('what is too large is refused, and surely not done', async (t) => {
    const value = 'x'.repeat(1600 * 1024);
    const refused = await etcd.transact({ compare: [], success: [{ put: 'large', value }] });
    t.match(refused, { kind: 'refused', isDoubtful: false });
    t.same((await settled(() => etcd.range({ key: 'large' }))).keyValues, []);
  });

  await t.test('each member says how it is', async (t) => {
    await members.ready();
    const found = await etcd.members();
    t.equal(found.length, 3);
    for (const member of found) t.match(member, { version: /^3\./, errors: [] });
  });

  await t.test('without a quorum a request fails in time and may have been done; nothing hangs', async (t) => {
    await Promise.all([members.kill(0), members.kill(1)]);
    const lost = await etcd.transact({ compare: [], success: [{ put: 'q', value: 'x' }] });
    t.match(lost, { kind: 'unreachable' });
    await members.kill(2);
    for (let n = 0; n < 3; n++) await etcd.range({ key: 'q' });
    t.match(await etcd.range({ key: 'q' }), { kind: 'unreachable', isDoubtful: false }, 'nobody to send it to');
    for (let n = 0; n < 3; n++) members.start(n);
    await members.ready();
    await settled(() => etcd.range({ key: 'q' }));
  });
});

t.test('users and passwords', async (t) => {
  // The shortest life that a token can have is a second.
  const members = await startEtcd(1, { words: ['--auth-token-ttl', '1'] });
  t.teardown(() => members.stop());
  const etcd = etcdClient(members.endpoints, { login: { user: 'root', password: 'secret' } });
  t.teardown(() => etcd.close());
  await put(etcd, 'k', 'before anybody is asked who he is');
  for (const words of [
    ['user', 'add', 'root:secret'],
    ['user', 'grant-role', 'root', 'root'],
    ['auth', 'enable'],
  ])
    ctl(members, ...words);
  await put(etcd, 'k', '1');
  const seen: string[] = [];
  const { revision } = await settled(() => etcd.range({ key: 'k' }));
  const watch = new Watch(etcd, { key: 'k' }, revision + 1, {
    onEvents: (events) => seen.push(...events.map(({ value }) => value.toString())),
    onCompacted: () => t.fail('nothing was compacted'),
    onBroken: () => {},
  });
  t.teardown(() => watch.close());
  // It ends when it was not used for its life; etcd looks once in a while.
  await sleep(4000);
  await put(etcd, 'k', '2');
  await awaited(
    'the second one',
    () => seen,
    (values) => values.includes('2'),
  );
  for (const login of [undefined, { user: 'root', password: 'wrong' }, { user: 'nobody', password: 'secret' }]) {
    const stranger = etcdClient(members.endpoints, { login });
    t.match(await stranger.range({ key: 'k' }), { kind: 'denied', isDoubtful: false }, JSON.stringify(login));
    stranger.close();
  }
});

t.test('certificates both ways', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'teal-etcd-tls-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const openssl = (...words: string[]): void => {
    execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
  };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...curve, '-subj', '/CN=ca', '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem');
  writeFileSync(join(folder, 'ext'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
  for (const name of ['member', 'node']) {
    openssl('req', ...curve, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'ext'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`);
  }
  const at = (file: string): string => join(folder, file);
  const tls = { ca: readFileSync(at('ca.pem')), cert: readFileSync(at('node.pem')), key: readFileSync(at('node.key')) };
  const own = ['--cert-file', at('member.pem'), '--key-file', at('member.key')];
  const words = [...own, '--client-cert-auth', '--trusted-ca-file', at('ca.pem')];
  const members = await startEtcd(1, { words, client: { tls: () => tls }, isTls: true });
  t.teardown(() => members.stop());
  const etcd = etcdClient(members.endpoints, { tls: () => tls });
  t.teardown(() => etcd.close());
  await put(etcd, 'k', '1');
  for (const [what, wrong] of [
    ['no certificate of its own', () => ({ ca: tls.ca })],
    ['another authority', undefined],
  ] as const) {
    const stranger = etcdClient(members.endpoints, { tls: wrong });
    t.match(await stranger.range({ key: 'k' }), { kind: 'unreachable' }, what);
    stranger.close();
  }

  // Renewed in place: the pair of another authority first, then a half of it, then the right one, then none.
  openssl('req', '-x509', ...curve, '-subj', '/CN=old', '-days', '1', '-keyout', 'old.key', '-out', 'old.pem');
  const [certFile, keyFile] = [at('renewed.pem'), at('renewed.key')];
  const renew = (cert: string, key: string): void => {
    copyFileSync(at(cert), certFile);
    copyFileSync(at(key), keyFile);
  };
  renew('old.pem', 'old.key');
  const text = JSON.stringify({
    fleet: { name: 'f', node: 'n', endpoints: members.endpoints, tls: { caFile: at('ca.pem'), certFile, keyFile } },
  });
  const { fleet } = loadSettings({ file: { name: 'teal.yaml', text }, env: {}, flags: {} }) as Settings;
  const told: string[] = [];
  const renewing = connectEtcd(fleet as NonNullable<Settings['fleet']>, new NamedFiles(), {
    warn: ({ reason }: { reason: string }) => told.push(reason),
  });
  t.teardown(() => renewing.close());
  t.match(await renewing.range({ key: 'k' }), { kind: 'unreachable' }, 'it is of another authority');
  renew('node.pem', 'old.key');
  await renewing.range({ key: 'k' });
  t.match(told, [/^fleet\.tls: expected PEM, found: .*key values mismatch/]);
  renew('node.pem', 'node.key');
  await settled(() => renewing.range({ key: 'k' }));
  for (const file of [certFile, keyFile]) writeFileSync(file, 'junk');
  await members.kill(0);
  // Found dead by a request: a connection that finds its member back by itself reads no file again.
  t.match(await renewing.range({ key: 'k' }), { kind: 'unreachable' });
  members.start(0);
  await settled(() => renewing.range({ key: 'k' }));
  t.equal(told.length, 2, 'told once each');
  t.match(await renewing.members(), [{ endpoint: members.endpoints[0] }], 'members are asked by it too');
});
