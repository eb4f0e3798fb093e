/** An upgrade of a server that answers by AF_XDP: somebody answers at each moment of it, however long a start takes. */
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { comesTo } from '../fixtures/soon.ts';
import { SERVER } from '../fixtures/two-namespaces.ts';
import { datagramsToSockets, startXdp } from '../fixtures/xdp-server.ts';
import { isByXdp, isLeftAlone, onWire } from '../fixtures/xdp-tests.ts';

const QUERIES = 20;

/** Loaded into each thread of each process: those of data processes wait to be told, each by its name, while a file is there. */
function waitingStart(folder: string): string {
  return `
    import fs from 'node:fs';
    import { isMainThread, threadId } from 'node:worker_threads';
    const isData = isMainThread ? process.argv[2] === 'data' : process.title === 'teal: data';
    if (isData && fs.existsSync('${folder}/held')) {
      const name = process.pid + '-' + (isMainThread ? 'process' : 'worker-' + threadId);
      fs.writeFileSync('${folder}/waits-' + name, '');
      while (!fs.existsSync('${folder}/go-' + name)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }`;
}

onWire('teal upgrade: while its processes and their threads start, others answer', {}, async (t, wire) => {
  const folder = fs.mkdtempSync(join(os.tmpdir(), 'teal-held-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true, force: true }));
  const teal = await startXdp(wire, t.testdir(), {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(waitingStart(folder))}`,
  });
  t.teardown(() => teal.child.kill('SIGKILL'));
  if (!(await isByXdp(t, teal))) return;
  const listening = (): unknown[] =>
    teal.log.filter(({ msg }) => msg === 'dns listening').map(({ transport }) => transport);
  const isOver = (): boolean => teal.log.some(({ msg }) => /upgraded/.test(String(msg)));
  fs.writeFileSync(join(folder, 'held'), '');
  process.kill(teal.pid, 'SIGUSR2');
  const released: string[] = [];
  const held = (): string[] =>
    fs
      .readdirSync(folder)
      .flatMap((file) => /^waits-(.*)$/.exec(file)?.[1] ?? [])
      .filter((name) => !released.includes(name));
  while ((await comesTo(() => held().length > 0 || isOver(), Boolean)) && !isOver()) {
    for (const name of held()) {
      for (let i = 0; i < QUERIES; i++) {
        const { answers } = await askUdp(SERVER.v4, 53, buildQuery({ name: 'app.example.test' }));
        if (answers.length !== 1) t.fail(`no answer while ${name} starts`);
      }
      fs.writeFileSync(join(folder, `go-${name}`), '');
      released.push(name);
    }
  }
  t.equal(teal.log.find(({ msg }) => /upgraded/.test(String(msg)))?.msg, 'upgraded');
  const processes = released.filter((name) => name.endsWith('process'));
  t.equal(processes.length, 2, 'one that answers by sockets in between');
  // Of each a thread for UDP and one for TCP.
  t.equal(released.length, 3 * processes.length);
  t.same(new Set(listening().slice(0, 2)), new Set(['xdp']));
  t.same(new Set(listening().slice(2, 4)), new Set(['batch']));
  t.same(new Set(listening().slice(4)), new Set(['xdp']));
  const before = datagramsToSockets(wire);
  t.equal((await askUdp(SERVER.v4, 53, buildQuery({ name: 'app.example.test' }))).answers.length, 1);
  t.equal(datagramsToSockets(wire), before, 'by AF_XDP again');
  t.same(
    teal.log.filter(({ level }) => level === 'warn'),
    [],
  );
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
  t.ok(await isLeftAlone(wire));
});
