/** What the log of changes may hold and tell: no secret, whoever wrote the entry. */
import { type HealthBody, shownHealth } from './health.ts';
import type { Step } from './release.ts';
import { shownSteps } from './release-secrets.ts';
import type { Subject } from './revision.ts';

/** The same object where it holds none. Entries of earlier versions have the headers of health checks in full. */
export function withoutSecrets(subject: Subject): Subject {
  if (subject.kind !== 'service' && subject.kind !== 'release') return subject;
  const [before, after] = [masked(subject.before), masked(subject.after)];
  return before === subject.before && after === subject.after ? subject : { ...subject, before, after };
}

function masked(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const { health, steps } = body as { health?: HealthBody; steps?: readonly Step[] };
  if (Array.isArray(steps)) return { ...body, steps: shownSteps(steps) };
  return health?.http?.headers === undefined ? body : { ...body, health: shownHealth(health) };
}
