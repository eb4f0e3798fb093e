/** Carries out what one POST of ExternalDNS asks for: names that are refused hold up no others. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Command, CommandContext, CommandResult } from '../../control/commands/command.ts';
import { CHANGES_MAX } from '../../control/drafts/record-list.ts';
import type { Sliced } from '../../control/slices.ts';
import { Problem } from '../../model/errors.ts';
import type { RecordChange } from '../../model/record-change.ts';
import type { Service } from '../../model/service.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import { grantOf } from '../access.ts';
import { executeForeseen } from '../commands.ts';
import type { ApiParts } from '../parts.ts';
import { inTurns } from '../slices.ts';
import { POOL_TYPES } from './endpoint.ts';
import { find, reachesService, zoneOf } from './found.ts';
import { notesOf } from './notes.ts';
import { type Edit, type Plan, planName } from './plan.ts';

/** Names that are worked out in one slice: each asks for a service and nine RRsets. */
const NAMES_AT_ONCE = 20;
/** So often something else changes in between at most, and so many names of a list are refused one by one. */
const ATTEMPTS_MAX = 5;
const REFUSED_ONE_BY_ONE_MAX = 50;

const RESTLESS = new Problem('busy', 'What stands there is being changed all the time; it is tried again.');

export class Application {
  readonly #parts: ApiParts;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #context: CommandContext;
  readonly #edits = new Map<string, Edit[]>();
  /** Names whose service is as it was asked for. */
  readonly #settled = new Set<string>();
  /** Names that were refused, and why. */
  readonly refused = new Map<string, Problem>();

  constructor(parts: ApiParts, request: FastifyRequest, reply: FastifyReply, context: CommandContext) {
    this.#parts = parts;
    this.#request = request;
    this.#reply = reply;
    this.#context = context;
  }

  add(edit: Edit): void {
    const { name } = edit.endpoint;
    const edits = this.#edits.get(name) ?? [];
    edits.push(edit);
    this.#edits.set(name, edits);
  }

  /** Services one after the other, then the records of each zone in one list. */
  async run(): Promise<void> {
    const names = [...this.#edits.keys()];
    for (const name of await inTurns(this.#request, this.#reply, this.#withServices(names))) {
      await this.#runServices(name);
    }
    const zones = await inTurns(this.#request, this.#reply, this.#byZone(names));
    for (const [zone, those] of zones) await this.#runRecords(zone, those);
  }

  *#byZone(names: readonly string[]): Sliced<Map<string, string[]>> {
    const zones = new Map<string, string[]>();
    for (const [i, name] of names.entries()) {
      if (i > 0 && i % NAMES_AT_ONCE === 0) yield;
      const zone = zoneOf(this.#parts.queries, name)?.name;
      if (zone === undefined) this.#refuse(name, new Problem('name_outside_zones', `${name} is in no zone.`));
      else if (zones.get(zone)?.push(name) === undefined) zones.set(zone, [name]);
    }
    return zones;
  }

  #refuse(name: string, problem: Problem): void {
    this.refused.set(name, problem);
  }

  /** Of these names those at which a service is to change, or come, or go. */
  *#withServices(names: readonly string[]): Sliced<string[]> {
    const found: string[] = [];
    for (const [i, name] of names.entries()) {
      if (i > 0 && i % NAMES_AT_ONCE === 0) yield;
      if (!this.#mayConcernService(name)) continue;
      const planned = this.#plan(name);
      if (planned instanceof Problem || planned.services.length > 0) found.push(name);
    }
    return found;
  }

  /** Most names have no set identifier and no service: that is found out with less. What comes to be meanwhile is met later. */
  #mayConcernService(name: string): boolean {
    const edits = this.#edits.get(name) ?? [];
    if (edits.some(({ endpoint: { set, type } }) => set !== '' && POOL_TYPES.includes(type))) return true;
    return !(this.#parts.queries.service(name) instanceof Problem);
  }

  #execute(
    command: Command,
    conditions: Pick<CommandContext, 'ifMatch' | 'ifNoneMatch'>,
    context = this.#context,
  ): Promise<CommandResult> {
    return executeForeseen(this.#parts, this.#request, this.#reply, [command, { ...context, ...conditions }]);
  }

  /** What of a name is a service; each attempt on what is there then. */
  async #runServices(name: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const planned = this.#plan(name);
      if (planned instanceof Problem) return this.#refuse(name, planned);
      const problem = this.#outside(name, planned.service) ?? (await this.#carryOut(planned));
      if (problem === undefined) {
        this.#settled.add(name);
        return;
      }
      if (problem.code === 'revision_stale') continue;
      if (problem.code === 'release_active') await this.#follow(name);
      return this.#refuse(name, problem);
    }
    this.#refuse(name, RESTLESS);
  }

  /** Pools come and go when the release is over. The addresses of those that are there do not wait for that. */
  async #follow(name: string): Promise<void> {
    const all = this.#edits.get(name) ?? [];
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const service = this.#parts.queries.service(name);
      if (service instanceof Problem) return;
      const sets = new Set(service.pools.map(({ labels }) => notesOf(labels).set));
      const those = all.filter(({ verb, endpoint: { set, type } }) => {
        return verb === 'set' && POOL_TYPES.includes(type) && sets.has(set);
      });
      if (those.length === 0 || those.length === all.length) return;
      const planned = this.#plan(name, those);
      if (planned instanceof Problem) return;
      if ((await this.#carryOut(planned))?.code !== 'revision_stale') return;
    }
  }

  /** A token for records has no reach of services elsewhere, so that the engine would refuse it: it is judged here. */
  #outside(name: string, service: Service | undefined): Problem | undefined {
    const zone = zoneOf(this.#parts.queries, name)?.name ?? '';
    const grant = grantOf(this.#request);
    if (!grant.isOfRecords || reachesService(grant, { zone, name }, service)) return undefined;
    const detail =
      service === undefined
        ? `Two set identifiers make a service, and the token does not reach all that it may answer with at ${name}: A, AAAA and CNAME.`
        : `The service at ${name} is out of reach of the token: it has pools or preview names by people, or may answer with more than A, AAAA and CNAME that it reaches.`;
    return new Problem('token_forbidden', detail);
  }

  async #carryOut({ services, service }: Planned): Promise<Problem | undefined> {
    let at = service?.revision;
    for (const command of services) {
      const { limits: _, ...context } = this.#context;
      const unlimited = grantOf(this.#request).isOfRecords ? context : this.#context;
      const result = await this.#execute(
        command,
        at === undefined ? { ifNoneMatch: 'any' } : { ifMatch: [at] },
        unlimited,
      );
      if (result instanceof Problem) return result;
      at = result.revision;
    }
    return undefined;
  }

  #plan(name: string, edits = this.#edits.get(name) ?? []): Planned | Problem {
    const { queries } = this.#parts;
    const zone = zoneOf(queries, name);
    if (zone === undefined) return new Problem('name_outside_zones', `${name} is in no zone of this server.`);
    const types = edits.map(({ endpoint }) => endpoint.type);
    const found = find(queries, zone, name, types);
    const plan = planName(found, edits);
    return plan instanceof Problem ? plan : { ...plan, service: found.service };
  }

  /**
   * All records of the zone in one list. A name that it is refused for is left out, with what tells of its owner. Where too
   * many are refused for that, the others go in shorter lists, so that none waits for ever for those that cannot be.
   */
  async #runRecords(zone: string, names: readonly string[]): Promise<void> {
    let stale = 0;
    for (let attempt = 0; attempt < REFUSED_ONE_BY_ONE_MAX && stale < ATTEMPTS_MAX; attempt++) {
      const work = await inTurns(this.#request, this.#reply, this.#collect(zone, names));
      if (work === undefined) return;
      if (work.unsettled.length > 0) {
        for (const name of work.unsettled) await this.#runServices(name);
        continue;
      }
      const done = work.changes.length === 0 ? undefined : await this.#send(work);
      if (done === undefined) return;
      if (done.problem.code === 'revision_stale') stale += 1;
      // It is of the zone, or of the server, and so of all of them.
      else if (done.name === undefined) return this.#refuseRest(names, done.problem);
      else this.#refuse(done.name, done.problem);
    }
    if (stale === ATTEMPTS_MAX || names.length <= REFUSED_ONE_BY_ONE_MAX) return this.#refuseRest(names, RESTLESS);
    // What tells of owners comes last: it is known by then which of them were refused.
    const left = names.filter((name) => !this.refused.has(name));
    const ordered = [
      ...left.filter((name) => !this.#tellsOwner(name)),
      ...left.filter((name) => this.#tellsOwner(name)),
    ];
    for (let at = 0; at < ordered.length; at += REFUSED_ONE_BY_ONE_MAX) {
      await this.#runRecords(zone, ordered.slice(at, at + REFUSED_ONE_BY_ONE_MAX));
    }
  }

  #refuseRest(names: readonly string[], problem: Problem): void {
    for (const name of names) if (!this.refused.has(name)) this.#refuse(name, problem);
  }

  #tellsOwner(name: string): boolean {
    return (this.#edits.get(name) ?? []).some(({ endpoint: { owned } }) => owned !== undefined);
  }

  async #send({ zone, changes }: Collected): Promise<{ problem: Problem; name: string | undefined } | undefined> {
    let at = zone.revision;
    for (let from = 0; from < changes.length; from += CHANGES_MAX) {
      const list = changes.slice(from, from + CHANGES_MAX);
      const command = { kind: 'records.change', zone: zone.name, changes: list } as const;
      const result = await this.#execute(command, { ifMatch: [at] });
      if (!(result instanceof Problem)) {
        at = result.revision;
        continue;
      }
      const index = /^\/changes\/(\d+)/.exec(result.pointer ?? '')?.[1];
      const change = index === undefined ? undefined : list[Number(index)];
      return { problem: result, name: (change?.put ?? change?.delete)?.name };
    }
    return undefined;
  }

  *#collect(zoneName: string, names: readonly string[]): Sliced<Collected | undefined> {
    const zone = this.#parts.queries.zone(shown(zoneName));
    if (zone instanceof Problem) {
      for (const name of names) this.#refuse(name, zone);
      return undefined;
    }
    const changes: RecordChange[] = [];
    const unsettled: string[] = [];
    for (const [i, name] of names.entries()) {
      if (i > 0 && i % NAMES_AT_ONCE === 0) yield;
      if (this.#isHeldBack(name)) continue;
      const planned = this.#plan(name);
      if (planned instanceof Problem) this.#refuse(name, planned);
      else if (planned.services.length > 0 && !this.#settled.has(name)) unsettled.push(name);
      else changes.push(...planned.changes);
    }
    return { zone, changes, unsettled };
  }

  /** What it tells the owner of was refused: were it written or removed alone, nobody would own that, or it would never go. */
  #isHeldBack(name: string): boolean {
    if (this.refused.has(name)) return true;
    const edits = this.#edits.get(name) ?? [];
    const held = edits.find(({ endpoint: { owned } }) => owned !== undefined && this.refused.has(owned));
    return held !== undefined;
  }
}

/** `service`: that is there, on which the plan stands. */
type Planned = Plan & { readonly service: Service | undefined };

interface Collected {
  readonly zone: Zone;
  readonly changes: readonly RecordChange[];
  /** Names that another's records made a service of, or are about to, since it was looked at. */
  readonly unsettled: readonly string[];
}
