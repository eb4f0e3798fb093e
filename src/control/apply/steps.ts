/** The steps that lead to what is declared: each a command to rehearse, and how its draft is told. */
import { Problem } from '../../model/errors.ts';
import type { RecordChange } from '../../model/record-change.ts';
import type { RRset } from '../../model/rrset.ts';
import { SET } from '../../model/secret.ts';
import { shown } from '../../shown.ts';
import { formatType } from '../../wire/rdata.ts';
import type { Command } from '../commands/command.ts';
import { type Draft, isDraft } from '../drafts/draft.ts';
import { freezeReply } from '../replies/freezes.ts';
import { rrsetReply } from '../replies/rrsets.ts';
import { serviceReply } from '../replies/services.ts';
import { webhookReply } from '../replies/webhooks.ts';
import { zoneReply } from '../replies/zones.ts';
import { type Declared, type DeclaredRRset, type DeclaredService, type Names, pointerTo } from './declared.ts';
import type { Pruned } from './pruned.ts';
import { asPut, type Planned, type PlanStore, type Step } from './step.ts';
import { tokenStep } from './token-step.ts';

/** Of one revision of records (API contract). */
const CHANGES_MAX = 1000;

export function stepsTo(
  store: PlanStore,
  declared: Declared,
  names: Names,
  pruned: Pruned,
  atMs: number,
): readonly (Planned | Step)[] | Problem {
  const tokens = Object.entries(declared.tokens ?? {}).map(([name, body]) => tokenStep(store, name, body, atMs));
  const refused = tokens.find((step) => step instanceof Problem);
  if (refused instanceof Problem) return refused;
  const webhooks = Object.entries(declared.webhooks ?? {});
  return [
    // First: one that the files have no more is not in the way of weights that they declare.
    ...pruned.freezes.map((freeze) =>
      gone(`freeze ${freeze.name}`, { kind: 'freeze.delete', name: freeze.name }, () => ({
        freeze: { name: freeze.name, action: 'delete', before: freezeReply(freeze, atMs), after: null },
      })),
    ),
    ...names.zones.map(({ key, name, body }) =>
      planned('zones', key, { kind: 'zone.put', zone: name, body }, (made) => {
        const zone = store.zone(name);
        return { zone: { key, ...asPut(shown(name), made, zone && zoneReply(zone)) } };
      }),
    ),
    ...recordSteps(store, names, pruned),
    ...names.services.map((service) => serviceStep(store, service, declared.weights ?? 'keep')),
    ...(tokens as (Planned | Step)[]),
    ...webhooks.map(([name, body]) =>
      planned('webhooks', name, { kind: 'webhook.put', name, body, freshSecret: NEVER_USED }, (made) => {
        const webhook = store.webhook(name);
        const told = asPut(name, made, webhook && webhookReply(webhook));
        return { webhook: { key: name, ...told, after: { ...(told.after as object), secret: SET } } };
      }),
    ),
    // Last of all that is made: none of the same files is in the way of weights that they declare.
    ...Object.entries(declared.freezes ?? {}).map(([name, body]) =>
      planned('freezes', name, { kind: 'freeze.put', name, body }, (made) => {
        const freeze = store.freeze(name);
        return { freeze: { key: name, ...asPut(name, made, freeze && freezeReply(freeze, atMs)) } };
      }),
    ),
    ...pruned.services.map((service) =>
      gone(shown(service.name), { kind: 'service.delete', name: service.name }, () => ({
        service: { name: shown(service.name), action: 'delete', before: serviceReply(service), after: null },
      })),
    ),
    ...pruned.zones.map((zone) =>
      gone(shown(zone.name), { kind: 'zone.delete', zone: zone.name, withServices: false }, () => ({
        zone: {
          name: shown(zone.name),
          action: 'delete',
          before: zoneReply(store.zone(zone.name) ?? zone),
          after: null,
        },
      })),
    ),
  ];
}

/** Of a webhook that is only rehearsed: some secret has to be there. */
const NEVER_USED = `whsec_${'A'.repeat(44)}`;

function planned(kind: string, key: string, command: Command, tell: Planned['tell']): Planned {
  return { command, what: () => key, place: (pointer) => `${pointerTo(kind, key)}${pointer}`, tell };
}

function gone(what: string, command: Command, tell: Planned['tell']): Planned {
  return { command, what: () => `prune: ${what}`, place: () => '/prune', tell };
}

/** A weight that is declared for a pool that is there would take back what a shift or a release has done since. */
function serviceStep(store: PlanStore, { key, name, body }: DeclaredService, weights: 'keep' | 'declared'): Planned {
  const there = weights === 'keep' ? store.service(name) : undefined;
  const kept: Record<string, { declared: number; inForce: number }> = {};
  const pools = Object.entries(body.pools ?? {}).map(([pool, of]) => {
    const inForce = there?.pools.find((each) => each.name === pool)?.weight;
    if (inForce === undefined || of.weight === undefined) return [pool, of];
    if (of.weight !== inForce) kept[pool] = { declared: of.weight, inForce };
    const { weight: _weight, ...rest } = of;
    return [pool, rest];
  });
  const written = body.pools === undefined ? body : { ...body, pools: Object.fromEntries(pools) };
  return planned('services', key, { kind: 'service.put', name, body: written }, (made) => {
    const before = store.service(name);
    const told = asPut(shown(name), made, before && serviceReply(before));
    return { service: { key, ...told, ...(Object.keys(kept).length > 0 && { keptWeights: kept }) } };
  });
}

/** The records of a zone at once, those that are to go with those that are to come: one may stand where the other stood. */
function recordSteps(store: PlanStore, names: Names, pruned: Pruned): Planned[] {
  const byZone = new Map<string, { puts: DeclaredRRset[]; deletes: RRset[] }>();
  const of = (zone: string) => {
    const records = byZone.get(zone) ?? { puts: [], deletes: [] };
    byZone.set(zone, records);
    return records;
  };
  for (const rrset of names.rrsets) of(rrset.zone).puts.push(rrset);
  for (const rrset of pruned.rrsets) of(rrset.zone).deletes.push(rrset);
  return [...byZone].flatMap(([zone, { puts, deletes }]) => {
    const all = [...deletes.map(toDelete), ...puts.map(toPut)].sort((a, b) =>
      a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
    );
    return chunksOf(all).map((chunk) => recordStep(store, zone, chunk));
  });
}

interface OneRRset {
  readonly name: string;
  readonly typeCode: number;
  readonly change: RecordChange;
  /** Where it was declared; undefined: it is to go. */
  readonly key?: readonly [name: string, type: string];
}

function toDelete({ name, type }: RRset): OneRRset {
  return { name, typeCode: type, change: { delete: { name, type: formatType(type) } } };
}

function toPut({ key, type, name, typeCode, body }: DeclaredRRset): OneRRset {
  return { name, typeCode, key: [key, type], change: { put: { name, type, ...body } } };
}

/** A name is never in two of them. */
function chunksOf(all: readonly OneRRset[]): OneRRset[][] {
  const chunks: OneRRset[][] = [];
  for (const same of Map.groupBy(all, (each) => each.name).values()) {
    const last = chunks.at(-1);
    if (last === undefined || last.length + same.length > CHANGES_MAX) chunks.push([...same]);
    else last.push(...same);
  }
  return chunks;
}

function recordStep(store: PlanStore, zone: string, all: readonly OneRRset[]): Planned {
  const command: Command = { kind: 'records.change', zone, changes: all.map(({ change }) => change) };
  /** The declared RRset that a pointer into the list of changes leads to. */
  const keyAt = (pointer: string) => {
    const [, index = '', rest = ''] = /^\/changes\/(\d+)(?:\/(?:put|delete))?(.*)$/.exec(pointer) ?? [];
    const key = index === '' ? undefined : all[Number(index)]?.key;
    return key && { key, rest };
  };
  return {
    command,
    what: (pointer) => keyAt(pointer)?.key.join(' ') ?? shown(zone),
    place(pointer) {
      const found = keyAt(pointer);
      return found === undefined ? '/records' : `${pointerTo('records', ...found.key)}${found.rest}`;
    },
    tell(made) {
      const after = new Map(isDraft(made) ? rrsetsAfter(made) : []);
      const rrsets = all.map(({ name, typeCode, key }) => {
        const before = store.rrset(zone, name, typeCode);
        const id = `${name}/${typeCode}`;
        const then = after.has(id) ? after.get(id) : before;
        const action = !after.has(id)
          ? 'none'
          : then === undefined
            ? 'delete'
            : before === undefined
              ? 'make'
              : 'change';
        return {
          ...(key !== undefined && { key: key.join('/') }),
          name: shown(name),
          type: formatType(typeCode),
          action,
          before: before === undefined ? null : rrsetReply(before),
          after: then === undefined ? null : rrsetReply(then),
        };
      });
      return { records: { zone: shown(zone), revision: store.zone(zone)?.revision ?? 0, rrsets } };
    },
  };
}

function rrsetsAfter({ changes }: Draft): [string, RRset | undefined][] {
  return changes.flatMap((change): [string, RRset | undefined][] => {
    if (change.op === 'putRRset') return [[`${change.rrset.name}/${change.rrset.type}`, change.rrset]];
    return change.op === 'deleteRRset' ? [[`${change.name}/${change.type}`, undefined]] : [];
  });
}
