/**
 * Whether anything stands below a name. Names are in the order of their text, so that all of a zone are looked at: in
 * slices, before the command that must know, and what changed meanwhile is looked at again.
 */
import { canonicalName, isAtOrBelow } from '../../model/name.ts';
import type { Store } from '../../store/sqlite.ts';
import { parseType } from '../../wire/rdata.ts';
import { type Below, type BelowQuestion, type FoundBelow, rrsetKey } from '../commands/below.ts';
import { atOnce, type Sliced } from '../slices.ts';

type BelowStore = Pick<Store, 'rrset' | 'rrsetBelow' | 'contentOf' | 'lastRevision' | 'rrsetsChanged'>;

/** What was found before, where it is what is asked and nothing was changed since; else all is looked at now, some 400 ms for a million names. */
export function belowOf(store: BelowStore, question: BelowQuestion, known: readonly Below[]): FoundBelow | undefined {
  const answer = known.find((each) => isSame(each, question));
  if (answer?.revision === store.lastRevision) return answer.found;
  return atOnce(lookBelow(store, question));
}

function isSame(known: BelowQuestion, question: BelowQuestion): boolean {
  const { except: one = NONE } = known;
  const { except: other = NONE } = question;
  return known.zone === question.zone && known.name === question.name && isEqual(one, other);
}

function isEqual(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each));
}

const NONE: ReadonlySet<string> = new Set();

/** Looks in slices. A zone that was replaced meanwhile is looked at anew: an import takes longer than that. */
export function* lookBelow(store: BelowStore, question: BelowQuestion): Sliced<FoundBelow | undefined> {
  for (;;) {
    const since = store.lastRevision;
    const content = store.contentOf(question.zone);
    const found = (yield* lookThrough(store, question)) ?? (yield* lookAgain(store, question, since));
    if (found !== undefined || store.contentOf(question.zone) === content) return found;
    yield;
  }
}

function* lookThrough(store: BelowStore, question: BelowQuestion): Sliced<FoundBelow | undefined> {
  const { zone, name, passOver, except = NONE } = question;
  const isMeant = ({ name, type }: FoundBelow): boolean =>
    !passOver.includes(type) && !except.has(rrsetKey(name, type));
  for (let after: FoundBelow | undefined; ; ) {
    const { found, last } = store.rrsetBelow(zone, name, isMeant, after);
    // Read just now, so it is there.
    if (found !== undefined || last === undefined) return found;
    after = last;
    yield;
  }
}

/** What came to stand below the name while all was looked at, where that had passed its place already. */
function* lookAgain(store: BelowStore, question: BelowQuestion, since: number): Sliced<FoundBelow | undefined> {
  const { zone, name, passOver, except = NONE } = question;
  for (let after = { revision: since + 1, position: -1 }; ; ) {
    const { labels, last } = store.rrsetsChanged(after);
    for (const label of labels) {
      const slash = label.lastIndexOf('/');
      const place = {
        name: canonicalName(label.slice(0, slash)),
        type: parseType(label.slice(slash + 1)),
      } as FoundBelow;
      if (place.name === name || !isAtOrBelow(place.name, name) || passOver.includes(place.type)) continue;
      if (except.has(rrsetKey(place.name, place.type))) continue;
      if (store.rrset(zone, place.name, place.type) !== undefined) return place;
    }
    if (last === undefined) return undefined;
    after = last;
    yield;
  }
}
