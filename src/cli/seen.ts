/** `--seen`: what somebody has looked at before they say what is to be done; of anything newer it is not meant. */
import type { Service } from '../contract/types.ts';
import { path } from './api.ts';
import { wholeNumber } from './option-values.ts';
import type { Session } from './session.ts';

export const seenFlag = [
  '--seen <revision>',
  'refuse it where a service was changed after this revision, as `teal service show` tells it',
  wholeNumber,
] as const;

/** Of the body: each service as it was at that revision. The server refuses another one, and says who changed it. */
export async function seenAt(
  { api }: Session,
  names: readonly string[],
  seen: number | undefined,
): Promise<{ readonly seen?: Readonly<Record<string, number>> }> {
  if (seen === undefined) return {};
  const services = await Promise.all(names.map((name) => api.get<Service>(path`/v1/services/${name}`)));
  return { seen: Object.fromEntries(services.map(({ name, revision }) => [name, Math.min(revision, seen)])) };
}
