/** The rules of a plan that look at the client's network (sticky, pins), compiled into words behind its pools. */
import assert from 'node:assert/strict';
import type { Service } from '../../model/service.ts';
import { IPV4_BYTES } from '../../wire/address.ts';
import { Malformed } from '../../wire/malformed.ts';
import { type Network, parseNetwork } from '../../wire/network.ts';
import { hashBytes } from '../hash.ts';
import { PIN, PLAN, POOL, RULES } from '../layout.ts';

const utf8 = new TextEncoder();

/** Words of the rules of a service; 0: the client's network makes no difference to it. */
export function rulesWords(service: Service): number {
  const inForce = pinsOf(service);
  if (!isSticky(service) && inForce.length === 0) return 0;
  const pins = inForce.map(({ network }) => PIN.ADDRESS + networkOf(network).bytes.length / 4);
  return pins.reduce((sum, words) => sum + words, RULES.SEEDS + service.pools.length);
}

/** A client that is pinned to an unhealthy pool gets what everybody else gets. */
function pinsOf({ pins, pools }: Service): Service['pins'] {
  return pins.filter(({ pool }) => !pools.some(({ name, isUnhealthy }) => name === pool && isUnhealthy));
}

/** With all weight on one pool there is nothing to pick, and answers that are the same for all may be cached as such. */
function isSticky({ pick, pools }: Service): boolean {
  return pick === 'sticky' && pools.filter(({ weight }) => weight > 0).length > 1;
}

/** Writes the rules of a service at `rules`, where its plan's pools end. */
export function writeRules(words: Int32Array, rules: number, service: Service): void {
  const { salt, pools } = service;
  const pins = pinsOf(service);
  for (let i = 0; i < 4; i++) {
    const bytes = salt.slice(8 * i, 8 * i + 8).match(/../g) as string[];
    // Little-endian, as SipHash reads its key.
    words[rules + RULES.SALT + i] = Number.parseInt(bytes.reverse().join(''), 16) | 0;
  }
  words[rules + RULES.STICKY] = isSticky(service) ? 1 : 0;
  pools.forEach((pool, i) => {
    words[rules + RULES.SEEDS + i] = seedOf(pool.name);
  });
  const placeOf = (name: string): number => {
    const place = pools.findIndex((pool) => pool.name === name);
    assert(place >= 0, 'a pin names a pool of its service');
    return PLAN.FIRST_POOL + place * POOL.WORDS;
  };
  const compiled = pins.map(({ network, pool }) => ({ network: networkOf(network), place: placeOf(pool) }));
  const four = compiled.filter(({ network }) => network.bytes.length === IPV4_BYTES);
  const six = compiled.filter(({ network }) => network.bytes.length !== IPV4_BYTES);
  words[rules + RULES.PINS_IPV4] = four.length;
  words[rules + RULES.PINS_IPV6] = six.length;
  let at = rules + RULES.SEEDS + pools.length;
  for (const { network, place } of [...four, ...six]) {
    words[at + PIN.LENGTH] = network.prefixLength;
    words[at + PIN.POOL] = place;
    const { buffer, byteOffset, length } = network.bytes;
    const address = new DataView(buffer, byteOffset, length);
    for (let i = 0; i < length; i += 4) words[at + PIN.ADDRESS + i / 4] = address.getInt32(i);
    at += PIN.ADDRESS + length / 4;
  }
}

/** A pool is known to the hash by its name alone, so that the others do not matter to it, nor their order. */
function seedOf(pool: string): number {
  return hashBytes(Uint8Array.of(pool.length, ...utf8.encode(pool)));
}

function networkOf(text: string): Network {
  const network = parseNetwork(text);
  assert(!(network instanceof Malformed), 'pins were validated');
  return network;
}
