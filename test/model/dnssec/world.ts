/**
 * A zone, its parent and all caches between them, played from a seed: the oracle of the state machines. A cache may hold
 * any mixture of DS, DNSKEY and records that somebody served within their TTLs; none of them may find a bogus chain.
 */
import { apexRecords, wantedKeys } from '../../../src/model/dnssec/apex.ts';
import type { SigningWord } from '../../../src/model/dnssec/others.ts';
import { type SigningKey, signersOf, type ZoneSigning } from '../../../src/model/dnssec/signing.ts';
import * as machine from '../../../src/model/dnssec/transition.ts';
import { TYPE } from '../../../src/wire/constants.ts';

type Transition = typeof machine.transition;

/** What a server of ours answers with: tags of keys. */
interface Answered {
  readonly dnskey: readonly number[];
  readonly dnskeySigners: readonly number[];
  readonly recordSigners: readonly number[];
}

/** What was served, and until when; the last is served still. */
interface Served<Value> {
  readonly value: Value;
  untilMs: number;
}

interface Parent {
  ds: readonly machine.Ds[];
  readonly history: Served<readonly machine.Ds[]>[];
  isDown: boolean;
  /** It went back to what it had: until somebody has looked. */
  isBack: boolean;
}

const UNSIGNED: Answered = { dnskey: [], dnskeySigners: [], recordSigners: [] };
const pick = <Item>(random: () => number, items: readonly Item[]): Item =>
  items[Math.floor(random() * items.length)] as Item;

export function keyOf(tag: number): SigningKey {
  const digest = tag.toString(16).padStart(64, '0');
  const dnskey = Buffer.from([1, 1, 3, 13, tag >>> 8, tag & 0xff]).toString('base64');
  return { id: String(tag), tag, algorithm: 13, dnskey, digest, role: 'active', wrapped: '', madeAtMs: 0 };
}

export function signingOf(key: SigningKey, more: Partial<ZoneSigning> = {}): ZoneSigning {
  return {
    zone: 'example',
    denial: 'nsec',
    zonemd: false,
    keys: [key],
    foreign: [],
    stage: 'signing',
    sinceMs: 0,
    dnskeyTtlSeconds: 60,
    maxTtlSeconds: 60,
    dsTtlSeconds: 0,
    revision: 1,
    ...more,
  };
}

export class World {
  nowMs = 0;
  readonly stages = new Set<string>();
  readonly #random: () => number;
  readonly #transition: Transition;
  /** The first leads. `has`: it has the entry; `holds`: it answers by it; `word`: what it said last. */
  readonly #nodes: {
    has: ZoneSigning | undefined;
    holds: ZoneSigning | undefined;
    word: SigningWord | undefined;
    history: Served<Answered>[];
  }[];
  readonly #parents: Parent[];
  readonly #ttls: { readonly max: number; readonly dnskey: number; readonly ds: number };
  /** What the parent's own list has: its servers follow. */
  #wanted: readonly machine.Ds[] = [];
  #signing: ZoneSigning | undefined;
  #look: machine.ParentLook | undefined;
  #tags = 1;
  #revision = 0;

  constructor(random: () => number, transition: Transition = machine.transition) {
    this.#random = random;
    this.#transition = transition;
    const ttl = (): number => pick(random, [5, 30, 60, 300]);
    this.#ttls = { max: ttl(), dnskey: ttl(), ds: ttl() };
    const some = (): undefined[] => Array.from({ length: 1 + Math.floor(random() * 3) });
    this.#nodes = some().map(() => {
      return { has: undefined, holds: undefined, word: undefined, history: [{ value: UNSIGNED, untilMs: Infinity }] };
    });
    this.#parents = some().map(() => {
      return { ds: [], history: [{ value: [], untilMs: Infinity }], isDown: false, isBack: false };
    });
  }

  /** Plays a while; gives what a cache finds that is bogus, if anything. */
  play(ticks: number): string | undefined {
    for (let tick = 0; tick < ticks; tick++) {
      this.nowMs += 1000 * (1 + Math.floor(this.#random() * 20));
      this.#command();
      this.#parentMoves();
      this.#follow();
      this.#step();
      this.#follow();
      const bogus = this.#bogus();
      if (bogus !== undefined) return `${bogus}, ${this.nowMs / 1000} s, in ${this.#signing?.stage}`;
    }
    return undefined;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  /** People begin things at any time. */
  #command(): void {
    const { nowMs } = this;
    const signing = this.#signing;
    if (signing === undefined) {
      if (!this.#chance(0.2)) return;
      const { max, dnskey } = this.#ttls;
      const more = { sinceMs: nowMs, dnskeyTtlSeconds: dnskey, maxTtlSeconds: max };
      this.#change(signingOf(keyOf(this.#tags++), more));
      return;
    }
    const dice = this.#random();
    const begun =
      dice < 0.05
        ? machine.beginRoll(signing, keyOf(this.#tags++), nowMs)
        : dice < 0.06
          ? machine.beginUnsigning(signing, nowMs)
          : dice < 0.07
            ? machine.cancelUnsigning(signing, nowMs)
            : dice < 0.08
              ? machine.cancelRoll(signing, nowMs)
              : undefined;
    if (begun !== undefined) this.#change(begun);
  }

  #change(signing: ZoneSigning): void {
    this.#signing = { ...signing, revision: ++this.#revision };
  }

  /** The parent reads CDS, or people copy the lines that they are shown; its servers follow each at its time. */
  #parentMoves(): void {
    const node = pick(this.#random, this.#nodes).holds;
    if (node !== undefined && this.#chance(0.3)) {
      const cds = apexRecords(node).find(({ type }) => type === TYPE.CDS);
      const isDelete = cds?.rdata[0]?.length === 5;
      if (cds !== undefined) this.#wanted = isDelete ? [] : wantedKeys(node).map((key) => ({ ...key, digestType: 2 }));
      // The parent's first server has it at once: what was read and shows nowhere nobody could know of.
      if (cds !== undefined) this.#serve(this.#parents[0] as Parent, this.#wanted);
    }
    for (const parent of this.#parents) {
      parent.isDown = this.#chance(0.1);
      const stage = this.#signing?.stage;
      const before = parent.history.at(-2)?.value;
      if (
        !parent.isDown &&
        (stage === 'ds-seen' || stage === 'replacing') &&
        before !== undefined &&
        this.#chance(0.03)
      ) {
        // Both would be the parent's own fault: to name no key that there is, and to do so while nobody looks.
        const known = this.#signing?.keys.some((key) => machine.hasKey('example', before, key)) === true;
        if (known) {
          this.#serve(parent, before);
          parent.isBack = true;
        }
      } else if (!parent.isBack && this.#chance(0.2)) this.#serve(parent, this.#wanted);
    }
  }

  #serve(parent: Parent, ds: readonly machine.Ds[]): void {
    if (JSON.stringify(ds) === JSON.stringify(parent.ds)) return;
    parent.ds = ds;
    (parent.history.at(-1) as Served<unknown>).untilMs = this.nowMs;
    parent.history.push({ value: ds, untilMs: Infinity });
  }

  /** Each of our servers has the state later than it was decided, answers by it later still, and a state may be passed over. */
  #follow(): void {
    for (const node of this.#nodes) {
      if (this.#chance(0.7)) node.has = this.#signing;
      const unfinished = node.holds === node.has ? [] : ['example'];
      if (this.#chance(0.7)) node.word = { revision: node.has?.revision ?? 0, unfinished };
      if (node.holds === node.has || !this.#chance(0.6)) continue;
      node.holds = node.has;
      (node.history.at(-1) as Served<Answered>).untilMs = this.nowMs;
      node.history.push({ value: answeredBy(node.holds), untilMs: Infinity });
    }
  }

  /** The leader looks at the parent, and takes a step; it may have died, and knows then what is in its store only. */
  #step(): void {
    const mustLook = this.#parents.some(({ isBack }) => isBack);
    if (this.#chance(0.1) && !mustLook) this.#look = undefined;
    if (this.#chance(0.6) || mustLook) {
      const servers = this.#parents.map(({ ds, isDown }, number) =>
        isDown
          ? { server: String(number), error: 'no answer' }
          : { server: String(number), ds, ttlSeconds: this.#ttls.ds },
      );
      this.#look = { atMs: this.nowMs, servers };
      for (const parent of this.#parents) parent.isBack &&= parent.isDown;
    }
    if (this.#signing === undefined) return;
    const stored = JSON.parse(JSON.stringify(this.#signing)) as ZoneSigning;
    const inForce =
      isSame(this.#nodes[0]?.holds, this.#signing) && this.#nodes.every(({ has }) => isSame(has, this.#signing));
    const others = this.#nodes.slice(1).map(({ word }, number) => ({ node: String(number), isOut: false, word }));
    const seen = { inForce, others, maxTtlSeconds: this.#ttls.max, parent: this.#look };
    const next = this.#transition(stored, seen, this.nowMs);
    if (next === undefined) return;
    this.stages.add(next.stage);
    this.#change(next);
    if (next.stage === 'unsigned') this.#signing = undefined;
  }

  #bogus(): string | undefined {
    const { max, dnskey, ds } = this.#ttls;
    const answered = (ttl: number): Answered[] => this.#nodes.flatMap(({ history }) => this.#cached(history, ttl));
    const [keys, records] = [answered(dnskey), answered(max)];
    for (const held of this.#parents.flatMap(({ history }) => this.#cached(history, ds))) {
      if (held.length === 0) continue;
      const tags = held.map(({ tag }) => tag);
      for (const set of keys) {
        if (!tags.some((tag) => set.dnskey.includes(tag) && set.dnskeySigners.includes(tag))) {
          return `DS ${tags} with DNSKEY ${set.dnskey}`;
        }
        const bad = records.find(({ recordSigners }) => !recordSigners.some((tag) => set.dnskey.includes(tag)));
        if (bad !== undefined) return `DS ${tags}, DNSKEY ${set.dnskey} with records of ${bad.recordSigners}`;
      }
    }
    return undefined;
  }

  #cached<Value>(history: readonly Served<Value>[], ttlSeconds: number): Value[] {
    return history.filter(({ untilMs }) => untilMs >= this.nowMs - ttlSeconds * 1000).map(({ value }) => value);
  }
}

function answeredBy(signing: ZoneSigning | undefined): Answered {
  if (signing === undefined) return UNSIGNED;
  const tags = (keys: readonly SigningKey[]): number[] => keys.map(({ tag }) => tag);
  const { records, dnskey } = signersOf(signing);
  return { dnskey: tags(signing.keys), dnskeySigners: tags(dnskey), recordSigners: tags(records) };
}

/** Whether the answers are the same. */
function isSame(one: ZoneSigning | undefined, other: ZoneSigning | undefined): boolean {
  const all = (signing: ZoneSigning | undefined): string =>
    JSON.stringify([answeredBy(signing), signing === undefined ? [] : apexRecords(signing).map(({ rdata }) => rdata)]);
  return all(one) === all(other);
}
