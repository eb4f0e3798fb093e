/** What a node has seen of the others: their records and what they confirmed, each as of the latest place that is known. */
import { ACK_PREFIX, leftOutKey, MEMBER_PREFIX, parseKey } from './keys.ts';
import { type LeftOut, parseLeftOut } from './left-out.ts';
import { type Member, parseMember, parseRevision, Unreadable } from './records.ts';
import type { Read, Stored, TransactionReply } from './transaction.ts';

/** The last that was seen under a key. */
interface Seen<Value> {
  /** undefined: it was not there. */
  readonly value: Value | undefined;
  /** 0: it is not known to have ever been there. */
  readonly changedAt: number;
}

export interface View {
  readonly members: ReadonlyMap<string, Seen<Member>>;
  readonly acks: ReadonlyMap<string, Seen<number>>;
  readonly leftOut: ReadonlyMap<string, Seen<LeftOut>>;
}

export const emptyView: View = { members: new Map(), acks: new Map(), leftOut: new Map() };

const NOTHING: Seen<never> = { value: undefined, changedAt: 0 };

/** What a key was seen to be deleted at. */
export interface Deleted {
  readonly key: string;
  readonly at: number;
}

export function memberOf(view: View, node: string): Seen<Member> {
  return view.members.get(node) ?? NOTHING;
}

export function ackOf(view: View, node: string): Seen<number> {
  return view.acks.get(node) ?? NOTHING;
}

/** The last entry that a node confirmed; 0: none. */
export function confirmedBy(view: View, node: string): number {
  return ackOf(view, node).value ?? 0;
}

/** Zones that what the node confirmed does not go for; undefined: it says of none. */
export function leftOutBy(view: View, node: string): LeftOut | undefined {
  const said = view.leftOut.get(node)?.value;
  return said !== undefined && said.incarnation === memberOf(view, node).value?.incarnation ? said : undefined;
}

/**
 * Whether shifts wait for the node. One whose record nobody can read counts as live: it may claim to be current, so that
 * it is waited for until it is put out.
 */
export function isLive(view: View, node: string): boolean {
  return memberOf(view, node).value?.state === 'live';
}

/** Stands for a record that could not be read. */
const UNREADABLE: Member = { state: 'live', incarnation: 'unreadable', version: 'unknown' };

export function withStored(view: View, stored: readonly Stored[]): View {
  return change(view, (draft) => {
    for (const { key, value, changedAt } of stored) draft.put(key, value, changedAt);
  });
}

export function withDeleted(view: View, deletes: readonly Deleted[]): View {
  return change(view, (draft) => {
    for (const { key, at } of deletes) draft.delete(key, at);
  });
}

/** With what a transaction read, and what it did not find where it looked. */
export function withFound(view: View, reads: readonly Read[], { found, at }: TransactionReply): View {
  return change(view, (draft) => {
    for (const { key, value, changedAt } of found) draft.put(key, value, changedAt);
    const keys = new Set(found.map(({ key }) => key));
    for (const { key, isPrefix = false } of reads) {
      const known = isPrefix ? draft.keysUnder(key) : [key];
      for (const each of known) if (!keys.has(each)) draft.delete(each, at);
    }
  });
}

class Draft {
  readonly members: Map<string, Seen<Member>>;
  readonly acks: Map<string, Seen<number>>;
  readonly leftOut: Map<string, Seen<LeftOut>>;
  isChanged = false;

  constructor({ members, acks, leftOut }: View) {
    this.members = new Map(members);
    this.acks = new Map(acks);
    this.leftOut = new Map(leftOut);
  }

  put(key: string, value: Uint8Array, changedAt: number): void {
    const parsed = parseKey(key);
    if (parsed?.kind === 'member') {
      const member = parseMember(value);
      this.#set(this.members, parsed.node, member instanceof Unreadable ? UNREADABLE : member, changedAt);
    } else if (parsed?.kind === 'ack') {
      const revision = parseRevision(value);
      this.#set(this.acks, parsed.node, revision instanceof Unreadable ? 0 : revision, changedAt);
    } else if (parsed?.kind === 'leftOut') {
      const leftOut = parseLeftOut(value);
      if (!(leftOut instanceof Unreadable)) this.#set(this.leftOut, parsed.node, leftOut, changedAt);
    }
  }

  delete(key: string, at: number): void {
    const parsed = parseKey(key);
    if (parsed?.kind === 'member') this.#remove(this.members, parsed.node, at);
    else if (parsed?.kind === 'ack') this.#remove(this.acks, parsed.node, at);
    else if (parsed?.kind === 'leftOut') this.#remove(this.leftOut, parsed.node, at);
  }

  keysUnder(prefix: string): string[] {
    if (prefix === MEMBER_PREFIX) return [...this.members.keys()].map((node) => prefix + node);
    if (prefix !== ACK_PREFIX) return [];
    return [...[...this.acks.keys()].map((node) => prefix + node), ...[...this.leftOut.keys()].map(leftOutKey)];
  }

  #set<Value>(seen: Map<string, Seen<Value>>, node: string, value: Value, changedAt: number): void {
    // What is heard late, from the watch or a slow reply, never takes the place of something newer.
    if ((seen.get(node)?.changedAt ?? 0) >= changedAt) return;
    seen.set(node, { value, changedAt });
    this.isChanged = true;
  }

  #remove<Value>(seen: Map<string, Seen<Value>>, node: string, at: number): void {
    const last = seen.get(node);
    if (last?.value === undefined || last.changedAt > at) return;
    seen.set(node, { value: undefined, changedAt: at });
    this.isChanged = true;
  }
}

/** The same view where nothing changed. */
function change(view: View, act: (draft: Draft) => void): View {
  const draft = new Draft(view);
  act(draft);
  return draft.isChanged ? { members: draft.members, acks: draft.acks, leftOut: draft.leftOut } : view;
}
