/** `teal serve`: every part is made here and wired to the others, in the order in which a change travels. */
import { randomBytes, randomInt } from 'node:crypto';
import { closeSync, fchmodSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import type net from 'node:net';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { createApp } from './api/app.ts';
import type { Settings } from './config.ts';
import type { Command } from './control/command.ts';
import { Engine } from './control/engine.ts';
import { Queries } from './control/queries.ts';
import type { Clock } from './control/releases/clock.ts';
import { makeGate } from './control/releases/gates.ts';
import { Outbound } from './control/releases/outbound.ts';
import { ReleaseRunner } from './control/releases/runner.ts';
import { Tokens } from './control/tokens.ts';
import { ZoneFiles } from './control/zone-files/zone-files.ts';
import type { Logger } from './log.ts';
import { Problem } from './model/errors.ts';
import type { ResponderOptions } from './responder/options.ts';
import { createRateLimit, type RateLimitOptions } from './responder/rate-limit.ts';
import { type Endpoint, formatEndpoint } from './sockets/address.ts';
import { Fleet, udpWorkersOf } from './sockets/fleet.ts';
import { useHugePages } from './sockets/huge-pages.ts';
import { withoutMissingLoopback } from './sockets/loopback.ts';
import { ListenError } from './sockets/open.ts';
import { openStore, type Store, StoreError } from './store/sqlite.ts';
import { CounterRegistry, createCounterMemory } from './table/counters.ts';
import { createSharedTable } from './table/memory.ts';
import { Table } from './table/table.ts';
import { COOKIE_SECRET_BYTES } from './wire/edns.ts';
import { type Network, parseNetwork } from './wire/network.ts';

/** Why the server cannot start; the message is one line for the operator. */
export class StartError extends Error {}

/** The reason lies in the settings: in what they say, or in a file that they name. */
export class SettingsError extends StartError {}

export interface Server {
  /** Where DNS is answered, with the ports in use. */
  readonly dns: readonly Endpoint[];
  /** Base URL of the admin API. */
  readonly admin: string;
  /** Stops accepting, answers what was received, closes the store. */
  stop(): Promise<void>;
}

/** How often blocks that workers have left are looked for when no change does it. */
const COLLECT_MS = 1000;
/** And how often while a dropped zone is being given back: leaves most of the time to others. */
const COLLECT_SOON_MS = 10;

/** Starts everything; resolves when queries are answered and the API listens. Throws StartError, with nothing left open. */
export async function startServer(settings: Settings, log: Logger): Promise<Server> {
  const stops: (() => void | Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    // The last that was started stops first.
    for (let last = stops.pop(); last !== undefined; last = stops.pop()) await last();
  };
  try {
    return { ...(await startParts(settings, log, stops)), stop };
  } catch (error) {
    await stop();
    if (error instanceof StoreError || error instanceof ListenError) throw new StartError(error.message);
    throw error;
  }
}

async function startParts(
  settings: Settings,
  log: Logger,
  stops: (() => void | Promise<void>)[],
): Promise<Omit<Server, 'stop'>> {
  const store = openStore(settings.dataDir);
  stops.push(() => store.close());

  const workers = udpWorkersOf(settings.dns.workers);
  const counterMemories = Array.from({ length: workers + 1 }, createCounterMemory);
  const shared = createSharedTable(settings.table.initialBytes, settings.table.maxBytes);
  useHugePages(shared.arena);
  const table = new Table(shared, new CounterRegistry(counterMemories));

  const engine = new Engine(store, table);
  const startedAt = performance.now();
  mustWork(engine.load());
  mustSeed(engine.seed(seedCommands(settings.bootstrap), { actor: 'bootstrap', atMs: Date.now() }));
  log.info(
    { revision: store.lastRevision, ms: Math.round(performance.now() - startedAt), ...table.memory },
    'table loaded',
  );
  let collecting: NodeJS.Timeout;
  const collect = (): void => {
    const more = table.collect();
    collecting = setTimeout(collect, more ? COLLECT_SOON_MS : COLLECT_MS);
  };
  collect();
  stops.push(() => clearTimeout(collecting));

  const zoneFiles = new ZoneFiles(store, table, engine);
  stops.push(() => zoneFiles.stop());

  const tokens = openTokens(store, settings, log);
  const { listen, tls, bodyMaxBytes, zoneFileMaxBytes, authFailuresPerMinute } = settings.admin;
  const app = createApp({
    engine,
    queries: new Queries(store),
    zoneFiles,
    tokens,
    log: log.child({ part: 'api' }),
    now: Date.now,
    options: {
      bodyMaxBytes,
      zoneFileMaxBytes,
      authFailuresPerMinute,
      ...(tls === undefined ? {} : { tls: readTls(tls) }),
    },
  });
  stops.push(() => app.close());

  const { transport, receiveBufferBytes, tcp } = settings.dns;
  const endpoints = withoutMissingLoopback(settings.dns.listen);
  if (endpoints !== settings.dns.listen) log.warn('this machine has no ::1, so DNS does not listen there');
  const rateLimit = rateLimitOptions(settings.dns);
  const fleet = await Fleet.start({
    listen: endpoints,
    workers,
    transport,
    responder: responderOptions(settings.dns, rateLimit),
    receiveBufferBytes,
    tcp: { ...rateLimit, ...tcp },
    shared,
    counters: counterMemories,
    log: log.child({ part: 'dns' }),
  });
  stops.push(() => fleet.stop());

  // The first step that is due may come at once, so everybody who answers is there by now.
  const allowed = settings.probes.allow.map((text) => parseNetwork(text) as Network);
  const gate = makeGate(new Outbound(allowed));
  const releases = new ReleaseRunner({ engine, store, gate, clock: systemClock, log: log.child({ part: 'releases' }) });
  releases.start();
  stops.push(() => releases.stop());

  const admin = await listenAdmin(app, listen, tls !== undefined);
  log.info({ admin, dns: fleet.endpoints.map(formatEndpoint), transport: fleet.transport, workers }, 'ready');
  return { dns: fleet.endpoints, admin };
}

/** The longest that a timer of Node takes; the runner looks again then. */
const TIMER_MAX_MS = 2 ** 31 - 1;

const systemClock: Clock = {
  wallMs: Date.now,
  steadyMs: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, Math.min(ms, TIMER_MAX_MS));
    return () => clearTimeout(timer);
  },
};

/** What workers need to know of the settings to answer. */
function responderOptions(dns: Settings['dns'], rateLimit: RateLimitOptions): ResponderOptions {
  const { udpMaxBytes, nsid = '', identity = '', version = '', cookies, tcp } = dns;
  // Made here, once, so that all workers agree. A restart forgets it: clients then learn new cookies.
  const secrets = cookies.secrets.length > 0 ? cookies.secrets : [randomBytes(COOKIE_SECRET_BYTES).toString('hex')];
  return {
    udpMaxBytes,
    nsid,
    identity,
    version,
    cookieSecrets: secrets.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))),
    cookiesRequired: cookies.required,
    tcpIdleSeconds: tcp.idleSeconds,
    // One memory for all workers: the limit holds for all of them together.
    rateLimit: rateLimit.responsesPerSecond > 0 ? createRateLimit(rateLimit, randomInt(2 ** 32)) : undefined,
  };
}

/** The limits by prefix; TCP has the same prefixes and exempts the same networks. */
function rateLimitOptions({ rateLimit }: Settings['dns']): RateLimitOptions {
  // The settings have been checked, so that each text is a network.
  return { ...rateLimit, exempt: rateLimit.exempt.map((text) => parseNetwork(text) as Network) };
}

/** The bootstrap section as the commands that make it. */
function seedCommands(bootstrap: Settings['bootstrap']): Command[] {
  if (bootstrap === undefined) return [];
  return [
    ...Object.entries(bootstrap.zones).map(([zone, body]): Command => ({ kind: 'zone.put', zone, body })),
    ...bootstrap.rrsets.map(
      ({ zone, name, type, ...body }): Command => ({ kind: 'rrset.put', zone, name, type, body }),
    ),
    ...Object.entries(bootstrap.services).map(([name, body]): Command => ({ kind: 'service.put', name, body })),
  ];
}

function openTokens(store: Store, settings: Settings, log: Logger): Tokens {
  const { token, readToken } = settings.admin;
  const file = join(settings.dataDir, 'admin.token');
  const fromSettings = {
    ...(token === undefined ? {} : { admin: token }),
    ...(readToken === undefined ? {} : { read: readToken }),
  };
  const tokens = Tokens.open(store, fromSettings, Date.now(), (secret) => {
    writePrivate(file, `${secret}\n`);
    log.info({ file }, 'admin token made; it is in this file and nowhere else');
  });
  return mustWork(tokens);
}

/** Readable by its owner only, and on the disk when this returns. */
function writePrivate(file: string, text: string): void {
  mkdirSync(join(file, '..'), { recursive: true });
  const fd = openSync(file, 'w', 0o600);
  // One that was there already keeps its mode.
  fchmodSync(fd, 0o600);
  writeSync(fd, text);
  fsyncSync(fd);
  closeSync(fd);
}

function readTls({ certFile, keyFile }: { readonly certFile: string; readonly keyFile: string }): {
  cert: Buffer;
  key: Buffer;
} {
  let reading = '';
  const read = (key: string, file: string): Buffer => {
    reading = `admin.tls.${key}: ${file}`;
    return readFileSync(file);
  };
  try {
    const pair = { cert: read('certFile', certFile), key: read('keyFile', keyFile) };
    reading = 'admin.tls';
    createSecureContext(pair);
    return pair;
  } catch (error) {
    const { message } = error as Error;
    throw new SettingsError(`${reading}: expected a certificate and its key in PEM, found: ${message}`);
  }
}

async function listenAdmin(
  app: ReturnType<typeof createApp>,
  { address, port }: Endpoint,
  tls: boolean,
): Promise<string> {
  try {
    await app.listen({ host: address, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'the address is in use by another process' : message;
    throw new StartError(`cannot listen on ${formatEndpoint({ address, port })} (admin): ${why}`);
  }
  const bound = app.server.address() as net.AddressInfo;
  return `${tls ? 'https' : 'http'}://${formatEndpoint({ address: bound.address, port: bound.port })}`;
}

/** A full disk is not the fault of what the bootstrap section says. */
function mustSeed(problem: Problem | undefined): void {
  if (problem === undefined) return;
  if (problem.status < 500) throw new SettingsError(`bootstrap: ${problem.detail}`);
  throw new StartError(problem.detail);
}

function mustWork<Result>(result: Result | Problem): Exclude<Result, Problem> {
  if (result instanceof Problem) throw new StartError(result.detail);
  return result as Exclude<Result, Problem>;
}
