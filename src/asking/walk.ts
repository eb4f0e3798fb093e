/** Finds who a zone is delegated to, as a resolver does: from the root, referral by referral, to the zone's parent. */

import { Packet, type Resource } from 'dns2';
import { shown } from '../shown.ts';
import type { Answer, Ask, NoAnswer, Question } from './ask.ts';

export interface NameServer {
  readonly host: string;
  readonly addresses: readonly string[];
  /** Whether the parent gave the addresses along, or they had to be looked up. */
  readonly hasGlue: boolean;
}

export interface Delegation {
  readonly parent: string;
  /** The server of the parent that said so. */
  readonly askedAt: string;
  readonly ttlSeconds: number;
  readonly nameservers: readonly NameServer[];
  /** Of the parent: who has its word on the zone. */
  readonly parentServers: readonly NameServer[];
}

/** Why no delegation was found. `isSure`: the parent says that there is none. */
export interface NoDelegation {
  readonly isSure: boolean;
  readonly reason: string;
}

/** The root's servers (https://www.iana.org/domains/root/servers): enough of them that one is reached. */
export const ROOT_SERVERS = ['198.41.0.4', '170.247.170.2', '192.33.4.12', '199.7.91.13', '2001:503:ba3e::2:30'];

/** Against referrals in circles. */
const REFERRALS_MAX = 16;
/** Looking up a nameserver may need another to be looked up. */
const LOOKUPS_MAX = 6;
/** Of the servers of one zone, how many are tried until one answers. */
const SERVERS_TRIED = 4;

/** Servers to ask, and the zone that they are servers of; '' is the root. */
interface Servers {
  readonly zone: string;
  readonly addresses: readonly string[];
  readonly hosts: readonly NameServer[];
}

export class Walk {
  readonly #ask: Ask;
  readonly #root: Servers;
  readonly #resolver: string | undefined;

  /** With a resolver, it finds the parent; its answer about the delegation comes from the parent itself in any case. */
  constructor(ask: Ask, options: { roots?: readonly string[]; resolver?: string | undefined } = {}) {
    this.#ask = ask;
    const roots = options.roots ?? ROOT_SERVERS;
    const hosts = roots.map((address) => ({ host: address, addresses: [address], hasGlue: true }));
    this.#root = serversOf('', hosts);
    this.#resolver = options.resolver;
  }

  async delegation(zone: string): Promise<Delegation | NoDelegation> {
    const start = this.#resolver === undefined ? this.#root : await this.#parentOf(zone);
    if ('reason' in start) return start;
    let servers: Servers = start;
    for (let referrals = 0; referrals < REFERRALS_MAX; referrals++) {
      const found = await this.#askAny(servers, { name: zone, type: 'NS' });
      if ('reason' in found) return found;
      const { address, answer } = found;
      const own = nsRecords(answer.answers, zone);
      const referral = own.length > 0 ? own : referralIn(answer, zone, servers.zone);
      if (referral.length === 0) {
        const reason = `${shownZone(servers.zone)} (asked at ${address}) has no NS records for ${zone}${answer.rcode === 3 ? ': it says that there is no such name' : ''}`;
        return { isSure: true, reason };
      }
      const owner = lower(referral[0].name);
      const nameservers = await this.#withAddresses(referral, answer, LOOKUPS_MAX);
      if (owner === zone) {
        const { zone: parent, hosts: parentServers } = servers;
        return { parent, askedAt: address, ttlSeconds: referral[0].ttl, nameservers, parentServers };
      }
      servers = serversOf(owner, nameservers);
    }
    return { isSure: false, reason: `more than ${REFERRALS_MAX} referrals on the way to ${zone}` };
  }

  /** The addresses of a host, found as a resolver finds them. */
  async addresses(host: string, depth = LOOKUPS_MAX): Promise<string[]> {
    const both = await Promise.all((['A', 'AAAA'] as const).map((type) => this.#lookup(host, type, depth)));
    return both.flat();
  }

  async #lookup(name: string, type: 'A' | 'AAAA', depth: number): Promise<string[]> {
    if (depth === 0) return [];
    if (this.#resolver !== undefined) {
      const answer = await this.#ask(this.#resolver, { name, type, recursive: true });
      return 'error' in answer ? [] : addressesIn(answer.answers, type);
    }
    let servers: Servers = this.#root;
    for (let referrals = 0; referrals < REFERRALS_MAX; referrals++) {
      const found = await this.#askAny(servers, { name, type });
      if ('reason' in found) return [];
      const addresses = addressesIn(found.answer.answers, type);
      const referral = addresses.length > 0 ? [] : referralIn(found.answer, lower(name), servers.zone);
      if (referral.length === 0) return addresses;
      const nameservers = await this.#withAddresses(referral, found.answer, depth - 1);
      servers = serversOf(lower(referral[0].name), nameservers);
    }
    return [];
  }

  /** The closest enclosing zone above, and its servers, as the resolver says. */
  async #parentOf(zone: string): Promise<Servers | NoDelegation> {
    const resolver = this.#resolver as string;
    for (let above = parent(zone); ; above = parent(above)) {
      const answer = await this.#ask(resolver, { name: shown(above), type: 'NS', recursive: true });
      if ('error' in answer) return { isSure: false, reason: `the resolver ${resolver}: ${answer.error}` };
      const hosts = nsRecords(answer.answers, above);
      if (hosts.length > 0) {
        const nameservers = await this.#withAddresses(hosts, answer, LOOKUPS_MAX);
        return serversOf(above, nameservers);
      }
      if (above === '') return { isSure: false, reason: `the resolver ${resolver} knows no zone above ${zone}` };
    }
  }

  async #askAny(
    { zone, addresses }: Omit<Servers, 'hosts'>,
    question: Question,
  ): Promise<{ address: string; answer: Answer } | NoDelegation> {
    if (addresses.length === 0)
      return { isSure: false, reason: `no address of a server of ${shownZone(zone)} was found` };
    const errors: string[] = [];
    for (const address of addresses.slice(0, SERVERS_TRIED)) {
      const answer: Answer | NoAnswer = await this.#ask(address, question);
      if ('error' in answer) errors.push(`${address}: ${answer.error}`);
      else if (answer.rcode === 0 || answer.rcode === 3) return { address, answer };
      else errors.push(`${address}: rcode ${answer.rcode}`);
    }
    return { isSure: false, reason: `no server of ${shownZone(zone)} answers (${errors.join('; ')})` };
  }

  async #withAddresses(ns: readonly Resource[], { additionals }: Answer, depth: number): Promise<NameServer[]> {
    const hosts = [...new Set(ns.map((record) => lower(record.ns ?? '')))];
    return Promise.all(
      hosts.map(async (host) => {
        const own = additionals.filter(({ name }) => lower(name) === host);
        const glue = [...addressesIn(own, 'A'), ...addressesIn(own, 'AAAA')];
        const isNeeded = glue.length === 0;
        return { host, addresses: isNeeded ? await this.addresses(host, depth - 1) : glue, hasGlue: !isNeeded };
      }),
    );
  }
}

function serversOf(zone: string, hosts: readonly NameServer[]): Servers {
  return { zone, addresses: hosts.flatMap(({ addresses }) => addresses), hosts };
}

/** NS records of a zone below `above` that encloses the name: where to ask next (RFC 1034 §4.3.2, step 3b). */
function referralIn({ authorities }: Answer, name: string, above: string): readonly Resource[] {
  const first = authorities.find(
    ({ type, name: owner }) => type === Packet.TYPE.NS && isBelow(lower(owner), above) && encloses(lower(owner), name),
  );
  return first === undefined ? [] : nsRecords(authorities, lower(first.name));
}

export function nsRecords(records: readonly Resource[], owner: string): readonly Resource[] {
  return records.filter(({ type, name }) => type === Packet.TYPE.NS && lower(name) === owner);
}

export function addressesIn(records: readonly Resource[], type: 'A' | 'AAAA'): string[] {
  return records.flatMap((record) => (record.type === Packet.TYPE[type] && record.address ? [record.address] : []));
}

/** Names here are lower case and without the final dot; the root is ''. */
export function lower(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function parent(zone: string): string {
  const dot = zone.indexOf('.');
  return dot === -1 ? '' : zone.slice(dot + 1);
}

export function encloses(zone: string, name: string): boolean {
  return zone === '' || name === zone || name.endsWith(`.${zone}`);
}

function isBelow(zone: string, above: string): boolean {
  return zone !== above && encloses(above, zone);
}

function shownZone(zone: string): string {
  return zone === '' ? 'the root' : zone;
}
