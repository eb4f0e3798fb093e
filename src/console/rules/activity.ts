/** What the activity is asked for: in the address, and of the server. Pure. */

/** As it stands in the address; what is empty asks for nothing. */
export interface AskedActivity {
  readonly actor: string;
  readonly kind: string;
  readonly q: string;
  readonly zone: string;
  /** A date, or a time (RFC 3339). */
  readonly since: string;
  readonly until: string;
  /** Where the page begins. */
  readonly after: string;
}

const KEYS = ['actor', 'kind', 'q', 'zone', 'since', 'until', 'after'] as const;

/** Kinds that a person looks for, as the server takes them. */
export const KINDS = {
  shift: 'Shifts',
  rollback: 'Rollbacks',
  'release.': 'Releases',
  'health.': 'Forced health',
  'service.': 'Services made, changed, deleted',
  'rrset.': 'Records',
  'records.change': 'Several records at once',
  'zone.': 'Zones',
  'token.': 'Tokens',
  'webhook.': 'Webhooks',
} as const;

export function askedActivity(query: string): AskedActivity {
  const params = new URLSearchParams(query);
  return Object.fromEntries(KEYS.map((key) => [key, params.get(key) ?? ''])) as unknown as AskedActivity;
}

/** For the address. */
export function activityQuery(asked: AskedActivity): string {
  const params = new URLSearchParams();
  for (const key of KEYS) if (asked[key] !== '') params.set(key, asked[key]);
  return String(params);
}

/** Of the server, the newest first. */
export function activityPath(asked: AskedActivity, limit: number): string {
  const params = new URLSearchParams({ order: 'newest', limit: String(limit) });
  for (const key of KEYS) if (asked[key].trim() !== '') params.set(key, asked[key].trim());
  return `/v1/revisions?${params}`;
}

export function isNarrowed({ after: _, ...asked }: AskedActivity): boolean {
  return Object.values(asked).some((each) => each !== '');
}
