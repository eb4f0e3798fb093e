/** A plain model of what the table holds and says, written for clarity and not for speed: the tests' yardstick. */
import type { RRset } from '../../src/model/rrset.ts';
import type { TableChange } from '../../src/table/changes.ts';
import { typeCode } from '../fixtures/dns-decode.ts';
import { apexMade, rdataOf, rrsetOf, serviceMade, serviceOf, ttlOf, zonePut } from './model-data.ts';
import type { Said } from './said.ts';

export const types = Object.keys(rdataOf);

interface ZoneModel {
  /** What it says of itself is made from it. */
  readonly n: number;
  /** By owner and type: `www.a.test A`. */
  readonly rrsets: Map<string, number>;
  readonly services: Map<string, number>;
}

/** A record that an import brings. */
export interface Brought {
  readonly name: string;
  readonly type: string;
  readonly n: number;
}

/** One intent; applied only where it makes sense in the state. */
export type Step =
  | { readonly kind: 'zone'; readonly zone: string; readonly n: number }
  | { readonly kind: 'rrset'; readonly name: string; readonly type: string; readonly n: number }
  | { readonly kind: 'service'; readonly name: string; readonly n: number }
  /** A service takes the place of the records at its name, or (`n` 0) leaves some. */
  | { readonly kind: 'adoption'; readonly name: string; readonly n: number };

/** Records of one name and type. */
interface Found {
  readonly data: readonly string[];
  readonly ttl: number;
}

const REFUSED = 5;
/** Aliases followed in one answer. */
const FOLLOWED_MAX = 16;

function above(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}

function isAtOrBelow(name: string, ancestor: string): boolean {
  return name === ancestor || name.endsWith(`.${ancestor}`);
}

export class Model {
  readonly zones = new Map<string, ZoneModel>();
  /** What was asked since the last change, by name and type: the same is asked of many readers. */
  readonly #asked = new Map<string, string>();

  copy(): Model {
    const copy = new Model();
    for (const [name, { n, rrsets, services }] of this.zones)
      copy.zones.set(name, { n, rrsets: new Map(rrsets), services: new Map(services) });
    return copy;
  }

  /** The changes that the step means here, after making them in the model; a step that means nothing gives none. */
  change(step: Step): TableChange[] {
    this.#asked.clear();
    if (step.kind === 'zone') return this.#zoneChange(step.zone, step.n);
    const apex = this.zoneOf(step.name);
    if (apex === undefined) return [];
    if (step.kind === 'rrset') return this.#rrsetChange(apex, step);
    if (step.kind === 'adoption') return this.#adoption(apex, step.name, step.n);
    return this.#serviceChange(apex, step.name, step.n);
  }

  #typesAt(apex: string, name: string): string[] {
    const keys = [...(this.zones.get(apex) as ZoneModel).rrsets.keys()];
    return keys.filter((key) => key.startsWith(`${name} `)).map((key) => key.split(' ')[1]);
  }

  #rrsetChange(apex: string, { name, type, n }: Brought): TableChange[] {
    const { rrsets } = this.zones.get(apex) as ZoneModel;
    const key = `${name} ${type}`;
    if (n === 0) {
      if (!rrsets.delete(key)) return [];
      return [{ op: 'deleteRRset', zone: apex, name, type: typeCode(type) }];
    }
    if (!this.#mayStand(apex, { name, type, n })) return [];
    rrsets.set(key, n);
    return [rrsetOf(apex, name, type, n)];
  }

  #mayStand(apex: string, { name, type }: Brought): boolean {
    const { services } = this.zones.get(apex) as ZoneModel;
    if (name === apex && (type === 'NS' || type === 'CNAME')) return false;
    const service = services.get(name);
    if (service !== undefined && (serviceMade(service).isHost || ['A', 'AAAA', 'CNAME'].includes(type))) return false;
    // A CNAME stands alone (RFC 2181 §10.1).
    const others = this.#typesAt(apex, name).filter((other) => other !== type);
    return !others.some((other) => type === 'CNAME' || other === 'CNAME');
  }

  #serviceChange(apex: string, name: string, n: number): TableChange[] {
    const { services } = this.zones.get(apex) as ZoneModel;
    if (n === 0) return services.delete(name) ? [{ op: 'deleteService', zone: apex, name }] : [];
    const types = this.#typesAt(apex, name);
    if (['A', 'AAAA', 'CNAME'].some((type) => types.includes(type))) return [];
    if (serviceMade(n).isHost && (types.length > 0 || name === apex)) return [];
    services.set(name, n);
    return [serviceOf(apex, name, n)];
  }

  #adoption(apex: string, name: string, n: number): TableChange[] {
    const { services, rrsets } = this.zones.get(apex) as ZoneModel;
    if (n === 0) {
      if (!services.delete(name)) return [];
      rrsets.set(`${name} A`, 1);
      return [rrsetOf(apex, name, 'A', 1), { op: 'deleteService', zone: apex, name }];
    }
    const adopted = this.#typesAt(apex, name).filter((type) => ['A', 'AAAA', 'CNAME'].includes(type));
    for (const type of adopted) rrsets.delete(`${name} ${type}`);
    const put = this.#serviceChange(apex, name, n);
    const gone = adopted.map((type) => ({ op: 'deleteRRset', zone: apex, name, type: typeCode(type) }) as const);
    // The service first, as the control path does it.
    return [...put, ...gone];
  }

  #zoneChange(name: string, n: number): TableChange[] {
    if (n === 0) return this.zones.delete(name) ? [{ op: 'deleteZone', zone: name }] : [];
    const there = this.zones.get(name);
    if (there !== undefined) {
      this.zones.set(name, { ...there, n });
      return [zonePut(name, n)];
    }
    const moves = this.#moves(name);
    if (moves === undefined) return [];
    return [zonePut(name, n), ...this.#begin(name, n, moves)];
  }

  /** A zone comes into being, and takes over services of the one above. */
  #begin(name: string, n: number, moves: readonly [string, number][]): TableChange[] {
    const above = this.zoneOf(name);
    for (const [service] of moves) this.zones.get(above as string)?.services.delete(service);
    this.zones.set(name, { n, rrsets: new Map(), services: new Map(moves) });
    return moves.map(([service, n]) => serviceOf(name, service, n));
  }

  /** The services that a new zone takes over; undefined: it cannot be made. */
  #moves(name: string): [string, number][] | undefined {
    const above = this.zoneOf(name);
    if (above === undefined) return [];
    const moves = [...(this.zones.get(above) as ZoneModel).services].filter(([service]) => isAtOrBelow(service, name));
    if (moves.some(([service, n]) => service === name && serviceMade(n).isHost)) return undefined;
    return this.#preview(above, name) === undefined ? moves : undefined;
  }

  /**
   * The records that an import of the zone would bring, each once; undefined: it is refused. With what the import means as
   * changes, besides the one that brings them in. `n`: see `zonePut`.
   */
  import(name: string, n: number, brought: readonly Brought[]): { rrsets: RRset[]; moves: TableChange[] } | undefined {
    this.#asked.clear();
    const moves = this.zones.has(name) ? [] : this.#moves(name);
    if (moves === undefined) return undefined;
    const services = new Map([...(this.zones.get(name)?.services ?? []), ...moves]);
    const trial = new Model();
    trial.zones.set(name, { n, rrsets: new Map(), services });
    const previews = this.zones.has(name) ? this.#previewsOf(name) : [];
    for (const each of brought) {
      // What would stand at a preview's name is refused.
      if (isAtOrBelow(each.name, name) && each.n > 0 && !previews.includes(each.name)) trial.#rrsetChange(name, each);
    }
    const { rrsets } = trial.zones.get(name) as ZoneModel;
    const changes = this.zones.has(name) ? [] : this.#begin(name, n, moves);
    this.zones.set(name, { n, rrsets, services: this.zones.get(name)?.services ?? services });
    return { rrsets: this.rrsetsOf(name), moves: changes };
  }

  /** The names at which previews answer now. */
  #previewsOf(apex: string): string[] {
    const { services } = this.zones.get(apex) as ZoneModel;
    const all = [...services].flatMap(([name, n]) =>
      Object.keys(serviceMade(n).pools).map((pool) => `${pool}.${name}`),
    );
    return all.filter((name) => this.#preview(apex, name) !== undefined);
  }

  /** The records of a zone as they are now. */
  rrsetsOf(apex: string): RRset[] {
    return [...(this.zones.get(apex) as ZoneModel).rrsets].map(([key, n]) => {
      const [name, type] = key.split(' ');
      return rrsetOf(apex, name, type, n).rrset;
    });
  }

  /** The zone that a name belongs to: the longest. */
  zoneOf(name: string): string | undefined {
    const zones = [...this.zones.keys()].filter((apex) => isAtOrBelow(name, apex));
    return zones.sort((a, b) => b.length - a.length)[0];
  }

  /** What an authoritative server says (RFC 1034 §4.3.2, RFC 4592, RFC 6672), aliases followed; `Said` as text. */
  ask(name: string, type: string): string {
    const key = `${name} ${type}`;
    const known = this.#asked.get(key) ?? JSON.stringify(this.#ask(name, type));
    this.#asked.set(key, known);
    return known;
  }

  #ask(name: string, type: string): Said {
    const answers: string[] = [];
    const owners: string[] = [];
    for (let at = name; ; ) {
      const { alias, ...rest } = this.#step(at, type);
      if (rest.rcode === REFUSED && owners.length > 0)
        return { rcode: 0, aa: true, answers: answers.sort(), authority: [] };
      answers.push(...rest.answers);
      if (alias === undefined) {
        // A DNAME that serves twice is given once.
        return { ...rest, aa: rest.aa || owners.length > 0, answers: [...new Set(answers)].sort() };
      }
      owners.push(at);
      at = alias.target;
      if (owners.includes(at) || alias.grows || owners.length === FOLLOWED_MAX)
        return { rcode: 0, aa: true, answers: [...new Set(answers)].sort(), authority: [] };
    }
  }

  /** One name without following: what is said of it, and the alias that it owns. */
  #step(name: string, type: string): Said & { alias?: { target: string; grows: boolean } } {
    const apex = this.#zoneFor(name, type);
    if (apex === undefined) return { rcode: REFUSED, aa: false, answers: [], authority: [] };
    const border = this.#border(apex, name, type);
    if (border?.type === 'NS')
      return {
        rcode: 0,
        aa: false,
        answers: [],
        authority: this.#told(border.owner, 'NS', this.#data(apex, border.owner, 'NS')),
      };
    if (border !== undefined) return this.#rename(apex, name, border.owner, type);
    const { owner, missing } = this.#owner(apex, name);
    const found = owner === undefined ? undefined : this.#data(apex, owner, type);
    if (found !== undefined) return { rcode: 0, aa: true, answers: this.#told(name, type, found), authority: [] };
    const cname = owner === undefined ? undefined : this.#data(apex, owner, 'CNAME');
    if (cname === undefined)
      return { rcode: missing ? 3 : 0, aa: true, answers: [], authority: [this.#denial(apex, owner)] };
    const alias = { target: cname.data[0].slice(0, -1), grows: false };
    return { rcode: 0, aa: true, answers: this.#told(name, 'CNAME', cname), authority: [], alias };
  }

  /** Records as `said` has them. */
  #told(name: string, type: string, found: Found | undefined): string[] {
    return found?.data.map((text) => `${name} ${typeCode(type)} ${text} ${found.ttl}`) ?? [];
  }

  /** The SOA of a denial, with its TTL (RFC 2308 §3): not beyond what a service at the name may answer next. */
  #denial(apex: string, owner: string | undefined): string {
    const { serial, ttlSeconds, negativeTtlSeconds } = apexMade((this.zones.get(apex) as ZoneModel).n);
    const at = owner === undefined ? undefined : this.#serviceAt(apex, owner);
    const ttl = Math.min(ttlSeconds, negativeTtlSeconds, at === undefined ? Infinity : serviceMade(at.n).ttlSeconds);
    return `${apex} 6 ns1.${apex}. hostmaster.${apex}. ${serial} 7200 3600 1209600 ${negativeTtlSeconds} ${ttl}`;
  }

  #rename(
    apex: string,
    name: string,
    owner: string,
    type: string,
  ): Said & { alias?: { target: string; grows: boolean } } {
    const { data, ttl } = this.#data(apex, owner, 'DNAME') as Found;
    const to = data[0].slice(0, -1);
    const target = `${name.slice(0, -owner.length)}${to}`;
    // The TTL is that of the DNAME (RFC 6672 §3.1).
    const answers = [`${owner} 39 ${to}. ${ttl}`, `${name} 5 ${target}. ${ttl}`];
    if (type === 'CNAME') return { rcode: 0, aa: true, answers, authority: [] };
    return { rcode: 0, aa: true, answers, authority: [], alias: { target, grows: isAtOrBelow(to, owner) } };
  }

  /** The zone that answers: the longest, but for DS the parent where it delegates the name (RFC 4035 §3.1.4.1). */
  #zoneFor(name: string, type: string): string | undefined {
    const apex = this.zoneOf(name);
    if (type !== 'DS' || apex !== name) return apex;
    const parent = this.zoneOf(above(name));
    return parent !== undefined && this.zones.get(parent)?.rrsets.has(`${name} NS`) ? parent : apex;
  }

  /** The highest zone cut at or above the name, or DNAME above it; DS at the cut is the parent's. */
  #border(apex: string, name: string, type: string): { owner: string; type: 'NS' | 'DNAME' } | undefined {
    const { rrsets } = this.zones.get(apex) as ZoneModel;
    let highest: { owner: string; type: 'NS' | 'DNAME' } | undefined;
    for (let at = name; ; at = above(at)) {
      const isCut = at !== apex && rrsets.has(`${at} NS`) && !(at === name && type === 'DS');
      if (isCut) highest = { owner: at, type: 'NS' };
      else if (at !== name && rrsets.has(`${at} DNAME`)) highest = { owner: at, type: 'DNAME' };
      if (at === apex) return highest;
    }
  }

  /** Whose records answer: the name's own, those of a wildcard, or nobody's. */
  #owner(apex: string, name: string): { owner?: string; missing?: boolean } {
    const { rrsets, services } = this.zones.get(apex) as ZoneModel;
    const owners = new Set([
      ...[...rrsets.keys()].map((key) => key.split(' ')[0]),
      ...services.keys(),
      ...this.#previewsOf(apex),
      apex,
    ]);
    const exists = (candidate: string): boolean => [...owners].some((owner) => isAtOrBelow(owner, candidate));
    if (exists(name)) return { owner: name };
    let encloser = above(name);
    while (!exists(encloser)) encloser = above(encloser);
    return exists(`*.${encloser}`) ? { owner: `*.${encloser}` } : { missing: true };
  }

  #data(apex: string, owner: string, type: string): Found | undefined {
    const { rrsets, n: made } = this.zones.get(apex) as ZoneModel;
    const n = rrsets.get(`${owner} ${type}`);
    if (n !== undefined) return { data: type === 'DS' ? [`000${n % 10}080012`] : rdataOf[type](n), ttl: ttlOf(n) };
    if (owner === apex && type === 'NS') return { data: [`ns1.${apex}.`], ttl: apexMade(made).nameserversTtlSeconds };
    const at = this.#serviceAt(apex, owner);
    if (at === undefined) return undefined;
    const { isHost, pools, ttlSeconds } = serviceMade(at.n);
    const targets = pools[at.pool];
    if (isHost) return type === 'CNAME' ? { data: targets.map((each) => `${each}.`), ttl: ttlSeconds } : undefined;
    if (type !== 'A' && type !== 'AAAA') return undefined;
    const data = targets.filter((target) => target.includes(':') === (type === 'AAAA'));
    return data.length > 0 ? { data, ttl: ttlSeconds } : undefined;
  }

  /** The service that answers at a name, and with which pool. */
  #serviceAt(apex: string, owner: string): { n: number; pool: string } | undefined {
    const n = this.zones.get(apex)?.services.get(owner);
    return n === undefined ? this.#preview(apex, owner) : { n, pool: serviceMade(n).heavy };
  }

  /** The pool that answers at a preview name: one label above is a service, and nothing else stands there. */
  #preview(apex: string, name: string): { n: number; pool: string } | undefined {
    const { services } = this.zones.get(apex) as ZoneModel;
    const pool = name.slice(0, name.indexOf('.'));
    const service = above(name);
    const n = services.get(service);
    if (n === undefined || service.startsWith('*')) return undefined;
    const { isHost, pools, hasPreviews } = serviceMade(n);
    if (!hasPreviews || pools[pool] === undefined) return undefined;
    if (isHost && Object.values(pools).flat().includes(name)) return undefined;
    return services.has(name) || this.#typesAt(apex, name).length > 0 ? undefined : { n, pool };
  }
}
