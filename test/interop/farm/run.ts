/** One release of two services behind a farm of resolvers: what the clients of each resolver got, and when. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildQuery, UdpClient } from '../../fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../../fixtures/process.ts';
import { comesTo } from '../../fixtures/soon.ts';
import { type Habit, type Kind, kinds, type Resolver, startResolvers } from './resolvers.ts';

export type Pool = 'blue' | 'green';

export interface Sample {
  /** When the client asked and when it was answered. Unix time, milliseconds, as are all times here. */
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  readonly resolver: number;
  readonly service: number;
  readonly pool: Pool;
  readonly ttlSeconds: number;
}

export interface ServiceRun {
  readonly name: string;
  readonly steadyTtlSeconds: number;
  /** In force while the release goes on. */
  readonly releaseTtlSeconds: number;
  /** When green got each of its percentages: the moments of the revisions. */
  readonly steps: readonly { readonly atMs: number; readonly percent: number }[];
  /** What the drain report says of blue: when it was answered last, and when no cache has it any more. */
  readonly lastAnswerAtMs: number;
  readonly drainedAtMs: number;
  /** What it says in the end of how many resolvers got blue, and how many of them have not come back for more. */
  readonly resolvers: { readonly distinct: number; readonly notBack: number };
}

export interface FarmRun {
  readonly resolvers: readonly { readonly kind: Kind; readonly habit: Habit }[];
  readonly services: readonly ServiceRun[];
  readonly samples: readonly Sample[];
  /** When the releases were asked for. */
  readonly beganAtMs: number;
}

/** Two as they are shipped and one that refreshes early, of each kind. */
const farm = kinds.flatMap((kind) => (['shipped', 'shipped', 'prefetch'] as const).map((habit) => ({ kind, habit })));

const STEADY_TTL_SECONDS = 20;
/** Knot Resolver keeps everything for 5 seconds at least. */
const LOWERED_TTL_SECONDS = 5;
const PERCENTAGES = [10, 40, 100];
/** Shorter than either TTL, so that each service is released as fast as its TTL allows. */
const PAUSE = { pause: { duration: 1 } };
/** Of each client, for each service. */
const ASK_EVERY_MS = 150;
/** Asked on after the later of the two drain times, to see that nothing of blue comes back. */
const AFTERWARDS_MS = 4000;
const ANSWER_LIMIT_MS = 2000;
/** So many answers of each resolver for each service come before the releases, for the picture to begin with. */
const FULL_AFTER = 30;
/** The whole takes 90 seconds; a release that takes this long hangs. */
const RELEASE_LIMIT_MS = 150_000;

const services = [
  { name: 'lowered.example.com', steadyTtlSeconds: STEADY_TTL_SECONDS, releaseTtlSeconds: LOWERED_TTL_SECONDS },
  { name: 'unlowered.example.com', steadyTtlSeconds: STEADY_TTL_SECONDS, releaseTtlSeconds: STEADY_TTL_SECONDS },
] as const;

const addresses: Readonly<Record<Pool, string>> = { blue: '192.0.2.10', green: '192.0.2.20' };

/** Runs it all, and leaves nothing running. `say` is told where it stands. */
export async function runFarm(say: (message: string) => void): Promise<FarmRun> {
  const folder = mkdtempSync(join(tmpdir(), 'teal-farm-'));
  const teal = await startTeal(folder);
  let resolvers: Resolver[] = [];
  try {
    await makeServices(teal);
    resolvers = await startResolvers(farm, teal.dnsPort);
    say(`${resolvers.length} resolvers answer`);
    return await record(teal, resolvers, say);
  } finally {
    await Promise.all(resolvers.map((resolver) => resolver.stop()));
    await teal.end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makeServices(teal: TealProcess): Promise<void> {
  await must(teal, 'PUT', '/v1/zones/example.com', {
    nameservers: ['ns1.example.com'],
    hostmaster: 'hostmaster.example.com',
  });
  await must(teal, 'PUT', '/v1/zones/example.com/rrsets/ns1.example.com/A', { ttlSeconds: 60, rdata: ['127.0.0.1'] });
  for (const { name, steadyTtlSeconds, releaseTtlSeconds } of services) {
    await must(teal, 'PUT', `/v1/services/${name}`, {
      ttlSeconds: steadyTtlSeconds,
      ...(releaseTtlSeconds < steadyTtlSeconds ? { release: { ttlSeconds: releaseTtlSeconds } } : {}),
      pools: {
        blue: { weight: 100, targets: [addresses.blue] },
        green: { weight: 0, targets: [addresses.green] },
      },
    });
  }
}

async function record(teal: TealProcess, resolvers: readonly Resolver[], say: (message: string) => void) {
  const samples: Sample[] = [];
  const stopping = new AbortController();
  const clients = resolvers.map((resolver, at) => askOn(resolver, at, samples, stopping.signal));
  try {
    await everyCacheIsFull(samples, resolvers.length);
    const beganAtMs = Date.now();
    const releases = await Promise.all(services.map(({ name }) => release(teal, name)));
    say('both releases have begun');
    const runs = await Promise.all(services.map((service, at) => finished(teal, service, releases[at])));
    const lastMs = Math.max(...runs.map(({ drainedAtMs }) => drainedAtMs)) + AFTERWARDS_MS;
    await sleep(lastMs - Date.now());
    // A machine that stands still lets nobody ask for a while.
    await comesTo(
      () =>
        runs.every(({ drainedAtMs }, service) => {
          const late = samples.filter((each) => each.service === service && each.askedAtMs >= drainedAtMs);
          return new Set(late.map(({ resolver }) => resolver)).size === resolvers.length;
        }),
      Boolean,
    );
    const counted = await Promise.all(
      runs.map(async (run) => ({ ...run, resolvers: await resolversOf(teal, run.name, resolvers.length) })),
    );
    return { resolvers: farm, services: counted, samples, beganAtMs };
  } finally {
    stopping.abort();
    await Promise.all(clients);
  }
}

/** The clients of one resolver: they come one after another over the steady TTL, since no two caches fill at one time. */
async function askOn({ port }: Resolver, resolver: number, samples: Sample[], signal: AbortSignal): Promise<void> {
  await sleep((resolver * 1000 * STEADY_TTL_SECONDS) / farm.length, undefined, { signal }).catch(() => undefined);
  const client = await UdpClient.open('127.0.0.1', port);
  const pending = new Set<Promise<void>>();
  while (!signal.aborted) {
    for (const service of services.keys()) {
      const asked = ask(client, resolver, service, samples).finally(() => pending.delete(asked));
      pending.add(asked);
    }
    await sleep(ASK_EVERY_MS);
  }
  await Promise.all(pending);
  await client.close();
}

async function ask(client: UdpClient, resolver: number, service: number, samples: Sample[]): Promise<void> {
  const askedAtMs = Date.now();
  const query = buildQuery({ name: services[service]?.name ?? '', rd: true });
  // A busy machine may lose a datagram; what is not answered says nothing.
  const reply = await client.ask(query, ANSWER_LIMIT_MS).catch(() => undefined);
  const answer = reply?.answers[0];
  if (answer === undefined) return;
  const pool = answer.data === addresses.blue ? 'blue' : 'green';
  samples.push({ askedAtMs, answeredAtMs: Date.now(), resolver, service, pool, ttlSeconds: answer.ttl });
}

async function everyCacheIsFull(samples: readonly Sample[], count: number): Promise<void> {
  const seen = ({ resolver, service }: Sample): string => `${resolver} ${service}`;
  await until('every cache is full', async () => {
    const groups = [...Map.groupBy(samples, seen).values()];
    return groups.length === count * services.length && groups.every((own) => own.length >= FULL_AFTER)
      ? true
      : undefined;
  });
}

async function release(teal: TealProcess, name: string): Promise<string> {
  const steps = PERCENTAGES.flatMap((setWeight, at) => (at === 0 ? [{ setWeight }] : [PAUSE, { setWeight }]));
  return (await must(teal, 'POST', `/v1/services/${name}/releases`, { to: 'green', steps })).id;
}

async function finished(teal: TealProcess, service: (typeof services)[number], id: string) {
  const path = `/v1/services/${service.name}`;
  const { drainedAt, lastAnswerAt } = await until(`${service.name} is drained`, async () => {
    const { blue } = (await must(teal, 'GET', `${path}/drain`)).pools;
    return blue.drained ? (blue as { drainedAt: string; lastAnswerAt: string }) : undefined;
  });
  await until(`${service.name} is released`, async () => {
    return (await must(teal, 'GET', `${path}/releases/${id}`)).state === 'completed' ? true : undefined;
  });
  const { items } = await must(teal, 'GET', `${path}/history`);
  const [lastAnswerAtMs, drainedAtMs] = [Date.parse(lastAnswerAt), Date.parse(drainedAt)];
  return { ...service, steps: stepsOf(items), lastAnswerAtMs, drainedAtMs };
}

/** Once all have come back, or as they are found when it is too late for that. */
async function resolversOf(teal: TealProcess, name: string, count: number): Promise<ServiceRun['resolvers']> {
  const read = async (): Promise<ServiceRun['resolvers']> =>
    (await must(teal, 'GET', `/v1/services/${name}/drain`)).pools.blue.resolvers;
  return comesTo(read, ({ distinct, notBack }) => distinct === count && notBack === 0);
}

interface Revision {
  readonly at: string;
  readonly subjects: readonly { readonly after?: { readonly green?: number } }[];
}

/** The revisions that changed green's weight; the weights add up to 100. */
function stepsOf(revisions: readonly Revision[]): ServiceRun['steps'] {
  const steps = revisions.flatMap(({ at, subjects }) => {
    const percent = subjects[0]?.after?.green;
    return percent === undefined ? [] : [{ atMs: Date.parse(at), percent }];
  });
  return steps.filter(({ percent }, at) => percent > (steps[at - 1]?.percent ?? 0));
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const startedAt = performance.now(); performance.now() - startedAt < RELEASE_LIMIT_MS; await sleep(200)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`in vain: ${what}`);
}

async function must(teal: TealProcess, method: string, path: string, body?: unknown) {
  const reply = await teal.call(method, path, body);
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}
