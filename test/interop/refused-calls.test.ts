/** Systems that refuse what the batch transport calls (seccomp, gVisor, WSL): it does without, and nothing is lost. */
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { askTcp, buildQuery } from '../fixtures/dns-client.ts';
import { askMany } from '../fixtures/many-queries.ts';
import { startTeal } from '../fixtures/process.ts';
import { comesTo, soon } from '../fixtures/soon.ts';

const launcher = fileURLToPath(new URL('../fixtures/filtered.ts', import.meta.url));
const { ENOSYS, EPERM, EINVAL } = os.constants.errno;
const app = 'app.example.test';
const QUERIES = 6000;
const MORE = 240;
/** A worker that dies sooner has failed: see src/sockets/fleet.ts. */
const SHORT_LIFE_MS = 3000;
const skip = process.platform !== 'linux' && 'system calls are filtered on Linux';

const cases = [
  { errno: ENOSYS, calls: 'recvmmsg', listen: '127.0.0.1:0' },
  { errno: EPERM, calls: 'sendmmsg', listen: '127.0.0.1:0' },
  { errno: EINVAL, calls: 'recvmmsg,sendmmsg', listen: '0.0.0.0:0' },
  { errno: EPERM, calls: 'recvmmsg,sendmmsg,poll', listen: '127.0.0.1:0,127.0.0.2:0' },
];

/** Lines of the log about refused calls. */
const told = (log: readonly Record<string, unknown>[]) => log.filter(({ call }) => call !== undefined);

for (const when of ['now', 'SIGUSR2'] as const) {
  for (const { errno, calls, listen } of cases) {
    const moment = when === 'now' ? 'from the start' : 'later, under load';
    t.test(`${calls} refused with ${errno} at ${listen}, ${moment}`, { skip }, async (t) => {
      const teal = await startTeal(t.testdir(), {
        program: [launcher, String(errno), calls, when],
        env: {
          ...{ TEAL_DNS_LISTEN: listen, TEAL_METRICS_PUBLIC: 'true', TEAL_DNS_RATE_LIMIT_RESPONSES_PER_SECOND: '0' },
          // Later it is refused to the process that the launcher became.
          TEAL_DNS_PLANES: when === 'now' ? 'two' : 'one',
        },
      });
      t.teardown(() => teal.child.kill('SIGKILL'));
      const refuse = () => when !== 'now' && process.kill(teal.pid, when);
      t.same(await askMany(teal.dnsPort, app, QUERIES, refuse), { answered: QUERIES, lost: 0 });
      // A busy machine may come to refuse once those have been answered.
      const isTold = async () => {
        t.equal((await askMany(teal.dnsPort, app, MORE)).lost, 0);
        return told(teal.log).length > 0;
      };
      await soon(t).ok(isTold, 'it is told');
      t.equal((await askTcp('127.0.0.1', teal.dnsPort, [buildQuery({ name: app })]))[0]?.answers.length, 1);
      t.equal((await teal.call('GET', '/readyz')).status, 200);
      const lines = told(teal.log);
      t.equal(new Set(lines.map(({ call }) => call)).size, lines.length, 'once for each call');
      t.match(lines[0], { level: 'warn', error: /^E/ });
      const metrics = await (await fetch(`${teal.admin}/metrics`)).text();
      t.match(metrics, /^teal_worker_replacements_total\{reason="died"\} 0$/m);
      t.match(metrics, /^teal_worker_replacements_total\{reason="stuck"\} 0$/m);
      t.same(await teal.end('SIGTERM'), { code: 0, signal: null });
    });
  }
}

t.test(
  'where messages cannot be received at all, /readyz says so, and it is not tried for ever',
  { skip },
  async (t) => {
    const program = [launcher, String(EPERM), 'recvmmsg,recvmsg', 'SIGUSR2'];
    const teal = await startTeal(t.testdir(), { program, env: { TEAL_DNS_PLANES: 'one' } });
    t.teardown(() => teal.child.kill('SIGKILL'));
    process.kill(teal.pid, 'SIGUSR2');
    const replaced = () => teal.log.filter(({ msg }) => msg === 'worker replaced on the same sockets');
    await soon(t).ok(() => replaced().some(({ pauseMs }) => (pauseMs as number) >= 1000), 'pauses grow');
    // Between two pauses there is one for a moment.
    const isMissing = ({ body }: { body: { code?: string } }) => body.code === 'workers_missing';
    const ready = await comesTo(() => teal.call('GET', '/readyz'), isMissing);
    t.match(ready, { status: 503, body: { code: 'workers_missing' } });
    // Each worker waits twice as long after each failure, however long the machine takes over one.
    const pauses = new Map<unknown, number>();
    for (const { reader, livedMs, pauseMs } of replaced()) {
      const before = pauses.get(reader) ?? 0;
      const expected = (livedMs as number) < SHORT_LIFE_MS ? Math.max(250, before * 2) : 0;
      t.equal(pauseMs, expected, `worker ${reader} lived ${livedMs} ms, and paused ${before} ms before`);
      pauses.set(reader, pauseMs as number);
    }
    t.match(await teal.end('SIGTERM'), { code: 0 });
  },
);
