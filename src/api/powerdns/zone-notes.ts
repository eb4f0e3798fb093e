/**
 * What clients say of a zone that means nothing here: whose it is, and how a serial is to be edited. Terraform holds it
 * against what it is shown, and PowerDNS-Admin sorts zones by it, so it is kept, as labels of the zone.
 */
import type { Problem } from '../../model/errors.ts';
import type { Labels } from '../../model/labels.ts';
import type { Zone } from '../../model/zone.ts';
import { bad } from './rrset-changes.ts';

interface ZoneNotes {
  readonly account: string;
  readonly soa_edit_api: string;
}

const keys = Object.entries({ account: 'pdns/account', soa_edit_api: 'pdns/soa-edit-api' }) as [
  keyof ZoneNotes,
  string,
][];

/** As PowerDNS shows them of a zone of which nobody said anything. */
const NOTHING_SAID: ZoneNotes = { account: '', soa_edit_api: 'DEFAULT' };

export function notesOf({ labels = {} }: Pick<Zone, 'labels'>): ZoneNotes {
  const said = keys.map(([field, label]) => [field, labels[label] ?? NOTHING_SAID[field]]);
  return Object.fromEntries(said) as unknown as ZoneNotes;
}

/** The labels with what a body says; what it leaves out stays. */
export function withNotes(labels: Labels, fields: Readonly<Record<string, unknown>>): Labels | Problem {
  const after: Record<string, string> = { ...labels };
  for (const [field, label] of keys) {
    const value = fields[field];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string') return bad(`Key '${field}' not present or not a String`);
    if (value === NOTHING_SAID[field]) delete after[label];
    else after[label] = value;
  }
  return after;
}
