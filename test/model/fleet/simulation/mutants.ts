/** Fleets with a fault in the protocol, each of which the checker has to find: what is promised hangs on every one of these. */
import { openEntry, sealEntry } from '../../../../src/model/fleet/envelope.ts';
import {
  ACK_PREFIX,
  HEAD_KEY,
  LEADER_KEY,
  LOG_PREFIX,
  MEMBER_PREFIX,
  memberKey,
} from '../../../../src/model/fleet/keys.ts';
import { type Stepped, startNode, stepNode } from '../../../../src/model/fleet/node.ts';
import { parseMember, textOf, Unreadable } from '../../../../src/model/fleet/records.ts';
import type { Put, Transaction } from '../../../../src/model/fleet/transaction.ts';
import type { NodeEffect, NodeEvent, NodeState } from '../../../../src/model/fleet/turn.ts';
import { faults } from './faults.ts';
import type { Protocol } from './machine.ts';

/** What a step does, before it is done. */
type Distort = (effects: readonly NodeEffect[], state: NodeState, nowMs: number, event?: NodeEvent) => NodeEffect[];

/** The real protocol, whose effects are another's. */
function distorted(makeDistort: () => Distort): () => Protocol {
  return () => {
    const distort = makeDistort();
    const through = ({ state, effects }: Stepped, nowMs: number, event?: NodeEvent): Stepped => ({
      state,
      effects: distort(effects, state, nowMs, event),
    });
    return {
      start: (settings, applied, nowMs) => through(startNode(settings, applied, nowMs), nowMs),
      step: (state, event, nowMs) => through(stepNode(state, event, nowMs), nowMs, event),
    };
  };
}

/** Transactions are sent in another form. */
function sending(change: (transaction: Transaction, state: NodeState) => Transaction): () => Protocol {
  return distorted(
    () => (effects, state) =>
      effects.map((effect) =>
        effect.kind === 'send' ? { ...effect, transaction: change(effect.transaction, state) } : effect,
      ),
  );
}

const without = (transaction: Transaction, isLeftOut: (key: string) => boolean): Transaction => ({
  ...transaction,
  compares: transaction.compares.filter(({ key }) => !isLeftOut(key)),
});

/** What a transaction makes of a member's record. */
function memberPut({ puts }: Transaction): { key: string; state: 'live' | 'out' } | undefined {
  const put = puts.find(({ key }) => key.startsWith(MEMBER_PREFIX));
  if (put === undefined || !('value' in put)) return undefined;
  const member = parseMember(put.value);
  return member instanceof Unreadable ? undefined : { key: put.key, state: member.state };
}

const noWait = distorted(
  () => (effects) =>
    effects.flatMap((effect): NodeEffect[] => {
      if (effect.kind === 'confirmed') return [];
      if (effect.kind !== 'committed') return [effect];
      const { shift, revision } = effect;
      return [effect, { kind: 'confirmed', shift, revision, answering: [], behind: [] }];
    }),
);

const claimFromTheEnd = distorted(() => {
  const sentAtMs = new Map<number, number>();
  return (effects, _state, nowMs, event) => {
    for (const effect of effects) if (effect.kind === 'send') sentAtMs.set(effect.call, nowMs);
    const tookMs = event?.kind === 'reply' ? nowMs - (sentAtMs.get(event.call) ?? nowMs) : 0;
    return effects.map((effect) =>
      effect.kind === 'claim' && effect.untilMs > 0 ? { ...effect, untilMs: effect.untilMs + tookMs } : effect,
    );
  };
});

const rejoinWithoutCompare = sending((transaction) =>
  memberPut(transaction)?.state === 'live' ? without(transaction, (key) => key === HEAD_KEY) : transaction,
);

const outWithoutCompare = sending((transaction, { settings }) => {
  const member = memberPut(transaction);
  const isOthers = member?.state === 'out' && member.key !== memberKey(settings.node);
  return isOthers ? { ...transaction, compares: [] } : transaction;
});

/** It says that it has applied an entry when it only begins to. */
function ackBeforePublish(): Protocol {
  const step = (state: NodeState, event: NodeEvent, nowMs: number): Stepped => {
    if (event.kind === 'applied' && event.revision <= state.applied) return { state, effects: [] };
    return ahead(stepNode(state, event, nowMs), nowMs);
  };
  const ahead = ({ state, effects }: Stepped, nowMs: number): Stepped => {
    const begun = effects.find(({ kind }) => kind === 'apply');
    if (begun?.kind !== 'apply') return { state, effects };
    const said = step(state, { kind: 'applied', revision: begun.revision }, nowMs);
    return { state: said.state, effects: [...effects, ...said.effects] };
  };
  return { start: startNode, step };
}

/** What was tried is tried again as if it were something new. */
const retryUnderANewId = (): Protocol => {
  const tried = new Set<string>();
  const renew = ({ state, effects }: Stepped): Stepped => {
    const { append } = state;
    const send = effects.find(
      (effect) => effect.kind === 'send' && effect.transaction.puts.some(({ key }) => key.startsWith(LOG_PREFIX)),
    );
    if (append === undefined || send?.kind !== 'send') return { state, effects };
    if (!tried.has(append.id)) {
      tried.add(append.id);
      return { state, effects };
    }
    const id = `${append.id}-`;
    tried.add(id);
    const value = renamed(append.value, id);
    const puts = send.transaction.puts.map(
      (put): Put => (put.key.startsWith(LOG_PREFIX) ? { key: put.key, value } : put),
    );
    const call = { kind: 'append', id, sentAtMs: state.steppedAtMs } as const;
    return {
      state: { ...state, append: { ...append, id, value }, calls: new Map(state.calls).set(send.call, call) },
      effects: effects.map((effect) =>
        effect === send ? { ...send, transaction: { ...send.transaction, puts } } : effect,
      ),
    };
  };
  return { start: startNode, step: (state, event, nowMs) => renew(stepNode(state, event, nowMs)) };
};

/** The same entry under another id. */
function renamed(value: Uint8Array, id: string): Uint8Array {
  const opened = openEntry(value);
  if (opened instanceof Unreadable) throw new Error(opened.words);
  const text = textOf(opened.body) ?? '';
  return sealEntry({ ...opened.header, id }, text, { compress: same, decompress: same, sha256: () => '' }).value;
}

const same = (bytes: Uint8Array): Uint8Array => bytes;

const oldLeader = sending((transaction) => without(transaction, (key) => key === LEADER_KEY));

const lateConfirmation = sending((transaction) =>
  transaction.puts.length === 1 ? without(transaction, (key) => key.startsWith(ACK_PREFIX)) : transaction,
);

const leavesBeforeItStopsClaiming = distorted(
  () => (effects) => effects.filter((effect) => effect.kind !== 'claim' || effect.untilMs > 0),
);

/** It takes the process before it for dead, which may be cut off and claim to be current. */
const trustsThatTheOtherIsDead = (): Protocol => ({
  start: startNode,
  step: (state, event, nowMs) => {
    const { own } = state;
    return stepNode(own === undefined ? state : { ...state, own: { ...own, silentUntilMs: 0 } }, event, nowMs);
  },
});

const noMargin = (): Protocol => ({
  start: (settings, applied, nowMs) => {
    const { timings } = settings;
    return startNode({ ...settings, timings: { ...timings, marginMs: 0 } }, applied, nowMs);
  },
  step: stepNode,
});

interface Mutant {
  readonly protocol: () => Protocol;
  /** What brings it out soonest. */
  readonly faults: readonly string[];
  /** Those before it found nothing when this was written. */
  readonly firstSeed?: number;
}

const everything = Object.keys(faults);

/** Each by what is wrong with it. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'no wait before the 2xx': { protocol: noWait, faults: everything },
  'a claim counted from the end of its read': { protocol: claimFromTheEnd, faults: ['flaky', 'cut'] },
  'rejoin without the compare': { protocol: rejoinWithoutCompare, faults: everything },
  'out without the compare': { protocol: outWithoutCompare, faults: ['slow', 'flaky', 'stalledWatch'] },
  'ack before publish': { protocol: ackBeforePublish, faults: everything },
  'a retried append under a new id': { protocol: retryUnderANewId, faults: ['flaky'] },
  'a step of a release by an old leader': { protocol: oldLeader, faults: everything },
  'a late confirmation takes back a newer one': {
    protocol: lateConfirmation,
    faults: ['quorum', 'slow', 'flaky'],
    firstSeed: 37,
  },
  'out before the claim has ended': { protocol: leavesBeforeItStopsClaiming, faults: ['fullDisk', 'orderlyStop'] },
  'a process that may be alive is taken for dead': { protocol: trustsThatTheOtherIsDead, faults: ['double'] },
  'no margin for clocks': { protocol: noMargin, faults: ['cut', 'crash'], firstSeed: 20 },
};
