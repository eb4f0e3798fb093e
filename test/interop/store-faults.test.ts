/** The store breaks under a running server, for real: disk errors by strace, files cut off, overwritten, taken away. No answer is lost. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { zoneFile } from '../../bench/import.ts';
import { buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { controlPid } from '../fixtures/planes.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

const QUERIES = 6000;
/** Queries on their way at once. */
const AT_ONCE = 50;
/** A query is lost when it has no reply by then; no bound on how fast a busy machine answers. */
const PATIENCE_MS = 60_000;
const query = buildQuery({ name: 'app.example.test', type: 'A' });
const weights = '/v1/services/app.example.test/weights';

/** Asks so many times while `work` goes on; how many were not answered with an address. */
async function lostWhile(port: number, work: () => Promise<void>): Promise<number> {
  const client = await UdpClient.open('127.0.0.1', port);
  let left = QUERIES;
  let lost = 0;
  let isOver = false;
  const worked = work().finally(() => {
    isOver = true;
  });
  const asker = async (): Promise<void> => {
    while (left-- > 0 || !isOver) {
      const reply = await client.ask(query, PATIENCE_MS).catch(() => undefined);
      if (reply?.answers.length !== 1) lost++;
    }
  };
  await Promise.all([worked, ...Array.from({ length: AT_ONCE }, asker)]);
  await client.close();
  return lost;
}

/** Waits for what comes sooner or later. */
async function until(what: () => Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 600; i++) {
    if (await what()) return true;
    await wait(100);
  }
  return false;
}

const codeOf = async (teal: TealProcess, method: string, path: string, body?: unknown): Promise<string | number> => {
  const reply = await teal.call(method, path, body);
  return reply.body?.code ?? reply.status;
};

/** A server with much to read and with everything under way that looks into the store by itself. */
async function startBusy(t: Test): Promise<{ teal: TealProcess; folder: string; target: net.Server }> {
  const folder = temporaryFolder(t);
  const teal = await startTeal(folder, { env: { TEAL_PROBES_ALLOW: '127.0.0.0/8' } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const headers = { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' };
  // Far more than SQLite keeps in memory.
  const body = new Uint8Array(zoneFile(60_000));
  t.equal((await fetch(`${teal.admin}/v1/zones/big.test/file`, { method: 'PUT', headers, body })).status, 201);
  const target = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port } = target.address() as net.AddressInfo;
  const pools = { blue: { weight: 1, targets: ['127.0.0.1'] }, green: { weight: 1, targets: ['127.0.0.2'] } };
  const health = { tcp: { port }, intervalSeconds: 1, timeoutSeconds: 1, rise: 1, fall: 1 };
  t.equal(await codeOf(teal, 'PUT', '/v1/services/checked.example.test', { pools, health }), 201);
  const steps = [{ setWeight: 100 }, { drain: {} }, { pause: {} }];
  t.equal(await codeOf(teal, 'POST', '/v1/services/checked.example.test/releases', { to: 'green', steps }), 201);
  return { teal, folder, target };
}

/** Every read of a file by position fails with EIO until the result is called. */
async function failReads(teal: TealProcess): Promise<() => Promise<void>> {
  const words = ['-f', '-qq', '-e', 'trace=pread64', '-e', 'inject=pread64:error=EIO', '-o', '/dev/null'];
  const strace: ChildProcess = spawn('strace', [...words, '-p', String(controlPid(teal.pid))], { stdio: 'ignore' });
  const broken = await until(async () => (await codeOf(teal, 'GET', '/readyz')) === 'store_unavailable');
  if (!broken) throw new Error('strace did not attach');
  return async () => {
    strace.kill('SIGINT');
    await once(strace, 'exit');
  };
}

t.test('the disk gives EIO for every read', async (t) => {
  const { teal, target } = await startBusy(t);
  const lost = await lostWhile(teal.dnsPort, async () => {
    const mend = await failReads(teal);
    // A probe's event comes while it lasts.
    target.close();
    for (let i = 0; i < 20; i++) {
      t.equal(await codeOf(teal, 'PUT', weights, { blue: i, green: 1 }), 'store_unavailable');
      await codeOf(teal, 'GET', `/v1/zones/big.test/rrsets?limit=1000`);
      await wait(100);
    }
    t.equal(await codeOf(teal, 'GET', '/v1/zones/big.test/file'), 'store_unavailable', 'the builder thread too');
    t.match(
      await (await fetch(`${teal.admin}/metrics`, { headers: { authorization: `Bearer ${teal.token}` } })).text(),
      /^teal_store_readable 0$/m,
    );
    await mend();
  });
  t.equal(lost, 0, `of ${QUERIES} or more`);
  t.ok(await until(async () => (await codeOf(teal, 'GET', '/readyz')) === 200), 'ready again by itself');
  t.equal(await codeOf(teal, 'PUT', weights, { blue: 1, green: 1 }), 200);
  const releases = '/v1/services/checked.example.test/releases';
  t.ok(
    await until(async () => {
      const { body } = await teal.call('GET', releases);
      return body?.items?.[0]?.stepIndex === 2;
    }),
    'the drain step went on',
  );
  const isSaid = async () => teal.log.some(({ part, level }) => part === 'store' && level === 'error');
  t.ok(await until(isSaid), 'one line says so');
  const isTold = async () => teal.log.some(({ msg }) => msg === 'the store can be used again');
  t.ok(await until(isTold), 'and one that it is over');
  t.notOk(teal.log.some(({ level }) => level === 'fatal'));
  t.match(await teal.end('SIGTERM'), { code: 0, signal: null });
});

const damages: Readonly<Record<string, (file: string) => () => void>> = {
  'the database is cut off': (file) => {
    const bytes = readFileSync(file);
    truncateSync(file, 0);
    return () => writeFileSync(file, bytes, { flag: 'r+' });
  },
  'the database is overwritten': (file) => {
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.alloc(bytes.length, 0x5a), { flag: 'r+' });
    return () => writeFileSync(file, bytes, { flag: 'r+' });
  },
  'another database is moved over it': (file) => {
    renameSync(file, `${file}.aside`);
    writeFileSync(file, readFileSync(`${file}.aside`));
    return () => renameSync(`${file}.aside`, file);
  },
};

for (const [title, damage] of Object.entries(damages)) {
  for (const isMended of [true, false]) {
    t.test(`${title}, ${isMended ? 'and mended' : 'and the server is stopped so'}`, async (t) => {
      const { teal, folder, target } = await startBusy(t);
      let mend = (): void => {};
      const lost = await lostWhile(teal.dnsPort, async () => {
        mend = damage(join(folder, 'teal.db'));
        target.close();
        for (let i = 0; i < 20; i++) {
          t.equal(await codeOf(teal, 'PUT', weights, { blue: i, green: 1 }), 'store_unavailable');
          await codeOf(teal, 'GET', `/v1/zones/big.test/rrsets?limit=1000&after=n${i}.big.test/A`);
          await wait(50);
        }
        t.equal(await codeOf(teal, 'GET', '/readyz'), 'store_unavailable');
        if (isMended) mend();
      });
      t.equal(lost, 0, `of ${QUERIES} or more`);
      if (isMended) {
        t.ok(await until(async () => (await codeOf(teal, 'GET', '/readyz')) === 200), 'ready again by itself');
        t.equal(await codeOf(teal, 'PUT', weights, { blue: 1, green: 1 }), 200);
      }
      t.notOk(teal.log.some(({ level }) => level === 'fatal'));
      t.match(await teal.end('SIGTERM'), { code: 0, signal: null });
    });
  }
}
