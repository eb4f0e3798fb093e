/**
 * What an answer by weight is kept with: a copy of the plan, and the data of one record of each pool. So it is drawn and
 * counted as from the plan itself, and reads nothing of the table.
 *
 * It is of plans only that give everybody the same but for those bytes: by weight alone, with one record of the type in each
 * pool that may be drawn, or with none in any of them, and without signatures.
 */
import { PLAN, PLAN_BY_NETWORK, PLAN_HOST, POOL, RRSET } from '../table/layout.ts';
import { TYPE } from '../wire/constants.ts';
import { RDATA_AT } from './reply.ts';

/** The words before are the version's, and change. */
const COPIED_FROM = PLAN.FLAGS;
const RDATA_WORD = RDATA_AT >> 2;
/** The plan cannot be kept. */
export const NOT_ALIKE = -1;
/** In the copy of a pool: where the data of its record is. */
export const POOL_DATA = POOL.FIRST;

/** Where a copy goes, and how many words of data each of its pools has: see `dataWordsOf`. */
interface CopyPlace {
  readonly words: Int32Array;
  readonly at: number;
  readonly dataWords: number;
}

/**
 * Words of the data of each pool's record of a type, 0: there are no records; NOT_ALIKE. `signed`: they would be sent with
 * signatures, where they have any.
 */
export function dataWordsOf(words: Int32Array, plan: number, type: number, signed: boolean): number {
  if ((words[plan + PLAN.FLAGS] & (PLAN_HOST | PLAN_BY_NETWORK)) !== 0) return NOT_ALIKE;
  let first = NOT_ALIKE;
  let below = 0;
  for (let pool = plan + PLAN.FIRST_POOL; pool < endOf(words, plan); pool += POOL.WORDS) {
    const threshold = words[pool + POOL.THRESHOLD];
    // A pool of weight 0 is never drawn.
    if (threshold === below) continue;
    below = threshold;
    const rrset = words[pool + rrsetAt(type)];
    if (first === NOT_ALIKE) first = rrset;
    if (rrset === 0 ? first !== 0 : !isLike(words, rrset, first, signed)) return NOT_ALIKE;
  }
  return first === 0 ? 0 : (words[first + RRSET.LENGTH] - RDATA_AT) >> 2;
}

/** Words that a copy takes. */
export function copyWordsOf(words: Int32Array, plan: number, dataWords: number): number {
  return PLAN.FIRST_POOL - COPIED_FROM + words[plan + PLAN.POOLS] * (POOL.WORDS + dataWords);
}

/** Copies a plan; what is read as one from then on. */
export function copyPlan(table: Int32Array, plan: number, type: number, { words, at, dataWords }: CopyPlace): number {
  const copy = at - COPIED_FROM;
  const end = endOf(table, plan) - plan;
  for (let i = COPIED_FROM; i < end; i++) words[copy + i] = table[plan + i];
  let data = copy + end;
  let below = 0;
  for (let pool = PLAN.FIRST_POOL; pool < end; pool += POOL.WORDS) {
    const from = table[plan + pool + rrsetAt(type)] + RRSET.DATA + RDATA_WORD;
    words[copy + pool + POOL_DATA] = data;
    const isDrawn = words[copy + pool + POOL.THRESHOLD] !== below;
    below = words[copy + pool + POOL.THRESHOLD];
    for (let i = 0; i < dataWords; i++) words[data++] = isDrawn ? table[from + i] : 0;
  }
  return copy;
}

/** Behind the pools. */
function endOf(words: Int32Array, plan: number): number {
  return plan + PLAN.FIRST_POOL + words[plan + PLAN.POOLS] * POOL.WORDS;
}

/** Whether an RRset is one record that differs from that of another by its data only. */
function isLike(words: Int32Array, rrset: number, other: number, signed: boolean): boolean {
  if (other === 0 || words[rrset + RRSET.COUNT] !== 1 || words[rrset + RRSET.FIXUPS] !== 0) return false;
  if (signed && words[rrset + RRSET.SIGNATURES] !== 0) return false;
  for (let i = RRSET.DATA; i < RRSET.DATA + RDATA_WORD; i++) if (words[rrset + i] !== words[other + i]) return false;
  return true;
}

function rrsetAt(type: number): number {
  return type === TYPE.AAAA ? POOL.SECOND : POOL.FIRST;
}
