/** One node of a fleet and an engine in memory that answers all it asks, by a clock that the test moves. */
import { ackKey, HEAD_KEY, memberKey } from '../../../src/model/fleet/keys.ts';
import { startNode, stepNode } from '../../../src/model/fleet/node.ts';
import { encodeMember, encodeRevision } from '../../../src/model/fleet/records.ts';
import { timingsOf } from '../../../src/model/fleet/timings.ts';
import type { Transaction } from '../../../src/model/fleet/transaction.ts';
import type { NodeEffect, NodeEvent, NodeState } from '../../../src/model/fleet/turn.ts';

const STEP_MS = 250;

export class OneNode {
  readonly name = 'ns3';
  readonly stored = new Map([[HEAD_KEY, encodeRevision(7)]]);
  /** The engine's place. */
  at = 10;
  /** How often the records of all were read. */
  reads = 0;
  /** Keys that the node has written, in their order. */
  readonly puts: string[] = [];
  /** What the node said of where it stands. */
  readonly told: string[] = [];
  /** Nothing that the engine says arrives: each call is lost after so many milliseconds; undefined: all does. */
  silentMs: number | undefined;
  readonly #silent: { readonly call: number; readonly atMs: number }[] = [];
  /** Why the engine carries out nothing that it is asked; undefined: it does. */
  refusal: string | undefined;
  /** What became of changes that this node wanted. */
  readonly outcomes: NodeEffect[] = [];
  /** What becomes of an entry that is to be applied. */
  apply: (revision: number) => NodeEvent = (revision) => ({ kind: 'applied', revision });
  #nowMs = 0;
  #state: NodeState;
  /** What is still to be carried out. */
  readonly #effects: NodeEffect[];

  /** It has applied entry 7, which is the last one. `others`: nodes that are live. */
  constructor(others: readonly string[]) {
    const settings = { node: this.name, incarnation: 'c', earlier: undefined, version: '1', timings: timingsOf(5000) };
    const { state, effects } = startNode(settings, 7, 0);
    this.#state = state;
    this.#effects = [...effects];
    for (const node of others) {
      this.stored.set(memberKey(node), encodeMember({ state: 'live', incarnation: node, version: '1' }));
      this.stored.set(ackKey(node), encodeRevision(7));
    }
  }

  get state(): NodeState {
    return this.#state;
  }

  pass(seconds: number): void {
    for (const endMs = this.#nowMs + seconds * 1000; this.#nowMs < endMs; this.#nowMs += STEP_MS) {
      for (let rounds = 0; rounds < 5; rounds++) this.#carryOut();
      this.#lose();
      this.tell({ kind: 'tick' });
    }
  }

  tell(event: NodeEvent): void {
    const { state, effects } = stepNode(this.#state, event, this.#nowMs);
    this.#state = state;
    this.#effects.push(...effects);
    for (const effect of effects) if (effect.kind === 'standing') this.told.push(`${effect.standing}: ${effect.words}`);
  }

  #carryOut(): void {
    for (const effect of this.#effects.splice(0)) {
      if (effect.kind === 'send') this.#send(effect.call, effect.transaction);
      if (effect.kind === 'unavailable' || effect.kind === 'committed') this.outcomes.push(effect);
      if (effect.kind === 'apply') this.tell(this.apply(effect.revision));
    }
  }

  #send(call: number, transaction: Transaction): void {
    const { refusal, silentMs } = this;
    if (silentMs !== undefined) this.#silent.push({ call, atMs: this.#nowMs + silentMs });
    else if (refusal === undefined) this.tell({ kind: 'reply', call, reply: this.#transact(transaction) });
    else this.tell({ kind: 'lost', call, isSent: false, refusal });
  }

  #lose(): void {
    for (const due of this.#silent.filter(({ atMs }) => atMs <= this.#nowMs)) {
      this.#silent.splice(this.#silent.indexOf(due), 1);
      this.tell({ kind: 'lost', call: due.call, isSent: true });
    }
  }

  /** As etcd does, without anybody else. */
  #transact({ puts, reads: asked }: Transaction) {
    this.reads += asked.filter(({ key }) => key === 'member/').length;
    for (const put of puts) {
      this.puts.push(put.key);
      if ('value' in put) this.stored.set(put.key, put.value);
      else this.stored.delete(put.key);
    }
    if (puts.length > 0) this.at++;
    const found = [...this.stored]
      .filter(([key]) => asked.some((read) => (read.isPrefix === true ? key.startsWith(read.key) : key === read.key)))
      .map(([key, value]) => ({ key, value, changedAt: key.endsWith(this.name) ? this.at : 5, createdAt: 1 }));
    return { succeeded: true, at: this.at, found };
  }
}
