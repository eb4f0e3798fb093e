/** A plain model of what the table holds and says, written for clarity and not for speed: the tests' yardstick. */
import type { TableChange } from '../../src/table/changes.ts';
import type { Reply } from '../fixtures/dns-client.ts';
import { typeCode } from '../fixtures/dns-decode.ts';
import { rrset, service, zone } from '../fixtures/table.ts';

/** The types that the model knows, each with RDATA made from a number. */
const rdataOf: Readonly<Record<string, (n: number) => string[]>> = {
  A: (n) => Array.from({ length: 1 + (n % 3) }, (_, i) => `192.0.${n}.${i}`),
  AAAA: (n) => [`2001:db8::${1 + n}`],
  TXT: (n) => [`"text ${n}"`],
  NS: (n) => [`ns${n}.elsewhere.invalid.`],
  DS: (n) => [`${n % 10} 8 0 12`],
};

export const types = Object.keys(rdataOf);

interface ZoneModel {
  /** By owner and type: `www.a.test A`. */
  readonly rrsets: Map<string, number>;
  readonly services: Map<string, number>;
}

/** One intent; applied only where it makes sense in the state. */
export type Step =
  | { readonly kind: 'zone'; readonly zone: string; readonly n: number }
  | { readonly kind: 'rrset'; readonly name: string; readonly type: string; readonly n: number }
  | { readonly kind: 'service'; readonly name: string; readonly n: number };

const REFUSED = 5;

/** What a reply says, in comparable form. */
export interface Said {
  readonly rcode: number;
  readonly aa: boolean;
  readonly answers: readonly string[];
  /** Owner and type of each authority record, once. */
  readonly authority: readonly string[];
}

export function said(reply: Reply): Said {
  const text = ({ name, type, data }: Reply['answers'][number]): string => `${name.slice(0, -1)} ${type} ${data}`;
  return {
    rcode: reply.rcode,
    aa: reply.aa,
    answers: reply.answers.map(text).sort(),
    authority: [...new Set(reply.authority.map(({ name, type }) => `${name.slice(0, -1)} ${type}`))],
  };
}

function above(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}

function isAtOrBelow(name: string, ancestor: string): boolean {
  return name === ancestor || name.endsWith(`.${ancestor}`);
}

export class Model {
  readonly zones = new Map<string, ZoneModel>();

  copy(): Model {
    const copy = new Model();
    for (const [name, { rrsets, services }] of this.zones)
      copy.zones.set(name, { rrsets: new Map(rrsets), services: new Map(services) });
    return copy;
  }

  /** The change that the step means here, after making it in the model; a step that means nothing gives none. */
  change(step: Step): TableChange | undefined {
    if (step.kind === 'zone') return this.#zoneChange(step.zone, step.n);
    const apex = this.zoneOf(step.name);
    if (apex === undefined || (step.name === apex && step.kind === 'rrset' && step.type === 'NS')) return undefined;
    const { rrsets, services } = this.zones.get(apex) as ZoneModel;
    if (step.kind === 'rrset') {
      const key = `${step.name} ${step.type}`;
      if (services.has(step.name) && ['A', 'AAAA', 'CNAME'].includes(step.type)) return undefined;
      // A CNAME stands alone (RFC 2181 §10.1).
      const others = [...rrsets.keys()].filter((other) => other.startsWith(`${step.name} `) && other !== key);
      if (others.some((other) => step.type === 'CNAME' || other.endsWith(' CNAME'))) return undefined;
      if (step.type === 'CNAME' && step.name === apex) return undefined;
      if (step.n > 0) {
        rrsets.set(key, step.n);
        return rrset(apex, step.name, step.type, 300, ...rdataOf[step.type](step.n));
      }
      if (!rrsets.delete(key)) return undefined;
      return { op: 'deleteRRset', zone: apex, name: step.name, type: typeCode(step.type) };
    }
    if (['A', 'AAAA', 'CNAME'].some((type) => rrsets.has(`${step.name} ${type}`))) return undefined;
    // A service moves to another zone by a delete and a put, as the control path does it.
    const elsewhere = [...this.zones].some(([zone, model]) => zone !== apex && model.services.has(step.name));
    if (elsewhere) return undefined;
    if (step.n > 0) {
      services.set(step.name, step.n);
      // Which pool has the weight changes with n, as in a shift; a weight of 0 makes the answer certain.
      const pools: Record<string, [number, ...string[]]> = {
        blue: [step.n % 2, '198.51.100.1', '198.51.100.2'],
        green: [1 - (step.n % 2), '203.0.113.1', '2001:db8:1::1'],
      };
      return service(apex, step.name, pools, { ttlSeconds: 5 + (step.n % 4) });
    }
    if (!services.delete(step.name)) return undefined;
    return { op: 'deleteService', zone: apex, name: step.name };
  }

  #zoneChange(name: string, n: number): TableChange | undefined {
    if (n > 0) {
      // The control path moves services that a new zone would hide: a table whose zone hides one is never made.
      if (!this.zones.has(name) && this.#wouldHide(name)) return undefined;
      if (!this.zones.has(name)) this.zones.set(name, { rrsets: new Map(), services: new Map() });
      return zone(name, { serial: n });
    }
    return this.zones.delete(name) ? { op: 'deleteZone', zone: name } : undefined;
  }

  #wouldHide(apex: string): boolean {
    return [...this.zones].some(
      ([zone, { services }]) =>
        isAtOrBelow(apex, zone) && [...services.keys()].some((service) => isAtOrBelow(service, apex)),
    );
  }

  /** The zone that a name belongs to: the longest. */
  zoneOf(name: string): string | undefined {
    const zones = [...this.zones.keys()].filter((apex) => isAtOrBelow(name, apex));
    return zones.sort((a, b) => b.length - a.length)[0];
  }

  /** What an authoritative server says (RFC 1034 §4.3.2, RFC 4592, RFC 6672), aliases followed. */
  ask(name: string, type: string): Said {
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
      if (owners.includes(at) || alias.grows)
        return { rcode: 0, aa: true, answers: [...new Set(answers)].sort(), authority: [] };
    }
  }

  /** One name without following: what is said of it, and the alias that it owns. */
  #step(name: string, type: string): Said & { alias?: { target: string; grows: boolean } } {
    const apex = this.#zoneFor(name, type);
    if (apex === undefined) return { rcode: REFUSED, aa: false, answers: [], authority: [] };
    const border = this.#border(apex, name, type);
    if (border?.type === 'NS') return { rcode: 0, aa: false, answers: [], authority: [`${border.owner} 2`] };
    if (border !== undefined) return this.#rename(apex, name, border.owner, type);
    const { owner, missing } = this.#owner(apex, name);
    const data = owner === undefined ? undefined : this.#data(apex, owner, type);
    if (data !== undefined) {
      const answers = data.map((text) => `${name} ${typeCode(type)} ${text}`);
      return { rcode: 0, aa: true, answers, authority: [] };
    }
    const cname = owner === undefined ? undefined : this.#data(apex, owner, 'CNAME')?.[0];
    if (cname === undefined) return { rcode: missing ? 3 : 0, aa: true, answers: [], authority: [`${apex} 6`] };
    const alias = { target: cname.slice(0, -1), grows: false };
    return { rcode: 0, aa: true, answers: [`${name} 5 ${cname}`], authority: [], alias };
  }

  #rename(
    apex: string,
    name: string,
    owner: string,
    type: string,
  ): Said & { alias?: { target: string; grows: boolean } } {
    const to = (this.#data(apex, owner, 'DNAME') as string[])[0].slice(0, -1);
    const target = `${name.slice(0, -owner.length)}${to}`;
    const answers = [`${owner} 39 ${to}.`, `${name} 5 ${target}.`];
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
    const previews = [...services.keys()].flatMap((service) => ['blue', 'green'].map((pool) => `${pool}.${service}`));
    const owners = new Set([
      ...[...rrsets.keys()].map((key) => key.split(' ')[0]),
      ...services.keys(),
      ...previews.filter((preview) => this.#preview(apex, preview) !== undefined),
      apex,
    ]);
    const exists = (candidate: string): boolean => [...owners].some((owner) => isAtOrBelow(owner, candidate));
    if (exists(name)) return { owner: name };
    let encloser = above(name);
    while (!exists(encloser)) encloser = above(encloser);
    return exists(`*.${encloser}`) ? { owner: `*.${encloser}` } : { missing: true };
  }

  #data(apex: string, owner: string, type: string): string[] | undefined {
    const { rrsets, services } = this.zones.get(apex) as ZoneModel;
    const n = rrsets.get(`${owner} ${type}`);
    if (n !== undefined) return type === 'DS' ? [`000${n % 10}080012`] : rdataOf[type](n);
    if (owner === apex && type === 'NS') return [`ns1.${apex}.`];
    if (type !== 'A' && type !== 'AAAA') return undefined;
    const state = services.get(owner);
    const pool = state === undefined ? this.#preview(apex, owner) : ['green', 'blue'][state % 2];
    if (pool === undefined) return undefined;
    if (pool === 'blue') return type === 'A' ? ['198.51.100.1', '198.51.100.2'] : undefined;
    return type === 'A' ? ['203.0.113.1'] : ['2001:db8:1::1'];
  }

  /** The pool that answers at a preview name: one label above is a service, and nothing else stands there. */
  #preview(apex: string, name: string): string | undefined {
    const { rrsets, services } = this.zones.get(apex) as ZoneModel;
    const pool = name.slice(0, name.indexOf('.'));
    const service = above(name);
    if (!['blue', 'green'].includes(pool) || !services.has(service) || service.startsWith('*')) return undefined;
    const isTaken = services.has(name) || [...rrsets.keys()].some((key) => key.startsWith(`${name} `));
    return isTaken ? undefined : pool;
  }
}
