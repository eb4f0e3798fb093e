/**
 * The tutorial's promise, as its customers see it: HTTP clients behind a resolver that keeps answers for their TTL lose no
 * request while traffic moves between environments, each of which is stopped only once the drain report says so.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { askUdp, buildQuery } from '../fixtures/dns-client.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { surroundings, withoutTap } from '../fixtures/environment.ts';
import { freePorts } from '../fixtures/free-port.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { comesTo } from '../fixtures/soon.ts';
import { endsWithUs } from '../fixtures/tidying.ts';
import { Customers, type Request } from './customers.ts';

const example = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

const ZONE = 'w.example.test';
const SERVICE = `*.${ZONE}`;
/** Two addresses of this machine, so that both versions have the same port, as they would elsewhere. */
const addresses = { blue: '127.0.0.10', green: '127.0.0.20' } as const;
const versions = { blue: 'v1', green: 'v2' } as const;
type Pool = keyof typeof addresses;

/** One of the two versions of examples/blue-green, which can be started and stopped. */
class Environment {
  #child: ChildProcess | undefined;
  readonly #pool: Pool;
  readonly #port: number;

  constructor(t: Test, pool: Pool, port: number) {
    this.#pool = pool;
    this.#port = port;
    t.teardown(() => this.#child?.kill('SIGKILL'));
  }

  async start(): Promise<void> {
    const [command = '', ...words] = [...withoutTap, process.execPath, join(example('blue-green'), 'app.mjs')];
    const env = { VERSION: versions[this.#pool], HOST: addresses[this.#pool], PORT: String(this.#port) };
    this.#child = endsWithUs(
      spawn(command, words, {
        env: { ...surroundings, ...env },
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    const ended = once(this.#child, 'exit').then(([code]) =>
      Promise.reject(new Error(`${this.#pool} ended with ${code}`)),
    );
    await Promise.race([once(this.#child.stdout as NodeJS.ReadableStream, 'data'), ended]);
  }

  async stop(): Promise<void> {
    const ended = once(this.#child as ChildProcess, 'exit');
    this.#child?.kill('SIGTERM');
    await ended;
  }
}

interface Shop {
  readonly teal: TealProcess;
  readonly customers: Customers;
  readonly blue: Environment;
  readonly green: Environment;
  /** The revision that made the service, with all traffic on blue. */
  readonly revision: number;
  readonly ttlSeconds: number;
}

/** Both versions, Teal with all traffic on blue, a resolver, and customers, who have begun; `visits`: how often each comes back. */
async function open(t: Test, ttlSeconds: number, visits?: number): Promise<Shop> {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  const [resolverPort = 0, shopPort = 0] = await freePorts(2);
  const [blue, green] = [new Environment(t, 'blue', shopPort), new Environment(t, 'green', shopPort)];
  await Promise.all([blue.start(), green.start()]);
  const pools = {
    blue: { weight: 100, targets: [addresses.blue] },
    green: { weight: 0, targets: [addresses.green] },
  };
  const made = await teal.call('PUT', `/v1/services/${encodeURIComponent(SERVICE)}`, { ttlSeconds, pools });
  if (made.status >= 300) throw new Error(JSON.stringify(made.body));
  await startUnbound(t, resolverPort, teal.dnsPort);
  const customers = new Customers({ resolverPort, shopPort, zone: ZONE, ...(visits !== undefined && { visits }) });
  t.teardown(() => customers.stop());
  return { teal, customers, blue, green, revision: made.body.revision, ttlSeconds };
}

/** As it is shipped, but that it asks Teal. */
async function startUnbound(t: Test, port: number, stubPort: number): Promise<void> {
  const folder = temporaryFolder(t);
  const config = join(folder, 'unbound.conf');
  const settings = [
    ...['server:', `interface: 127.0.0.1@${port}`, 'username: ""', 'chroot: ""', `directory: "${folder}"`],
    ...['pidfile: ""', 'use-syslog: no', 'logfile: ""', 'do-daemonize: no', 'do-not-query-localhost: no'],
    ...['module-config: "iterator"', 'local-zone: "test." nodefault', 'remote-control:', 'control-enable: no'],
    ...['stub-zone:', 'name: "example.test"', `stub-addr: 127.0.0.1@${stubPort}`],
  ];
  writeFileSync(config, `${settings.join('\n')}\n`);
  const child = endsWithUs(spawn('unbound', ['-d', '-c', config], { stdio: 'ignore' }));
  t.teardown(() => child.kill('SIGKILL'));
  const query = buildQuery({ name: 'example.test', type: 'SOA', rd: true });
  const reply = await comesTo(
    () => askUdp('127.0.0.1', port, query, { timeoutMs: 1000 }),
    ({ answers }) => answers.length === 1,
  );
  if (reply.answers.length !== 1) throw new Error(`unbound answers with the rcode ${reply.rcode}`);
}

const path = (rest: string): string => `/v1/services/${encodeURIComponent(SERVICE)}/${rest}`;

async function shift({ teal }: Shop, blue: number, green: number): Promise<void> {
  const reply = await teal.call('PUT', path('weights'), { blue, green });
  if (reply.status !== 200) throw new Error(JSON.stringify(reply.body));
}

const isDrained = async ({ teal }: Shop, pool: Pool): Promise<boolean> =>
  (await teal.call('GET', path('drain'))).body.pools[pool].drained;

/** When the report says so, and what was resolved before has been asked. */
async function drained(t: Test, shop: Shop, pool: Pool): Promise<void> {
  while (!(await isDrained(shop, pool))) await sleep(200);
  await shop.customers.settled();
  await forgotten(t, shop);
}

/** What the report allows an answer for its way to the resolver (model/drain.ts). */
const ON_THE_WAY_MS = 1000;

/** Nothing is promised of an answer that was longer on its way, as to a resolver that stood still: it keeps that one later. */
async function forgotten(t: Test, { customers, ttlSeconds }: Shop): Promise<void> {
  const late = customers.requests.flatMap(({ askedAt, resolvedAt = askedAt }) =>
    resolvedAt - askedAt > ON_THE_WAY_MS ? [resolvedAt] : [],
  );
  const keptMs = Math.max(0, ...late) + (ttlSeconds + 1) * 1000 - performance.now();
  if (late.length === 0 || keptMs <= 0) return;
  t.comment(`${late.length} answers came late; ${Math.round(keptMs)} ms until the last of them is forgotten`);
  await sleep(keptMs);
  await customers.settled();
}

/** The chance of so many heads or more; `chance` of one of them. By logarithms, since n! is large. */
function tailOf(heads: number, tosses: number, chance: number): number {
  const logFactorial = [0];
  for (let n = 1; n <= tosses; n++) logFactorial.push(logFactorial[n - 1] + Math.log(n));
  let sum = 0;
  for (let k = heads; k <= tosses; k++) {
    const ways = logFactorial[tosses] - logFactorial[k] - logFactorial[tosses - k];
    sum += Math.exp(ways + k * Math.log(chance) + (tosses - k) * Math.log(1 - chance));
  }
  return sum;
}

/** Whether green's share of the draws is one that chance gives, but for once in a million times. */
function isByChance(requests: readonly Request[], share: number): boolean {
  const draws = requests.filter(({ isFirst }) => isFirst);
  const green = draws.filter(({ version }) => version === versions.green).length;
  return Math.min(tailOf(green, draws.length, share), tailOf(draws.length - green, draws.length, 1 - share)) > 1e-6;
}

const seen = (requests: readonly Request[]): string =>
  `v2 ${requests.filter(({ version }) => version === 'v2').length} of ${requests.length}`;

t.test('v1, a canary, half, v2, back to v1, and v2 again: no request fails', async (t) => {
  const shop = await open(t, 2);
  const { customers } = shop;
  // So many that a hundred and more are draws, and a share that is wrong by half shows.
  const enough = 900;
  const all = async (version: string): Promise<void> => {
    t.ok(
      (await customers.more(100)).every((request) => request.version === version),
      `all of it at ${version}`,
    );
  };
  await all('v1');
  for (const share of [0.1, 0.5]) {
    await shift(shop, 100 - share * 100, share * 100);
    const requests = await customers.more(enough);
    t.ok(isByChance(requests, share), `a share of ${share}: ${seen(requests)}`);
    t.comment(`share ${share}: ${seen(requests)}`);
  }
  const shiftedAt = performance.now();
  await shift(shop, 0, 100);
  const isAtOnce = await isDrained(shop, 'blue');
  // On a machine that stood still meanwhile the TTL may be over.
  t.ok(!isAtOnce || performance.now() - shiftedAt > shop.ttlSeconds * 1000, 'a shift alone drains nothing');
  await drained(t, shop, 'blue');
  await shop.blue.stop();
  await all('v2');

  await shop.blue.start();
  const back = await shop.teal.call('POST', path('rollback'), { revision: shop.revision });
  t.match(back, { status: 200, body: { weights: { blue: 100, green: 0 } } });
  await drained(t, shop, 'green');
  await shop.green.stop();
  await all('v1');

  await shop.green.start();
  await shift(shop, 0, 100);
  await drained(t, shop, 'blue');
  await shop.blue.stop();
  await all('v2');
  await customers.stop();
  t.same(customers.failures, [], `none of ${customers.requests.length} requests has failed`);
});

t.test('stopped two seconds after the shift, while answers are kept for 30 s: requests fail', async (t) => {
  // Each comes back for longer than answers are kept: whoever was there before the shift is there after the stop.
  const shop = await open(t, 30, 100);
  const { customers } = shop;
  await customers.more(100);
  await shift(shop, 0, 100);
  await sleep(2000);
  t.notOk(await isDrained(shop, 'blue'), 'the report says that it is too early');
  await shop.blue.stop();
  await customers.more(150);
  await customers.stop();
  t.ok(
    customers.failures.some(({ failure }) => failure === 'ECONNREFUSED'),
    `${customers.failures.length} requests have failed`,
  );
});

t.test('the bounds can fail', async (t) => {
  const requests = (green: number, count: number): Request[] =>
    Array.from({ length: count }, (_, at) => ({ isFirst: true, askedAt: 0, version: at < green ? 'v2' : 'v1' }));
  t.ok(isByChance(requests(15, 150), 0.1));
  t.notOk(isByChance(requests(75, 150), 0.1), 'half instead of a tenth');
  t.notOk(isByChance(requests(0, 150), 0.1), 'none instead of a tenth');
  t.notOk(isByChance(requests(15, 150), 0.5), 'a tenth instead of half');
});

t.test('docker-compose reads the lab, and unbound its settings', async (t) => {
  const lab = example('blue-green');
  for (const [command, ...words] of [
    ['docker-compose', '--file', join(lab, 'compose.yaml'), 'config', '--quiet'],
    ['unbound-checkconf', join(lab, 'unbound.conf')],
  ])
    t.match(spawnSync(command, words, { encoding: 'utf8' }), { status: 0 }, command);
});
