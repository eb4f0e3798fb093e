/** From the model to prepared bytes: an RRset as it goes on the wire, a service as a plan. */

import assert from 'node:assert/strict';
import { nameToWire } from '../model/name.ts';
import { drainingSinceMs, type Pool, type Service, ttlInForce } from '../model/service.ts';
import type { Zone } from '../model/zone.ts';
import { CLASS, TYPE } from '../wire/constants.ts';
import { Malformed } from '../wire/malformed.ts';
import { lowerName, nameLength } from '../wire/name.ts';
import { compressibleNames, parseIpv4, parseIpv6 } from '../wire/rdata.ts';
import { PLAN, PLAN_BY_NETWORK, PLAN_HOST, POOL, RRSET } from './layout.ts';
import type { Blocks } from './memory.ts';
import { rulesWords, writeRules } from './picking/rules.ts';

/** Bytes of a message's header: the question's name, and so the owner of most answers, starts behind it. */
const OWNER_POSITION = 12;
/** Owner pointer, type, class, TTL and RDLENGTH (RFC 1035 §3.2.1). */
const RECORD_HEADER_BYTES = 12;

interface Fixup {
  /** Where in the records' bytes the pointer stands. */
  readonly position: number;
  /** Which byte of the owner's name it points to. */
  readonly suffix: number;
}

/**
 * Puts an RRset into the arena. Each record's owner is a pointer to the question's name, and names in the data are
 * compressed against the owner (RFC 1035 §4.1.4), both as if the owner were the question: then answering is a copy.
 * Where the owner stands elsewhere in a reply, the fixups say what to change. `ttlSeconds`: of all records, or of each.
 * Throws ArenaFull.
 */
export function compileRRset(
  blocks: Blocks,
  owner: Uint8Array,
  type: number,
  ttlSeconds: number | readonly number[],
  rdata: readonly Uint8Array[],
): number {
  const fixups: Fixup[] = [];
  const bytes: number[] = [];
  const lengths = new Set<number>();
  for (const [i, data] of rdata.entries()) {
    const start = bytes.length;
    const ttl = typeof ttlSeconds === 'number' ? ttlSeconds : ttlSeconds[i];
    bytes.push(0xc0, OWNER_POSITION, type >> 8, type & 0xff, 0, CLASS.IN);
    bytes.push(ttl >>> 24, (ttl >>> 16) & 0xff, (ttl >>> 8) & 0xff, ttl & 0xff, 0, 0);
    appendCompressed(bytes, data, compressibleNames(type, data), owner, fixups);
    const length = bytes.length - start - RECORD_HEADER_BYTES;
    bytes[start + RECORD_HEADER_BYTES - 2] = length >> 8;
    bytes[start + RECORD_HEADER_BYTES - 1] = length & 0xff;
    lengths.add(bytes.length - start);
  }
  const target = type === TYPE.CNAME || type === TYPE.DNAME ? lowerName(rdata[0]) : undefined;
  const size = RRSET.DATA + fixups.length + Math.ceil((bytes.length + (target?.length ?? 0)) / 4);
  const offset = blocks.allocate(size);
  const { words, bytes: memory } = blocks.view;
  words[offset + RRSET.COUNT] = rdata.length;
  words[offset + RRSET.LENGTH] = bytes.length;
  words[offset + RRSET.STRIDE] = lengths.size === 1 ? bytes.length / rdata.length : 0;
  words[offset + RRSET.FIXUPS] = fixups.length;
  words[offset + RRSET.TARGET] = target === undefined ? 0 : bytes.length;
  words[offset + RRSET.WORDS] = size;
  fixups.forEach((fixup, i) => {
    words[offset + RRSET.DATA + i] = (fixup.position << 8) | fixup.suffix;
  });
  const first = (offset + RRSET.DATA + fixups.length) * 4;
  memory.set(bytes, first);
  if (target !== undefined) memory.set(target, first + bytes.length);
  return offset;
}

function appendCompressed(
  out: number[],
  data: Uint8Array,
  names: readonly number[],
  owner: Uint8Array,
  fixups: Fixup[],
): void {
  let copied = 0;
  for (const start of names) {
    for (; copied < start; copied++) out.push(data[copied]);
    const length = nameLength(data, start);
    const { keep, suffix } = sharedSuffix(data.subarray(start, start + length), owner);
    for (; copied < start + keep; copied++) out.push(data[copied]);
    if (suffix < 0) continue;
    fixups.push({ position: out.length, suffix });
    out.push(0xc0 | ((OWNER_POSITION + suffix) >> 8), (OWNER_POSITION + suffix) & 0xff);
    copied = start + length;
  }
  for (; copied < data.length; copied++) out.push(data[copied]);
}

/**
 * How many bytes of `name` to keep before the longest suffix that it shares with `owner`, and where in the owner's
 * name that suffix starts (-1: only the root is shared). A wildcard's first label never stands in a reply.
 */
function sharedSuffix(name: Uint8Array, owner: Uint8Array): { keep: number; suffix: number } {
  const lowered = lowerName(name);
  const first = owner[0] === 1 && owner[1] === 0x2a ? 2 : 0;
  for (let keep = 0; lowered[keep] !== 0; keep += 1 + lowered[keep]) {
    for (let suffix = first; owner[suffix] !== 0; suffix += 1 + owner[suffix]) {
      if (sameTail(lowered, keep, owner, suffix)) return { keep, suffix };
    }
  }
  return { keep: name.length, suffix: -1 };
}

function sameTail(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): boolean {
  if (a.length - aStart !== b.length - bStart) return false;
  for (let i = 0; aStart + i < a.length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

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
export function compilePool(blocks: Blocks, owner: Uint8Array, service: Service, pool: Pool): [number, number] {
  const ttl = ttlInForce(service);
  if (service.kind === 'host') {
    const target = nameToWire(pool.targets[0]);
    return [compileRRset(blocks, owner, TYPE.CNAME, ttl, [target]), 0];
  }
  const four: Uint8Array[] = [];
  const six: Uint8Array[] = [];
  for (const target of pool.targets) {
    const bytes = target.includes(':') ? parseIpv6(target) : parseIpv4(target);
    assert(!(bytes instanceof Malformed), 'targets were validated');
    (bytes.length === 4 ? four : six).push(bytes);
  }
  const first = four.length === 0 ? 0 : compileRRset(blocks, owner, TYPE.A, ttl, four);
  const second = six.length === 0 ? 0 : compileRRset(blocks, owner, TYPE.AAAA, ttl, six);
  return [first, second];
}

/** Puts a service's plan into the arena, from its compiled pools. `id`: a number that no other service has had. Throws ArenaFull. */
export function compilePlan(blocks: Blocks, service: Service, id: number, pools: readonly CompiledPool[]): number {
  const rules = PLAN.FIRST_POOL + pools.length * POOL.WORDS;
  const size = rules + rulesWords(service);
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
  words[plan + PLAN.FLAGS] = (service.kind === 'host' ? PLAN_HOST : 0) | (size > rules ? PLAN_BY_NETWORK : 0);
  words[plan + PLAN.TTL] = ttlInForce(service);
  words[plan + PLAN.TOTAL] = total;
  words[plan + PLAN.REJECT_BELOW] = 2 ** 32 % total;
  words[plan + PLAN.POOLS] = pools.length;
  words[plan + PLAN.SERVICE] = id;
  words[plan + PLAN.DRAINING_SINCE] = Math.floor(drainingSinceMs(service) / 1000);
  words[plan + PLAN.WORDS] = size;
  if (size > rules) writeRules(words, plan + rules, service);
  return plan;
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
