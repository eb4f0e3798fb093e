/**
 * A zone whose parent has three servers, of which one lags, is lost or lies while the zone is signed, rolled and unsigned: Teal
 * waits for each, says which one it is, and goes on when all agree. Four validators ask the first two all the while. To be run in
 * namespaces of one's own (namespaces.ts); prints what happened as one line of JSON.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { controlPid } from '../../fixtures/planes.ts';
import { startTeal, type TealProcess } from '../../fixtures/process.ts';
import { Asker, type Tally } from './asking.ts';
import { Capture } from './capture.ts';
import { casesIn } from './cases.ts';
import { Liar, type Lie } from './liar.ts';
import { Life } from './life.ts';
import { startRelay } from './relay.ts';
import { ADDRESS, type Internet, SHORT_TTL_SECONDS, startInternet, ZONES } from './servers.ts';
import { startValidators } from './validators.ts';

export interface ParentsOutcome {
  readonly seconds: number;
  /** By validator. */
  readonly tallies: Readonly<Record<string, Tally>>;
  /** What Teal was to wait through, and how often it did. */
  readonly waited: number;
  readonly faults: readonly string[];
}

const ZONE = ZONES.live;
/** A parent is asked once a minute, and a lost server is waited for. */
const LIMIT_MS = 300_000;
const POLL_MS = 500;

/**
 * The delegations lead to the first server of the parent, not to Teal. And while a server of the parent was not there, unbound 1.17
 * took the CNAME of a DNAME that it had in its cache for one that must be signed (SERVFAIL until its TTL was over).
 */
const isNotAsked = /delegation|DNAME/;

/** What a server of the parent is seen to have. */
interface Had {
  readonly server: string;
  readonly ds: readonly string[] | null;
  readonly error: string | null;
}
type Status = {
  readonly stage: string;
  readonly status: string;
  readonly ds: readonly string[];
  readonly parent: { readonly askedAt: string; readonly servers: readonly Had[] } | null;
};

const isSilent = ({ error }: Had): boolean => error !== null;
const hasNone = ({ ds }: Had): boolean => ds !== null && ds.length === 0;
const hasSome = ({ ds }: Had): boolean => ds !== null && ds.length > 0;
/** What is seen of each lie. */
const seenOf: Readonly<Record<Lie, (had: Had) => boolean>> = {
  none: hasNone,
  before: hasSome,
  'of another key': hasSome,
  refused: isSilent,
  silent: isSilent,
};

class Parents {
  readonly faults: string[] = [];
  waited = 0;
  readonly #teal: TealProcess;
  readonly #internet: Internet;
  readonly #liar: Liar;

  constructor(teal: TealProcess, internet: Internet, liar: Liar) {
    this.#teal = teal;
    this.#internet = internet;
    this.#liar = liar;
  }

  async #status(): Promise<Status> {
    for (const startedAt = performance.now(); ; await sleep(POLL_MS)) {
      const reply = await this.#teal
        .call('GET', `/v1/zones/${ZONE}/dnssec`, undefined, { connection: 'close' })
        .catch(() => undefined);
      if (reply?.status === 200) return reply.body;
      if (reply?.status === 404) return { stage: 'none', status: '', ds: [], parent: null };
      if (performance.now() - startedAt > LIMIT_MS) throw new Error(`the API says ${reply?.status}`);
    }
  }

  async until(stage: string): Promise<void> {
    let last = '';
    for (const startedAt = performance.now(); ; await sleep(POLL_MS)) {
      last = (await this.#status()).stage;
      if (last === stage) return;
      if (performance.now() - startedAt > LIMIT_MS) throw new Error(`${stage} did not come: ${last}`);
    }
  }

  /** The process that decides dies; the next one knows nothing of the parent, and asks it at once. */
  async #look(): Promise<Status> {
    const killedAtMs = Date.now();
    process.kill(controlPid(this.#teal.pid), 'SIGKILL');
    for (const startedAt = performance.now(); ; await sleep(POLL_MS)) {
      const status = await this.#status();
      if (status.parent !== null && Date.parse(status.parent.askedAt) > killedAtMs) return status;
      if (status.stage === 'none' || performance.now() - startedAt > LIMIT_MS)
        throw new Error(`nobody looks at the parent: ${status.stage}`);
    }
  }

  /** When it has looked, the stage stays; the server that is behind is named, and what it has is seen. */
  async #waits(stage: string, what: string, server: string, isBehind: (had: Had) => boolean): Promise<void> {
    const found = await this.#look();
    const had = found.parent?.servers.find((each) => each.server.startsWith(server));
    const which = `${stage}, ${what}`;
    this.waited += 1;
    console.error(`${which}: ${found.status}`);
    if (found.stage !== stage) this.faults.push(`${which}: it went on to ${found.stage}`);
    if (had === undefined || !isBehind(had)) this.faults.push(`${which}: ${JSON.stringify(found.parent)}`);
    if (!found.status.includes(server)) this.faults.push(`${which}: nothing of ${server}: ${found.status}`);
  }

  /**
   * The first server has from now on what the parent is to have; the second lags, and then is lost; the third lies. The zone
   * goes on when all are as they should be.
   */
  async waitsForEach(stage: string, behind: (had: Had) => boolean, lies: readonly Lie[]): Promise<void> {
    const copy = this.#internet.copy as NonNullable<Internet['copy']>;
    const liar = this.#liar;
    await this.#internet.setDs(ZONE, (await this.#status()).ds);
    // What is seen counts from when all nameservers of the zone answer by the stage: once more then.
    for (const look of ['at once', 'again']) await this.#waits(stage, `a server lags, ${look}`, ADDRESS.copy, behind);
    // From before the second one is well, so that at no time all are.
    liar.lie = 'silent';
    await copy.look();
    await copy.stop();
    await this.#waits(stage, 'a server is lost', ADDRESS.copy, isSilent);
    await copy.start();
    for (const lie of lies) {
      liar.lie = lie;
      await this.#waits(stage, `a server lies: ${lie}`, ADDRESS.liar, seenOf[lie]);
    }
    liar.lie = undefined;
    await this.#look();
  }
}

async function live(parents: Parents, life: Life, liar: Liar): Promise<void> {
  const path = `/v1/zones/${life.zone}/dnssec`;
  await life.call('PUT', path, { dnskeyTtlSeconds: SHORT_TTL_SECONDS, denial: 'nsec' });
  await parents.until('ds-needed');
  await parents.waitsForEach('ds-needed', hasNone, ['silent', 'refused', 'none', 'of another key']);
  await parents.until('secure');
  await life.forget();
  life.mustBeSecure = true;
  liar.keep();
  await life.call('POST', `${path}/roll`, {});
  await parents.until('ds-needed');
  await parents.waitsForEach('ds-needed', hasSome, ['before', 'none']);
  await parents.until('secure');
  await life.forget();
  life.mustBeSecure = false;
  liar.keep();
  await life.call('DELETE', path);
  await parents.until('ds-removal');
  await parents.waitsForEach('ds-removal', hasSome, ['before']);
  await parents.until('none');
  await life.forget();
}

async function main(): Promise<void> {
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'teal-parents-'));
  const stops: (() => Promise<unknown>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  try {
    const internet = await startInternet(folder, { isCopied: true });
    stops.unshift(() => internet.stop());
    const relay = await startRelay(ADDRESS.liar, ADDRESS.parent);
    stops.unshift(() => relay.stop());
    const liar = new Liar(relay);
    const data = join(folder, 'teal');
    mkdirSync(data);
    const parentServers = [ADDRESS.parent, ADDRESS.copy, ADDRESS.liar].map((address) => `${address}:53`).join(',');
    const env = { TEAL_DNSSEC_PARENT_SERVERS: parentServers, TEAL_DNS_LISTEN: `${ADDRESS.teal}:53` };
    const teal = await startTeal(data, { env });
    stops.unshift(() => teal.end('SIGTERM'));
    await new Life(ZONE, teal, internet).setUp(folder);
    const capture = await Capture.start();
    stops.unshift(() => capture.stop());
    const validators = await startValidators(folder, internet.anchor);
    stops.unshift(() => Promise.all(validators.map((each) => each.stop())));
    const cases = casesIn(ZONE).filter(({ kind }) => !isNotAsked.test(kind));
    const askers = await Promise.all(
      validators.map(({ name, address }) => Asker.open(name, address, cases, (...which) => capture.of(...which))),
    );
    const parents = new Parents(teal, internet, liar);
    await live(parents, new Life(ZONE, teal, internet, askers), liar);
    await Promise.all(askers.map((asker) => asker.stop()));
    const outcome: ParentsOutcome = {
      seconds: Math.round((performance.now() - startedAt) / 1000),
      tallies: Object.fromEntries(askers.map(({ name, tally }) => [name, tally])),
      waited: parents.waited,
      faults: parents.faults,
    };
    console.log(JSON.stringify(outcome));
  } finally {
    for (const stop of stops) await stop();
  }
}

await main();
