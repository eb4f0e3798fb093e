/** From the model to what the table holds: a service's pools and its plan, a zone's SOA. */

import assert from 'node:assert/strict';
import { nameToWire } from '../model/name.ts';
import type { RRset } from '../model/rrset.ts';
import { drainingSinceMs, type Pool, type Service, ttlInForce } from '../model/service.ts';
import type { Zone } from '../model/zone.ts';
import { TYPE } from '../wire/constants.ts';
import { Malformed } from '../wire/malformed.ts';
import { parseIpv4, parseIpv6 } from '../wire/rdata.ts';
import { hashBytes } from './hash.ts';
import { PLAN, PLAN_BY_NETWORK, PLAN_HOST, POOL } from './layout.ts';
import type { Blocks } from './memory.ts';
import { rulesWords, writeRules } from './picking/rules.ts';
import type { RRsetCompiler } from './rrset-compiler.ts';
import { recordWords, writeRecord } from './service-record.ts';

/** A pool as the table keeps it: its RRsets survive a shift, only thresholds change. */
export interface CompiledPool {
  readonly name: string;
  /** What its RRsets were made from; equal text, equal RRsets. */
  readonly source: string;
  readonly counter: number;
  /** A number that no other pool has had. */
  readonly id: number;
  /** RRset A or CNAME, 0: none. */
  readonly first: number;
  /** RRset AAAA, 0: none. */
  readonly second: number;
}

/** The text that decides a pool's RRsets. */
export function poolSource(service: Service, pool: Pool): string {
  return `${service.kind} ${ttlInForce(service)} ${pool.targets.join(' ')}`;
}

/** Puts a pool's RRsets into the arena: `[first, second]`. Throws ArenaFull. */
export function compilePool(
  compiler: RRsetCompiler,
  owner: Uint8Array,
  service: Service,
  pool: Pool,
): [number, number] {
  const ttl = ttlInForce(service);
  if (service.kind === 'host') {
    const target = nameToWire(pool.targets[0]);
    return [compiler.compileSigned(owner, TYPE.CNAME, ttl, [target]), 0];
  }
  const four: Uint8Array[] = [];
  const six: Uint8Array[] = [];
  for (const target of pool.targets) {
    const bytes = target.includes(':') ? parseIpv6(target) : parseIpv4(target);
    assert(!(bytes instanceof Malformed), 'targets were validated');
    (bytes.length === 4 ? four : six).push(bytes);
  }
  const first = four.length === 0 ? 0 : compiler.compileSigned(owner, TYPE.A, ttl, four);
  const second = six.length === 0 ? 0 : compiler.compileSigned(owner, TYPE.AAAA, ttl, six);
  return [first, second];
}

/**
 * Puts a service's plan into the arena, from its compiled pools. `number`: see serviceNumber. `record`:
 * what a later writer is to know of the service. Throws ArenaFull.
 */
export function compilePlan(
  blocks: Blocks,
  service: Service,
  number: number,
  pools: readonly CompiledPool[],
  record?: Uint8Array,
): number {
  const rules = PLAN.FIRST_POOL + pools.length * POOL.WORDS;
  const recordAt = rules + rulesWords(service);
  const size = recordAt + recordWords(record);
  const plan = blocks.allocate(size);
  const { words } = blocks.view;
  let total = 0;
  pools.forEach((pool, i) => {
    const at = plan + PLAN.FIRST_POOL + i * POOL.WORDS;
    total += service.pools[i].weight;
    words[at + POOL.THRESHOLD] = total;
    words[at + POOL.COUNTER] = pool.counter;
    words[at + POOL.FIRST] = pool.first;
    words[at + POOL.SECOND] = pool.second;
    words[at + POOL.ID] = pool.id;
  });
  assert(total > 0, 'a service with no weight at all was refused');
  words[plan + PLAN.FLAGS] = (service.kind === 'host' ? PLAN_HOST : 0) | (recordAt > rules ? PLAN_BY_NETWORK : 0);
  words[plan + PLAN.TTL] = ttlInForce(service);
  words[plan + PLAN.TOTAL] = total;
  words[plan + PLAN.REJECT_BELOW] = 2 ** 32 % total;
  words[plan + PLAN.POOLS] = pools.length;
  words[plan + PLAN.SERVICE] = number;
  words[plan + PLAN.DRAINING_SINCE] = Math.floor(drainingSinceMs(service) / 1000);
  words[plan + PLAN.WORDS] = size;
  if (recordAt > rules) writeRules(words, plan + rules, service);
  if (record !== undefined) writeRecord(blocks.view, plan, recordAt, record);
  return plan;
}

/** Tells services apart by their names, so that it is the same on every node. Two that have the same harm nobody. */
export function serviceNumber(name: string): number {
  return hashBytes(nameToWire(name));
}

/** Puts RRsets as the model has them into what takes them as the wire has them. */
export function putAll(
  into: {
    put(owner: Uint8Array, type: number, ttlSeconds: number | readonly number[], rdata: readonly Uint8Array[]): void;
  },
  rrsets: Iterable<RRset>,
): void {
  for (const { name, type, ttlSeconds, recordTtlSeconds, rdata } of rrsets) {
    into.put(nameToWire(name), type, recordTtlSeconds ?? ttlSeconds, rdata);
  }
}

/** The RDATA of a zone's SOA (RFC 1035 §3.3.13). */
export function soaRdata(zone: Zone): Uint8Array {
  const primary = nameToWire(zone.primary);
  const mailbox = nameToWire(zone.hostmaster);
  const data = new Uint8Array(primary.length + mailbox.length + 20);
  data.set(primary);
  data.set(mailbox, primary.length);
  const times = new DataView(data.buffer, primary.length + mailbox.length);
  [zone.serial, zone.refreshSeconds, zone.retrySeconds, zone.expireSeconds, zone.negativeTtlSeconds].forEach(
    (value, i) => {
      times.setUint32(4 * i, value);
    },
  );
  return data;
}
