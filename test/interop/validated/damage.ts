/**
 * A zone behind a relay that damages what is answered: each validator refuses it, `delv` does, and `teal doctor` names the
 * RRset; without the damage all is well again.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Reply } from '../../fixtures/dns-client.ts';
import type { TealProcess } from '../../fixtures/process.ts';
import { Asker } from './asking.ts';
import { anchorsOf, delv, isValidByDelv, saidBy } from './judging.ts';
import type { Denial, Life } from './life.ts';
import { type Damage, dropType, flipSignature, type Relay, replaceNext, stripSignatures } from './relay.ts';
import { ADDRESS, RELAYED, SHORT_TTL_SECONDS } from './servers.ts';
import type { Validator } from './validators.ts';

const SERVFAIL = 2;
const [A, NSEC, NSEC3] = [1, 47, 50];
/** How often a validator is asked until it answers again: some keep to a failure for a while. */
const TRIES_MAX = 60;
const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

interface Kind {
  readonly what: string;
  readonly damage: Damage;
  /** What is asked: a name that was never asked for, or the type of a host that it does not have. */
  readonly asks: readonly ('address' | 'no name' | 'no type')[];
  /** Type of the RRset that the doctor names. */
  readonly named: (denial: Denial) => number;
}

const proofOf = (denial: Denial): number => (denial === 'nsec' ? NSEC : NSEC3) as number;
const kinds: readonly Kind[] = [
  { what: 'a bit of a signature', damage: flipSignature(A as number), asks: ['address'], named: () => A as number },
  { what: 'the next name of a proof', damage: replaceNext, asks: ['no name', 'no type'], named: proofOf },
  { what: 'a type of a bitmap', damage: dropType, asks: ['no type'], named: proofOf },
  { what: 'no signatures', damage: stripSignatures, asks: ['address', 'no name', 'no type'], named: () => A as number },
];
/** No damage at all, of which the judges say nothing that they say of damages: else they would say it of everything. */
const nothing: Kind = { what: 'nothing', damage: (reply) => reply, asks: ['address'], named: () => A as number };
/** Hosts that are asked for once. */
const HOSTS = 60;

/** What came of it: how many damages were tried, and what nobody saw, or what stayed when it was over. */
export interface Damaged {
  readonly tried: number;
  readonly faults: readonly string[];
  /** Who said, of a relay that damages nothing, that damage goes by unseen: each of the judges has to. */
  readonly unmoved: readonly string[];
}

/** A zone with hosts that nobody has asked for yet. */
export async function setUpRelayed(life: Life): Promise<void> {
  await life.begin(ADDRESS.relay);
  for (let n = 0; n < HOSTS; n++) await life.put(`host${n}.${RELAYED}`, 'A', '192.0.2.60');
  const pools = { blue: { weight: 50, targets: ['192.0.2.1'] }, green: { weight: 50, targets: ['192.0.2.2'] } };
  await life.call('PUT', `/v1/services/app.${RELAYED}`, { ttlSeconds: 1, pools });
}

export class DamageJudge {
  readonly #life: Life;
  readonly #teal: TealProcess;
  readonly #relay: Relay;
  readonly #folder: string;
  readonly #faults: string[] = [];
  #hosts = 0;
  #tried = 0;

  constructor(life: Life, teal: TealProcess, relay: Relay, folder: string) {
    this.#life = life;
    this.#teal = teal;
    this.#relay = relay;
    this.#folder = folder;
  }

  /** The zone is signed, and the parent knows it. */
  async run(validators: readonly Validator[]): Promise<Damaged> {
    const askers = await Promise.all(validators.map(({ name, address }) => Asker.open(name, address, [])));
    const unmoved: string[] = [];
    for (const denial of ['nsec', 'nsec3'] as const) {
      if (denial === 'nsec3') await this.#life.denyBy('nsec3');
      await this.#isWell(askers, `before any damage of ${denial}`);
      if (denial === 'nsec') unmoved.push(...(await this.#unseen(nothing, denial, askers)));
      for (const kind of kinds) {
        this.#tried += 1;
        this.#faults.push(...(await this.#unseen(kind, denial, askers)));
        await this.#isWell(askers, `after ${kind.what} (${denial})`);
        // What would answer in place of the next damage goes out of the caches.
        await sleep((SHORT_TTL_SECONDS + 2) * 1000);
      }
    }
    await Promise.all(askers.map((asker) => asker.stop()));
    return { tried: this.#tried, faults: this.#faults, unmoved };
  }

  /** A name and a type, of which no cache has anything. */
  #question(ask: Kind['asks'][number]): [string, 'A' | 'TXT'] {
    const n = this.#hosts++;
    if (ask === 'no name') return [`nowhere${n}.${RELAYED}`, 'A'];
    if (n >= HOSTS) throw new Error('all hosts have been asked for');
    return [`host${n}.${RELAYED}`, ask === 'address' ? 'A' : 'TXT'];
  }

  /** Who does not see a damage. */
  async #unseen({ what, damage, asks, named }: Kind, denial: Denial, askers: readonly Asker[]): Promise<string[]> {
    const anchors = await anchorsOf(RELAYED, this.#folder);
    const unseen: string[] = [];
    this.#relay.damage = damage;
    for (const ask of asks) {
      const [name, type] = this.#question(ask);
      const which = `${what} (${denial}, ${ask})`;
      const seen = askers.map(async (asker) => {
        // A busy machine may lose a datagram.
        const again = (): Promise<Reply> => asker.ask(name, type);
        const rcode = await again()
          .catch(again)
          .then((reply) => reply.rcode, String);
        if (rcode !== SERVFAIL) unseen.push(`${asker.name} answers with rcode ${rcode} where ${which} is damaged`);
      });
      await Promise.all(seen);
      const said = await saidBy(delv(anchors.delv, RELAYED, ADDRESS.relay, name, type));
      if (isValidByDelv(said) || !/resolution failed/.test(said)) unseen.push(`delv: ${which}: ${said}`);
    }
    const found = await this.#doctor();
    const isNamed = new RegExp(`RRset of type ${named(denial)} `).test(found.bogus ?? '');
    if (!isNamed) unseen.push(`the doctor of ${what} (${denial}): ${JSON.stringify(found)}`);
    this.#relay.damage = undefined;
    return unseen;
  }

  async #isWell(askers: readonly Asker[], when: string): Promise<void> {
    const names = { address: 0, 'no name': 3, 'no type': 0 } as const;
    for (const ask of ['address', 'no name', 'no type'] as const) {
      const [name, type] = this.#question(ask);
      const well = askers.map(async (asker) => {
        for (let tries = 1; ; tries++) {
          const reply = await asker.ask(name, type).catch(() => undefined);
          if (reply?.rcode === names[ask] && reply.ad) return;
          if (tries === TRIES_MAX) this.#faults.push(`${asker.name} ${when}: ${name} ${type}: rcode ${reply?.rcode}`);
          if (tries === TRIES_MAX) return;
          await sleep(1000);
        }
      });
      await Promise.all(well);
    }
    const found = await this.#doctor();
    if (found.bogus !== undefined || found.signatures === undefined) {
      this.#faults.push(`the doctor ${when}: ${JSON.stringify(found)}`);
    }
  }

  /** What `teal doctor` found, by code. */
  async #doctor(): Promise<Record<string, string>> {
    const { admin, token } = this.#teal;
    const words = ['env', `TEAL_TOKEN=${token}`, process.execPath, main, 'doctor', RELAYED];
    const said = await saidBy([...words, '--root', ADDRESS.root, '--url', admin, '--json']);
    const { chapters } = JSON.parse(said) as { chapters: { findings: { code: string; what: string }[] }[] };
    const findings = chapters.flatMap(({ findings }) => findings);
    return Object.fromEntries(findings.map(({ code, what }) => [code, what]));
  }
}
