/** `teal demo`: a canary on simulated resolvers, sped up, with a gate that fails: abort and drain are seen before they are trusted. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Drain, Release } from '../contract/types.ts';
import { Api } from './api.ts';
import type { Connection } from './connection.ts';
import { type DemoGate, startDemoGate } from './demo/gate.ts';
import { type Resolvers, startResolvers } from './demo/resolvers.ts';
import { type DemoServer, startDemoServer } from './demo/server.ts';
import { bar } from './format/pools.ts';
import { poolColour, type Style, styleFor } from './format/style.ts';
import { percent, printable } from './format/text.ts';
import { Screen } from './screen.ts';
import type { Shell } from './shell.ts';

const SERVICE = 'app.demo.test';
const PATH = `/v1/services/${SERVICE}`;
const POOLS = ['blue', 'green'] as const;
const ADDRESSES = { blue: '192.0.2.10', green: '192.0.2.20' } as const;
const RESOLVERS = 60;
/** So short that minutes of a real canary are seconds here. */
const TTL_SECONDS = 2;
const PAUSE = '3s';
/** From here on the new version is broken, if it is to be. */
const BROKEN_FROM = 0.5;
/** Between two pictures. */
const LOOK_MS = 250;
/** A busy machine may give a thread the signal, and tell us that the server is gone before that thread has run. */
const HEARD_WITHIN_MS = 1000;
/** All of it takes half a minute; whatever hangs is ended. */
const DEMO_MAX_MS = 180_000;

export function add(program: Command, shell: Shell): void {
  program
    .command('demo')
    .helpGroup('Looking:')
    .summary('watch a canary whose gate fails, on simulated resolvers')
    .description(
      `Start a server of its own in a folder that goes with it, let ${RESOLVERS} simulated resolvers ask it, and run a canary, ` +
        'sped up, whose gate fails at half: it is taken back by itself, and one sees when the last cache lets go. Half a minute.',
    )
    .option('--json', 'say how it ended as JSON')
    .option('--good', 'the gate passes: the canary goes through to the end')
    .addHelpText('after', '\nExamples:\n  teal demo\n  teal demo --good\n')
    .action((options: Options) => demo(options, shell));
}

interface Options {
  readonly good?: boolean;
  readonly json?: boolean;
}

interface Stage {
  readonly api: Api;
  readonly resolvers: Resolvers;
  readonly gate: DemoGate;
  readonly isGood: boolean;
}

async function demo({ good: isGood = false, json: isJson = false }: Options, shell: Shell): Promise<void> {
  const interrupted = shell.interrupted();
  const teller = new Teller(shell, isJson);
  try {
    if (!isJson) shell.stdout.write('Starting a server of its own, on this machine only…\n');
    await onStage(isGood, shell.env, (stage) => play(stage, teller, interrupted));
  } catch (error) {
    // On a terminal the server hears the same Ctrl-C, and may be gone first.
    await sleep(HEARD_WITHIN_MS, undefined, { signal: interrupted }).catch(() => undefined);
    if (!interrupted.aborted) throw error;
    teller.cutShort();
  }
}

/** Sets up all that takes part, and clears it away whatever comes of it. */
async function onStage(isGood: boolean, env: Shell['env'], act: (stage: Stage) => Promise<void>): Promise<void> {
  const server = await startDemoServer(env);
  const gate = await startDemoGate();
  const resolvers = startResolvers({
    name: SERVICE,
    server: server.dns,
    count: RESOLVERS,
    pools: Object.fromEntries(POOLS.map((pool) => [ADDRESSES[pool], pool])),
  });
  try {
    const api = new Api(connectionTo(server));
    await prepare(api);
    await act({ api, resolvers, gate, isGood });
  } finally {
    resolvers.stop();
    gate.stop();
    await server.stop();
  }
}

function connectionTo({ admin, token }: DemoServer): Connection {
  return { url: admin, urlFrom: 'the demonstration', token, tokenFrom: 'the demonstration', warnings: [] };
}

async function prepare(api: Api): Promise<void> {
  const zone = { nameservers: ['ns1.demo.test'], hostmaster: 'hostmaster.demo.test' };
  await api.put('/v1/zones/demo.test', { body: zone });
  const pools = {
    blue: { weight: 100, targets: [ADDRESSES.blue] },
    green: { weight: 0, targets: [ADDRESSES.green] },
  };
  await api.put(PATH, { body: { ttlSeconds: TTL_SECONDS, pools } });
}

/** From the first step to the moment that no cache holds an answer of the pool that was left. */
async function play(stage: Stage, teller: Teller, interrupted: AbortSignal): Promise<void> {
  const { api, gate, isGood } = stage;
  const smoke = { intervalSeconds: 1, count: 3, failureLimit: 1, metrics: [{ name: 'smoke', web: { url: gate.url } }] };
  const steps = [10, 50].flatMap((share) => [
    { setWeight: share },
    { pause: { duration: PAUSE } },
    { analysis: smoke },
  ]);
  // So that the first picture has caches that are full.
  await sleep(TTL_SECONDS * 1000);
  const body = { to: 'green', steps: [...steps, { setWeight: 100 }], reason: 'A demonstration' };
  const { id } = await api.post<Release>(`${PATH}/releases`, body);
  const untilMs = Date.now() + DEMO_MAX_MS;
  let [endedAtMs, freeAtMs]: (number | undefined)[] = [undefined, undefined];
  for (;;) {
    const release = await api.get<Release>(`${PATH}/releases/${id}`);
    const drain = await api.get<Drain>(`${PATH}/drain`);
    const held = stage.resolvers.held();
    const share = release.services[SERVICE]?.shares.green ?? 0;
    if (!isGood && share >= BROKEN_FROM && release.state !== 'aborted') gate.breakIt();
    const isOver = release.state === 'aborted' || release.state === 'completed';
    const left = release.state === 'completed' ? 'blue' : 'green';
    if (isOver) endedAtMs ??= Date.now();
    if (isOver && !held.includes(left)) freeAtMs ??= Date.now();
    const isDrained = drain.pools[left]?.drained === true && freeAtMs !== undefined;
    teller.tell({ release, drain, held, isOver });
    if (interrupted.aborted || Date.now() > untilMs) return teller.cutShort();
    if (isOver && isDrained) {
      const heldSeconds = ((freeAtMs ?? 0) - (endedAtMs ?? 0)) / 1000;
      return teller.end(lastWords(release, left, heldSeconds), { left, heldSeconds, release });
    }
    await sleep(LOOK_MS);
  }
}

function lastWords({ state, message }: Release, left: string, seconds: number): string[] {
  const what =
    state === 'aborted'
      ? `The gate failed, so Teal took the canary back by itself: ${printable(message)}`
      : `Every gate passed, and all traffic is on green: ${printable(message)}`;
  return [
    what,
    `From that moment no query was answered with ${left}; the last of the ${RESOLVERS} caches let go ${seconds.toFixed(1)} s later (TTL ${TTL_SECONDS} s).`,
    `Teal says that ${left} is drained: it could be switched off now. With your own zone: docs/start.md`,
  ];
}

interface Seen {
  readonly release: Release;
  readonly drain: Drain;
  readonly held: readonly (string | undefined)[];
  readonly isOver: boolean;
}

/** On a terminal one picture that moves; else a line whenever something has changed. */
class Teller {
  readonly #shell: Shell;
  readonly #isJson: boolean;
  readonly #style: Style;
  readonly #screen: Screen;
  #startedAtMs: number | undefined;
  readonly #lines: string[] = [];

  constructor(shell: Shell, isJson: boolean) {
    this.#shell = shell;
    this.#isJson = isJson;
    this.#style = styleFor(shell, shell.stdout);
    this.#screen = new Screen(shell.stdout);
  }

  tell(seen: Seen): void {
    if (this.#isJson) return;
    const { message, state } = seen.release;
    const words = `${state}: ${printable(message)}`;
    if (this.#lines.at(-1)?.endsWith(words) !== true) {
      this.#startedAtMs ??= Date.now();
      const seconds = ((Date.now() - this.#startedAtMs) / 1000).toFixed(1).padStart(5);
      this.#lines.push(`${seconds} s  ${words}`);
      if (!this.#shell.stdout.isTerminal) this.#shell.stdout.write(`${this.#lines.at(-1)}\n`);
    }
    if (this.#shell.stdout.isTerminal) this.#screen.draw(this.#picture(seen));
  }

  cutShort(): void {
    this.end(['Ended before its end.'], {});
  }

  end(words: readonly string[], result: object): void {
    if (this.#isJson) return this.#shell.stdout.write(`${JSON.stringify(result)}\n`);
    this.#screen.end();
    this.#shell.stdout.write(`\n${words.join('\n')}\n`);
  }

  #picture({ release, drain, held, isOver }: Seen): string[] {
    const style = this.#style;
    const known = held.filter((pool) => pool !== undefined);
    const cells = held.map((pool) =>
      pool === undefined ? ' ' : style.colour(poolColour(pool, POOLS), pool === 'blue' ? '■' : '●'),
    );
    const shares = release.services[SERVICE]?.shares ?? {};
    const line = (what: string, pool: string, share: number): string =>
      `  ${what.padEnd(9)} ${style.colour(poolColour(pool, POOLS), `${pool.padEnd(5)} ${percent(share).padStart(8)}  ${bar(share, style)}`)}`;
    const share = (pool: string): number =>
      known.length === 0 ? 0 : known.filter((each) => each === pool).length / known.length;
    return [
      '',
      style.bold(`A canary of ${SERVICE}, seen by ${RESOLVERS} resolvers (TTL ${TTL_SECONDS} s)`),
      '',
      ...POOLS.map((pool, i) => line(i === 0 ? 'answered' : '', pool, shares[pool] ?? 0)),
      ...POOLS.map((pool, i) => line(i === 0 ? 'in caches' : '', pool, share(pool))),
      '',
      `  ${cells.slice(0, RESOLVERS / 2).join(' ')}`,
      `  ${cells.slice(RESOLVERS / 2).join(' ')}`,
      '',
      ...this.#lines.slice(-6).map((each) => `  ${each}`),
      ...(isOver ? [`  ${style.dim(printable(drain.message))}`] : []),
    ];
  }
}
