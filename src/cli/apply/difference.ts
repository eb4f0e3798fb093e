/** What a plan would change, noun by noun, as people read it. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { ApplyPlan, Service } from '../../contract/types.ts';
import type { Style } from '../format/style.ts';
import { plural, printable } from '../format/text.ts';
import { type Change, differences } from '../service-difference.ts';

type Step = ApplyPlan['steps'][number];

interface Difference {
  readonly kind: 'zone' | 'record' | 'service' | 'token' | 'webhook' | 'freeze';
  readonly name: string;
  readonly action: 'make' | 'change' | 'delete' | 'none';
  readonly changes: readonly Change[];
  /** Pools whose declared weight is passed over. */
  readonly keptWeights?: Readonly<Record<string, { readonly declared: number; readonly inForce: number }>>;
}

/** What a noun has besides what is declared of it. */
const NOT_COMPARED = new Set([
  'name',
  'zone',
  'type',
  'serial',
  'revision',
  'contentRevision',
  'createdAt',
  'secret',
  'warnings',
  'active',
  'until',
  'begins',
]);

export function differencesOf({ zone, records, service, token, webhook, freeze }: Step): Difference[] {
  if (service !== undefined) return [ofService(service)];
  if (zone !== undefined) return [one('zone', zone.name, zone)];
  if (token !== undefined) return [one('token', token.name, token)];
  if (webhook !== undefined) return [one('webhook', webhook.name, webhook)];
  if (freeze !== undefined) return [one('freeze', freeze.name, freeze)];
  return (records?.rrsets ?? []).map((rrset) => one('record', `${rrset.name} ${rrset.type}`, rrset));
}

function ofService({ name, action, before, after, keptWeights }: NonNullable<Step['service']>): Difference {
  const changes = action === 'none' || after === null ? [] : differences({ before, after: after as Service });
  const gone = action === 'delete' ? gonePools(before as Service) : changes;
  return { kind: 'service', name, action, changes: gone, ...(keptWeights !== undefined && { keptWeights }) };
}

function gonePools({ pools }: Service): Change[] {
  return Object.entries(pools).map(([name, { targets }]) => ({
    what: `${name} targets`,
    from: targets,
    to: undefined,
  }));
}

type Nouns = { readonly action: Difference['action']; readonly before: object | null; readonly after: object | null };

function one(kind: Difference['kind'], name: string, { action, before, after }: Nouns): Difference {
  if (action === 'none') return { kind, name, action, changes: [] };
  const [now, then] = [before ?? {}, after ?? {}] as Readonly<Record<string, unknown>>[];
  const keys = [...new Set([...Object.keys(now ?? {}), ...Object.keys(then ?? {})])];
  const changes = keys
    .filter((key) => !NOT_COMPARED.has(key))
    .map((key) => ({ what: key, from: now?.[key], to: then?.[key] }))
    .filter(({ from, to }) => !isDeepStrictEqual(from, to));
  return { kind, name, action, changes };
}

/** RRsets that are as declared are counted: a zone may have thousands. */
export function planLines(found: readonly Difference[], style: Style): string[] {
  const same = found.filter(({ kind, action }) => kind === 'record' && action === 'none').length;
  const shown = found.filter(({ kind, action }) => kind !== 'record' || action !== 'none');
  return [...shown.flatMap((each) => lines(each, style)), ...(same > 0 ? [`= ${plural(same, 'RRset')}`] : [])];
}

function lines({ kind, name, action, changes, keptWeights = {} }: Difference, style: Style): string[] {
  const title = kind === 'service' ? style.bold(name) : `${kind} ${style.bold(name)}`;
  const kept = Object.entries(keptWeights).map(
    ([pool, { declared, inForce }]) =>
      `    ${pool} weight: stays ${inForce}, not ${declared} as declared (--weights sets what is declared)`,
  );
  switch (action) {
    case 'none':
      return [`= ${kind === 'service' ? name : `${kind} ${name}`}`, ...kept];
    case 'make': {
      const told = changes.filter(({ to }) => to !== undefined && !isEmpty(to));
      const all = told.map(({ what, to }) => `    ${what}: ${value(to)}`);
      return [`${style.colour('green', '+')} ${title} (new)`, ...all];
    }
    case 'delete': {
      const told = changes.filter(({ from }) => from !== undefined && !isEmpty(from));
      return [`${style.colour('red', '-')} ${title}`, ...told.map(({ what, from }) => `    ${what}: ${value(from)}`)];
    }
    case 'change': {
      const all = changes.map(({ what, from, to }) => `    ${what}: ${value(from)} → ${value(to)}`);
      return [
        `${style.colour('yellow', '~')} ${title}`,
        ...(all.length > 0 ? all : ['    what is never shown']),
        ...kept,
      ];
    }
  }
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function value(of: unknown): string {
  if (of === undefined) return 'none';
  if (Array.isArray(of) && of.every((item) => typeof item === 'string')) return printable(of.join(' '));
  return printable(typeof of === 'string' ? of : JSON.stringify(of));
}

export function summary(found: readonly Difference[]): string {
  const count = (wanted: Difference['action']): number => found.filter(({ action }) => action === wanted).length;
  const gone = count('delete') > 0 ? `${count('delete')} to take away, ` : '';
  return `${count('make')} to make, ${count('change')} to change, ${gone}${count('none')} as declared.`;
}
