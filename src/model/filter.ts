/** What a list is narrowed to: part of a name, a zone, a name, a type, labels. Pure, and without expressions of users. */
import { Problem } from './errors.ts';
import type { Labels } from './labels.ts';
import { canonicalName } from './name.ts';
import { parseStoredType } from './rrset.ts';

/** As a query says it. */
export interface AskedFilter {
  readonly q?: string;
  readonly zone?: string;
  readonly name?: string;
  readonly type?: string;
  readonly label?: string | readonly string[];
}

/** The same, canonical; what is not there narrows nothing. */
export interface Filter {
  /** Lower case. */
  readonly q?: string;
  readonly zone?: string;
  readonly name?: string;
  readonly type?: number;
  readonly labels?: readonly Selector[];
}

interface Selector {
  readonly key: string;
  /** undefined: any. */
  readonly value: string | undefined;
}

/** Labels that one request selects by: as many as a noun can have. */
const SELECTORS_MAX = 32;

export function makeFilter(asked: AskedFilter): Filter | Problem {
  const zone = asked.zone === undefined ? undefined : canonicalName(asked.zone);
  if (zone instanceof Problem) return zone;
  const name = asked.name === undefined ? undefined : canonicalName(asked.name);
  if (name instanceof Problem) return name;
  const type = asked.type === undefined ? undefined : parseStoredType(asked.type);
  if (type instanceof Problem) return type;
  const labels = asked.label === undefined ? undefined : parseSelectors([asked.label].flat());
  if (labels instanceof Problem) return labels;
  const q = asked.q === undefined ? '' : wanted(asked.q);
  return {
    ...(q !== '' && { q }),
    ...(zone !== undefined && { zone }),
    ...(name !== undefined && { name }),
    ...(type !== undefined && { type }),
    ...(labels !== undefined && { labels }),
  };
}

export function isNarrow(filter: Filter): boolean {
  return Object.keys(filter).length > 0;
}

/** Whether a name, in lower case but for tokens and webhooks, has the text of `q` in it. */
export function isNamed({ q }: Pick<Filter, 'q'>, name: string): boolean {
  return q === undefined || name.toLowerCase().includes(q);
}

export function isLabelled({ labels: selectors = [] }: Pick<Filter, 'labels'>, labels: Labels = {}): boolean {
  return selectors.every(({ key, value }) =>
    value === undefined ? Object.hasOwn(labels, key) : Object.hasOwn(labels, key) && labels[key] === value,
  );
}

/** Names are shown without their final dot, and typed with it. */
function wanted(text: string): string {
  const lower = text.trim().toLowerCase();
  return lower.length > 1 && lower.endsWith('.') && !lower.endsWith('\\.') ? lower.slice(0, -1) : lower;
}

function parseSelectors(texts: readonly string[]): Selector[] | Problem {
  if (texts.length > SELECTORS_MAX) {
    return new Problem('query_invalid', `A list is narrowed by at most ${SELECTORS_MAX} labels, not ${texts.length}.`);
  }
  const selectors: Selector[] = [];
  for (const text of texts) {
    // A key has no `=`; a value may.
    const at = text.indexOf('=');
    const key = at === -1 ? text : text.slice(0, at);
    if (key === '') {
      const detail = `label is key=value, or a key for whatever value, not ${JSON.stringify(text)}.`;
      return new Problem('query_invalid', detail);
    }
    selectors.push({ key, value: at === -1 ? undefined : text.slice(at + 1) });
  }
  return selectors;
}
