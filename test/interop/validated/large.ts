/**
 * A zone of some thousand names, which is signed beside what goes on, in a server of its own behind the validators: the process
 * that decides is killed with -9 while all of it is signed, proved by NSEC3 and by NSEC again, signed anew since its signatures
 * end within a week, rolled and unsigned; between that all of the server is, with what it keeps of signatures removed, cut
 * short or overwritten. What is answered meanwhile is never bogus, given what the parent has.
 */
import { rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { controlPid, signalAll } from '../../fixtures/planes.ts';
import { startTeal, type TealProcess } from '../../fixtures/process.ts';
import { Asker, type Case, type Tally, type Witness } from './asking.ts';
import { anchorsOf, delv, isValidByDelv, saidBy } from './judging.ts';
import { type Denial, Life } from './life.ts';
import { ADDRESS, type Internet, LARGE, SHORT_TTL_SECONDS } from './servers.ts';
import type { Validator } from './validators.ts';

const NAMES = 3000;
const SERVICES = 30;
const SERVFAIL = 2;
const NXDOMAIN = 3;
const [A, TXT] = [1, 16];
/** Some resolvers keep to a failure for a minute. */
const TRIES_MAX = 180;
const POLL_MS = 500;
const API_LIMIT_MS = 120_000;
const DAY_SECONDS = 86_400;
/** What is signed by a clock of so long ago ends within a week: it is made anew as soon as the clock is right. */
const LONG_AGO = ['faketime', '--exclude-monotonic', '-f', '-8d'];
/** Signatures are made anew with a week left, and hold for twelve days at least. */
const LEFT_SECONDS = 11 * DAY_SECONDS;
const SIGNATURES = 'signatures.db';

/** What becomes of the file of signatures while the server is down. */
const losses: Readonly<Record<string, (file: string) => void>> = {
  removed: (file) => rmSync(file),
  'cut short': (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
  overwritten: (file) => writeFileSync(file, Buffer.alloc(statSync(file).size, 'garbage')),
};

let drawn = 0;
const next = (): number => ++drawn;
const isRcode =
  (wanted: number): Case['fault'] =>
  ({ rcode }) =>
    rcode === wanted ? undefined : `rcode ${rcode}`;

const cases: readonly Case[] = [
  ['a name', () => `n${(next() * 7) % NAMES}.${LARGE}`, A, isRcode(0)],
  ['a name NODATA', () => `n${(next() * 11) % NAMES}.${LARGE}`, TXT, isRcode(0)],
  ['a service', () => `s${next() % SERVICES}.${LARGE}`, A, isRcode(0)],
  ['a preview', () => `green.s${next() % SERVICES}.${LARGE}`, A, isRcode(0)],
  ['no name', () => `nowhere${next()}.${LARGE}`, A, isRcode(NXDOMAIN)],
  ['apex', () => LARGE, 'SOA', isRcode(0)],
].map(([kind, name, type, fault]) => ({ kind, name, type, fault, isSecure: true }) as Case);

export interface LargeLived {
  readonly tallies: (readonly [string, Tally])[];
  readonly faults: readonly string[];
}

export class LargeLife {
  readonly #folder: string;
  readonly #internet: Internet;
  readonly #validators: readonly Validator[];
  readonly #witness: Witness;
  readonly #faults: string[] = [];
  readonly #tallies: (readonly [string, Tally])[] = [];
  #teal: TealProcess | undefined;

  constructor(folder: string, internet: Internet, validators: readonly Validator[], witness: Witness) {
    this.#witness = witness;
    this.#folder = folder;
    this.#internet = internet;
    this.#validators = validators;
  }

  async run(): Promise<LargeLived> {
    try {
      const began = await this.#start(LONG_AGO);
      await this.#setUp(began);
      await this.#during('', began, async (life) => {
        await this.#killedIn(life.sign('nsec'), began);
        await this.#killedIn(life.denyBy('nsec3'), began);
      });
      const now = await this.#startAgain(began);
      await this.#during(', with signatures that end soon', now, async (life) => {
        life.mustBeSecure = true;
        await this.#killedIn(this.#madeAnew(now), now);
        await this.#killedIn(life.roll(), now);
        await this.#killedIn(life.denyBy('nsec'), now);
      });
      let last = now;
      const denials: readonly Denial[] = ['nsec3', 'nsec', 'nsec3'];
      for (const [at, [how, lose]] of Object.entries(losses).entries()) {
        last = await this.#lose(last, how, lose);
        const left = last;
        const by = denials[at] as Denial;
        await this.#during(`, after its signatures were ${how}`, last, async (life) => {
          life.mustBeSecure = true;
          await life.forget();
          // The next loss is of a zone that proves in the other way.
          await life.denyBy(by);
          if (at === denials.length - 1) await this.#killedIn(life.unsign(), left);
        });
      }
    } finally {
      if (this.#teal !== undefined) signalAll(this.#teal.pid, 'SIGKILL');
    }
    return { tallies: this.#tallies, faults: this.#faults };
  }

  /** Clients ask all the while. */
  async #during(when: string, teal: TealProcess, work: (life: Life) => Promise<void>): Promise<void> {
    const open = ({ name, address }: Validator) =>
      Asker.open(`${name}, ${LARGE}${when}`, address, cases, this.#witness);
    const askers = await Promise.all(this.#validators.map(open));
    try {
      await work(new Life(LARGE, patient(teal), this.#internet, askers, ADDRESS.large));
    } finally {
      await Promise.all(askers.map((asker) => asker.stop()));
      for (const { name, tally } of askers) this.#tallies.push([name, tally]);
    }
  }

  async #start(wrapper: readonly string[]): Promise<TealProcess> {
    const env = { TEAL_DNSSEC_PARENT_SERVERS: `${ADDRESS.parent}:53`, TEAL_DNS_LISTEN: `${ADDRESS.large}:53` };
    this.#teal = await startTeal(this.#folder, { env, wrapper });
    return this.#teal;
  }

  /** All of the server dies, and another one begins. */
  async #startAgain(before: TealProcess): Promise<TealProcess> {
    signalAll(before.pid, 'SIGKILL');
    await before.ended;
    const after = await this.#start([]);
    await Promise.all(this.#validators.map((validator) => this.#comesBack(validator)));
    return after;
  }

  /** Until no signature is left that ends soon; the process that makes them may die meanwhile. */
  async #madeAnew(teal: TealProcess): Promise<void> {
    const nextExpiry = async (): Promise<number> => {
      const { token, admin } = teal;
      const reply = await fetch(`${admin}/metrics`, {
        headers: { authorization: `Bearer ${token}`, connection: 'close' },
      });
      const found = /^teal_dnssec_next_expiry_timestamp_seconds(?:\{\})? (\S+)/m.exec(await reply.text());
      return Number(found?.[1] ?? 0);
    };
    const wanted = Date.now() / 1000 + LEFT_SECONDS;
    for (const startedAt = performance.now(); (await nextExpiry().catch(() => 0)) < wanted; await sleep(POLL_MS)) {
      if (performance.now() - startedAt > API_LIMIT_MS) throw new Error('the signatures are not made anew');
    }
  }

  async #setUp(teal: TealProcess): Promise<void> {
    const ttl = SHORT_TTL_SECONDS;
    const head = `$TTL ${ttl}\n@ SOA ns h 1 7200 900 1209600 2\n@ NS ns\nns A ${ADDRESS.large}\n`;
    const lines = Array.from({ length: NAMES }, (_, i) => `n${i} A 192.0.2.${i % 250}\n`);
    const headers = { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' };
    const path = `${teal.admin}/v1/zones/${LARGE}/file`;
    const reply = await fetch(path, { method: 'PUT', headers, body: head + lines.join('') });
    if (!reply.ok) throw new Error(await reply.text());
    const pools = { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 1, targets: ['192.0.2.2'] } };
    for (let i = 0; i < SERVICES; i++) {
      const { status, body } = await teal.call('PUT', `/v1/services/s${i}.${LARGE}`, { ttlSeconds: 1, pools });
      if (status !== 201) throw new Error(JSON.stringify(body));
    }
  }

  /** The process that decides dies just after it was told what to do; the one that answers goes on. */
  async #killedIn(work: Promise<void>, { pid }: TealProcess): Promise<void> {
    const dies = async (): Promise<void> => {
      for (let times = 0; times < 3; times++) {
        await sleep(1000);
        const control = controlPid(pid);
        if (control === pid) throw new Error('the server is not of two planes');
        process.kill(control, 'SIGKILL');
        // Another one has to be there before it can die.
        while (controlPid(pid) === control || controlPid(pid) === pid) await sleep(50);
      }
    };
    await Promise.all([work, dies()]);
  }

  /** The server begins without its signatures; what is asked for most validates again at once, and then all. */
  async #lose(before: TealProcess, how: string, lose: (file: string) => void): Promise<TealProcess> {
    signalAll(before.pid, 'SIGKILL');
    await before.ended;
    lose(join(this.#folder, SIGNATURES));
    // What is in them is lost with it; and a table that was compiled would have the signatures in it.
    for (const file of [`${SIGNATURES}-wal`, `${SIGNATURES}-shm`, 'table.img'])
      rmSync(join(this.#folder, file), { force: true });
    const after = await this.#start([]);
    const anchor = (await anchorsOf(LARGE, this.#folder, ADDRESS.large)).delv;
    const isValid = async (name: string): Promise<boolean> =>
      isValidByDelv(await saidBy(delv(anchor, LARGE, ADDRESS.large, name, 'A')));
    const lost = `after the signatures were ${how}`;
    for (const name of [LARGE, `s1.${LARGE}`, `green.s2.${LARGE}`]) {
      if (!(await isValid(name))) this.#faults.push(`${name} is not valid at once ${lost}`);
    }
    const ready = async (): Promise<boolean> => (await fetch(`${after.admin}/readyz`)).ok;
    for (let tries = 0; tries < TRIES_MAX && !(await ready()); tries++) await sleep(POLL_MS);
    for (const name of [`n1.${LARGE}`, `n${NAMES - 1}.${LARGE}`, `nowhere.${LARGE}`]) {
      if (!(await isValid(name)))
        this.#faults.push(`${name} is not valid where the server says that it is ready ${lost}`);
    }
    await Promise.all(this.#validators.map((validator) => this.#comesBack(validator)));
    return after;
  }

  /** Until a validator believes again, whatever it kept of when the server was down. */
  async #comesBack({ name, address }: Validator): Promise<void> {
    const asker = await Asker.open(name, address, []);
    for (let tries = 1; ; tries++) {
      const reply = await asker.ask(`back${next()}.${LARGE}`, A).catch(() => undefined);
      if (reply?.rcode === NXDOMAIN && reply.ad) break;
      if (tries === TRIES_MAX) this.#faults.push(`${name} does not come back: rcode ${reply?.rcode ?? SERVFAIL}`);
      if (tries === TRIES_MAX) break;
      await sleep(POLL_MS);
    }
    await asker.stop();
  }
}

/** A server whose API is away now and then for as long as it takes to start. */
function patient(teal: TealProcess): TealProcess {
  return {
    ...teal,
    call: async (...request) => {
      for (const startedAt = performance.now(); ; await sleep(POLL_MS)) {
        try {
          const reply = await teal.call(...request);
          if (reply.status !== 503) return reply;
        } catch (error) {
          if (performance.now() - startedAt > API_LIMIT_MS) throw error;
        }
      }
    },
  };
}
