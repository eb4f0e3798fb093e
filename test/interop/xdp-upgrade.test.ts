/** An upgrade of a server that answers by AF_XDP: somebody answers at each moment of it, however long a start takes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { surroundings } from '../fixtures/environment.ts';
import type { TealProcess } from '../fixtures/process.ts';
import { comesTo } from '../fixtures/soon.ts';
import { endsWithUs } from '../fixtures/tidying.ts';
import { SERVER, type Wire } from '../fixtures/two-namespaces.ts';
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
      while (!fs.existsSync('${folder}/go-' + name)) {
        // The test is over.
        if (!fs.existsSync('${folder}')) process.exit(1);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
      if (fs.readFileSync('${folder}/go-' + name, 'utf8') === 'fail') process.exit(1);
    }`;
}

/** What `teal upgrade` prints, and its exit code. `data`: the server's directory. */
async function command(data: string): Promise<string> {
  const words = ['src/main.ts', 'upgrade', '--data-dir', data];
  const child = endsWithUs(spawn(process.execPath, words, { env: surroundings }));
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk;
    });
  }
  const [code] = await once(child, 'close');
  return `${text}${code}`;
}

/** A server whose data processes wait like that from now on. */
async function startHeld(
  t: Test,
  wire: Wire,
): Promise<{ teal: TealProcess; folder: string; data: string } | undefined> {
  const folder = fs.mkdtempSync(join(os.tmpdir(), 'teal-held-'));
  t.teardown(() => fs.rmSync(folder, { recursive: true, force: true }));
  const data = t.testdir();
  const teal = await startXdp(wire, data, {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(waitingStart(folder))}`,
  });
  t.teardown(() => teal.child.kill('SIGKILL'));
  if (!(await isByXdp(t, teal))) return undefined;
  fs.writeFileSync(join(folder, 'held'), '');
  return { teal, folder, data };
}

const ask = async (): Promise<number> =>
  (await askUdp(SERVER.v4, 53, buildQuery({ name: 'app.example.test' }))).answers.length;

/** Tells the server to upgrade, asks it while each process and thread waits for its start, and gives their names and the last word of the log. */
async function upgrade(
  t: Test,
  { log, pid }: TealProcess,
  folder: string,
  /** Which of the processes that start, counted from 1, ends instead. */
  failing?: number,
  tell = (): unknown => process.kill(pid, 'SIGUSR2'),
): Promise<{ names: string[]; end: unknown }> {
  const lines = log.length;
  const end = (): unknown =>
    log.slice(lines).find(({ msg }) => /upgraded/.test(String(msg)) && msg !== 'upgrading')?.msg;
  const seen = fs.readdirSync(folder);
  const held = (): string[] =>
    fs
      .readdirSync(folder)
      .flatMap((file) => (seen.includes(file) ? [] : (/^waits-(.*)$/.exec(file)?.[1] ?? [])))
      .filter((name) => !names.includes(name));
  const names: string[] = [];
  tell();
  while ((await comesTo(() => held().length > 0 || end() !== undefined, Boolean)) && end() === undefined) {
    for (const name of held()) {
      for (let i = 0; i < QUERIES; i++) if ((await ask()) !== 1) t.fail(`no answer while ${name} starts`);
      names.push(name);
      const nth = names.filter((each) => each.endsWith('process')).length;
      // Under its name only once it is whole.
      fs.writeFileSync(join(folder, 'word'), name.endsWith('process') && nth === failing ? 'fail' : 'go');
      fs.renameSync(join(folder, 'word'), join(folder, `go-${name}`));
    }
  }
  return { names, end: end() };
}

/** Of the two addresses of each fleet that was started since, in turn. */
function transports({ log }: TealProcess, since: number): unknown[] {
  return log
    .slice(since)
    .filter(({ msg }) => msg === 'dns listening')
    .map(({ transport }) => transport);
}

onWire('teal upgrade: while its processes and their threads start, others answer', {}, async (t, wire) => {
  const started = await startHeld(t, wire);
  if (started === undefined) return;
  const { teal, folder } = started;
  const { names, end } = await upgrade(t, teal, folder);
  t.equal(end, 'upgraded');
  t.equal(names.filter((name) => name.endsWith('process')).length, 2, 'one that answers by sockets in between');
  t.equal(names.length, 2 * 3, 'each with a thread for UDP and one for TCP');
  t.same(transports(teal, 0), ['xdp', 'xdp', 'batch', 'batch', 'xdp', 'xdp']);
  const before = datagramsToSockets(wire);
  t.equal(await ask(), 1);
  t.equal(datagramsToSockets(wire), before, 'by AF_XDP again');
  t.same(
    teal.log.filter(({ level }) => level === 'warn'),
    [],
  );
  t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
  t.ok(await isLeftAlone(wire));
});

onWire(
  'an upgrade of which a half fails leaves somebody who answers, and the next one mends it',
  {},
  async (t, wire) => {
    const started = await startHeld(t, wire);
    if (started === undefined) return;
    const { teal, folder, data } = started;
    const before = datagramsToSockets(wire);
    t.match((await upgrade(t, teal, folder, 1)).end, /^half upgraded/);
    t.equal(await ask(), 1);
    t.equal(datagramsToSockets(wire), before, 'the old one, by AF_XDP all the while');
    const said: Promise<string>[] = [];
    const byCommand = (): unknown => said.push(command(data));
    t.match((await upgrade(t, teal, folder, 2, byCommand)).end, /^half upgraded/);
    t.match(
      await said[0],
      /^upgraded: .*\nteal: sockets serve in place of AF_XDP since: .*\n75$/,
      'the command says so',
    );
    t.equal(await ask(), 1);
    t.ok(datagramsToSockets(wire) > before, 'the one in between');
    t.match(
      teal.log.filter(({ level }) => level === 'warn'),
      [{ msg: /^sockets serve in place of AF_XDP/ }],
    );
    const since = teal.log.length;
    t.equal((await upgrade(t, teal, folder)).end, 'upgraded');
    t.same(transports(teal, since), ['xdp', 'xdp']);
    t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
    t.ok(await isLeftAlone(wire));
  },
);
