/** Carries a plan out, step by step: each noun by its own request, on the ground that was shown, and no other. */
import { isDeepStrictEqual } from 'node:util';
import type {
  ApplyPlan,
  Freeze,
  NewToken,
  Page,
  RecordChanges,
  Revision,
  Service,
  Webhook,
  Zone,
} from '../../contract/types.ts';
import { isUntouched, sincePath } from '../../untouched.ts';
import { type Ground, path } from '../api.ts';
import { EXIT } from '../exit.ts';
import { Failure } from '../failure.ts';
import { plural, warningLines } from '../format/text.ts';
import { keepSecret } from '../secret-file.ts';
import type { Session } from '../session.ts';
import type { Declaration } from './files.ts';

type Step = ApplyPlan['steps'][number];
type Records = NonNullable<Step['records']>;

/** Changes of a zone's records, what was shown of them, and the revision that the zone had then. */
interface Posted extends Pick<Records, 'rrsets' | 'revision'> {
  readonly changes: readonly object[];
}

interface Applied {
  readonly kind: 'zone' | 'records' | 'service' | 'token' | 'webhook' | 'freeze';
  readonly name: string;
  /** Absent of what was deleted. */
  readonly revision?: number;
  /** Of what was made, where no file takes it. */
  readonly secret?: string;
  /** The file that has the secret. */
  readonly output?: string;
  readonly deleted?: true;
  /** What the server had to say of it. */
  readonly warnings?: Warned['warnings'];
}

/** A reply to a write, as far as it may say more than that it was done. */
type Warned = Pick<Service, 'warnings'>;

interface How {
  readonly declaration: Declaration;
  /** The plan as it would be now. */
  readonly planAgain: () => Promise<ApplyPlan>;
  /** Sets the weights of pools that are there, too. */
  readonly weights: boolean;
  /** Where the secret of a token or webhook that is made goes; undefined: it is shown. */
  readonly secretFile: (kind: 'token' | 'webhook', name: string) => string | undefined;
}

/** How often the same changes are sent at most, where the zone moves on by itself. */
const POSTS_MAX = 3;

const ADVICE = 'apply again: it is compared anew';

/** What was done before a refusal stays, and is said; applied again, the rest is compared anew. */
export async function carryOut(session: Session, plan: ApplyPlan, how: How): Promise<Applied[]> {
  const steps = plan.steps.filter(isWanted);
  const run = new Run(session, plan, how);
  for (const step of steps) {
    try {
      await run.take(step);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { applied } = run;
      const what = steps.every(({ service }) => service !== undefined) ? 'service' : 'change';
      const done = `${applied.length} of ${plural(steps.length, what)} ${applied.length === 1 ? 'was' : 'were'} applied before`;
      throw new Failure(error.exitCode, `${nameOf(step)}: ${error.message}; ${done}`, {
        problem: { ...error.json, applied },
        lines: error.lines,
      });
    }
  }
  return run.applied;
}

export function isWanted({ zone, records, service, token, webhook, freeze }: Step): boolean {
  if (records !== undefined) return records.rrsets.some(({ action }) => action !== 'none');
  return (zone ?? service ?? token ?? webhook ?? freeze)?.action !== 'none';
}

function nameOf({ zone, records, service, token, webhook, freeze }: Step): string {
  return records?.zone ?? (zone ?? service ?? token ?? webhook ?? freeze)?.name ?? '';
}

class Run {
  readonly applied: Applied[] = [];
  readonly #session: Session;
  readonly #plan: ApplyPlan;
  readonly #how: How;
  /** Of all that is in the zones that this run has changed. */
  readonly #revisions = new Map<string, number>();

  constructor(session: Session, plan: ApplyPlan, how: How) {
    this.#session = session;
    this.#plan = plan;
    this.#how = how;
  }

  async take({ zone, records, service, token, webhook, freeze }: Step): Promise<void> {
    if (zone !== undefined) await (zone.action === 'delete' ? this.#deleteZone(zone.name) : this.#putZone(zone));
    if (records !== undefined) await this.#changeRecords(records);
    if (service !== undefined) {
      await (service.action === 'delete' ? this.#deleteService(service) : this.#putService(service));
    }
    if (token !== undefined) await this.#makeToken(token.key ?? token.name);
    if (webhook !== undefined) await this.#putWebhook(webhook);
    if (freeze !== undefined) await (freeze.action === 'delete' ? this.#deleteFreeze(freeze) : this.#putFreeze(freeze));
  }

  #done(applied: Applied, line: string): void {
    this.applied.push(applied);
    const { secret, output, warnings = [] } = applied;
    const shown = secret === undefined ? [] : ['Its secret is shown this once:', '', `  ${secret}`, ''];
    const kept = output === undefined ? [] : [`Its secret is in ${output}.`];
    if (!this.#session.json) this.#session.lines([line, ...warningLines({ warnings }), ...shown, ...kept]);
  }

  #inForce(kind: Applied['kind'], name: string, revision: number, more: Partial<Applied> = {}): void {
    const what = kind === 'service' ? name : `${kind} ${name}`;
    this.#done({ kind, name, revision, ...more }, `${what}: in force as revision ${revision}.`);
  }

  /** What was shown is what is changed: the server refuses where somebody else was faster. */
  #ground(what: string, before: { readonly revision: number } | null): Ground | undefined {
    const revision = before?.revision;
    // By a step before it: a zone that is made takes over the services in it.
    if (revision !== undefined && revision > this.#plan.revision) return undefined;
    return { what, revision, advice: ADVICE };
  }

  async #putZone({ key = '', name, before }: NonNullable<Step['zone']>): Promise<void> {
    const ground = this.#ground(`the zone ${name}`, before);
    const body = this.#how.declaration.bodies.zones[key];
    const { revision } = await this.#session.api.put<Zone>(path`/v1/zones/${name}`, {
      body,
      ...(ground && { ground }),
    });
    this.#revisions.set(name, revision);
    this.#inForce('zone', name, revision);
  }

  /**
   * Others may have brought something into the zone since it was looked at, which its own ETag does not tell: it is looked
   * at once more, and what has not the label is a refusal.
   */
  async #deleteZone(name: string): Promise<void> {
    const { steps } = await this.#how.planAgain();
    const zone = steps.find((step) => step.zone?.name === name && step.zone.action === 'delete')?.zone;
    const ground = { what: `the zone ${name}`, revision: zone?.before?.revision ?? 0, advice: ADVICE };
    await this.#session.api.delete(path`/v1/zones/${name}`, ground);
    this.#done({ kind: 'zone', name, deleted: true }, `zone ${name}: deleted.`);
  }

  async #changeRecords({ zone, revision, rrsets }: Records): Promise<void> {
    const wanted = rrsets.filter(({ action }) => action !== 'none');
    const changes = wanted.map(({ name, type, after }) => {
      if (after === null) return { delete: { name, type } };
      const { ttlSeconds, rdata, labels = {} } = after;
      const ttls = 'recordTtlSeconds' in after ? { recordTtlSeconds: after.recordTtlSeconds } : {};
      return { put: { name, type, ttlSeconds, ...ttls, rdata, labels } };
    });
    const made = await this.#postChanges(zone, { changes, rrsets, revision: this.#revisions.get(zone) ?? revision });
    this.#revisions.set(zone, made.revision);
    this.#done(
      { kind: 'records', name: zone, revision: made.revision, ...said(made) },
      `records of ${zone}: ${plural(wanted.length, 'RRset')} in force as revision ${made.revision}.`,
    );
  }

  /**
   * A signed zone's serial is raised by steps that the server takes: where that alone came between, the same is asked once
   * more. Each of them takes seconds at least, so that a few tries do.
   */
  async #postChanges(zone: string, { changes, rrsets, revision }: Posted): Promise<RecordChanges> {
    const ground = { what: `the zone ${zone}`, revision, advice: ADVICE };
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#session.api.post<RecordChanges>(path`/v1/zones/${zone}/changes`, { changes }, { ground });
      } catch (error) {
        const isGone = error instanceof Failure && error.problemCode === 'revision_stale';
        const next = isGone && tries < POSTS_MAX ? await this.#sameRecords(zone, rrsets, ground.revision) : undefined;
        if (next === undefined) throw error;
        ground.revision = next;
      }
    }
  }

  /** The revision at which the zone is now, where nobody has changed it since, and all is to be done that was shown. */
  async #sameRecords(zone: string, shown: Records['rrsets'], seen: number): Promise<number | undefined> {
    const { steps } = await this.#how.planAgain();
    const now = steps.find(({ records }) => records?.zone === zone)?.records;
    if (now === undefined || !isDeepStrictEqual(asPlanned(now), asPlanned({ rrsets: shown }))) return undefined;
    const { items } = await this.#session.api.get<Page<Revision>>(sincePath(path`${zone}`, seen));
    return isUntouched(zone, items, now.revision) ? now.revision : undefined;
  }

  async #putService({ key = '', name, before, after }: NonNullable<Step['service']>): Promise<void> {
    const declared = this.#how.declaration.bodies.services[key] as DeclaredService;
    const kept = this.#how.weights || before === null ? declared : withoutWeights(declared, before);
    const body = asShown(kept, after as Service);
    const ground = this.#ground(`the service ${name}`, before);
    const put = { body, ...(ground && { ground }) };
    const made = await this.#session.api.put<Service>(path`/v1/services/${name}`, put);
    this.#inForce('service', name, made.revision, said(made));
  }

  async #deleteService({ name, before }: NonNullable<Step['service']>): Promise<void> {
    await this.#session.api.delete(path`/v1/services/${name}`, this.#ground(`the service ${name}`, before));
    this.#done({ kind: 'service', name, deleted: true }, `${name}: deleted.`);
  }

  async #makeToken(name: string): Promise<void> {
    const body = { ...(this.#how.declaration.bodies.tokens[name] as object), name };
    const make = (): Promise<NewToken> => this.#session.api.post<NewToken>('/v1/tokens', body);
    const output = this.#how.secretFile('token', name);
    if (output !== undefined) {
      const { revision } = await keepSecret(output, make);
      return this.#inForce('token', name, revision, { output });
    }
    const { revision, secret } = await make();
    // The reply was lost on its way and asked for again; the server keeps no secrets.
    const lost = 'it was made, but the reply with its secret was lost: revoke it, and apply again';
    if (secret === undefined) throw new Failure(EXIT.TRY_LATER, lost);
    return this.#inForce('token', name, revision, { secret });
  }

  async #putWebhook({ key = '', name, before }: NonNullable<Step['webhook']>): Promise<void> {
    const body = this.#how.declaration.bodies.webhooks[key] as { readonly secret?: unknown };
    const ground = this.#ground(`the webhook ${name}`, before);
    const put = (): Promise<Webhook> =>
      this.#session.api.put<Webhook>(path`/v1/webhooks/${name}`, { body, ...(ground && { ground }) });
    const output = makesSecret(before, body) ? this.#how.secretFile('webhook', name) : undefined;
    if (output !== undefined) {
      const { revision } = await keepSecret(output, put);
      return this.#inForce('webhook', name, revision, { output });
    }
    const { revision, secret } = await put();
    return this.#inForce('webhook', name, revision, typeof secret === 'string' ? { secret } : {});
  }

  async #putFreeze({ key = '', name, before }: NonNullable<Step['freeze']>): Promise<void> {
    const body = this.#how.declaration.bodies.freezes[key];
    const ground = this.#ground(`the freeze ${name}`, before);
    const put = { body, ...(ground && { ground }) };
    const { revision } = await this.#session.api.put<Freeze>(path`/v1/freezes/${name}`, put);
    this.#inForce('freeze', name, revision);
  }

  async #deleteFreeze({ name, before }: NonNullable<Step['freeze']>): Promise<void> {
    await this.#session.api.delete(path`/v1/freezes/${name}`, this.#ground(`the freeze ${name}`, before));
    this.#done({ kind: 'freeze', name, deleted: true }, `freeze ${name}: deleted.`);
  }
}

/** But for the number that the revision would have. */
function asPlanned({ rrsets }: Pick<Records, 'rrsets'>): object[] {
  return rrsets.map(({ after, ...rest }) => ({ ...rest, after: after && { ...after, revision: 0 } }));
}

function said({ warnings }: Warned): Warned {
  return warnings === undefined ? {} : { warnings };
}

/** Whether the server makes a secret, and its reply has it. */
export function makesSecret(before: object | null, body: { readonly secret?: unknown }): boolean {
  return before === null && body.secret === undefined;
}

interface DeclaredService {
  readonly pools?: Readonly<Record<string, { readonly weight?: number }>>;
}

/** Without those of pools that are there, as the plan was worked out. */
function withoutWeights(declared: DeclaredService, { pools }: Service): DeclaredService {
  if (declared.pools === undefined) return declared;
  const kept = Object.entries(declared.pools).map(([name, { weight, ...rest }]) => [
    name,
    !Object.hasOwn(pools, name) && weight !== undefined ? { ...rest, weight } : rest,
  ]);
  return { ...declared, pools: Object.fromEntries(kept) };
}

/** Where it takes the place of records: of those that were shown, and no others. */
function asShown(declared: DeclaredService, { replaced }: Service): object {
  if (replaced === undefined) return declared;
  return { ...declared, replace: Object.fromEntries(replaced.map(({ type, revision }) => [type, revision])) };
}
