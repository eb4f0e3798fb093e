/** Seeded queries with DO for names at, below, above and beside everything in signed zones, and near the ends of their chains. */
import { buildQuery, encodeName } from '../../fixtures/dns-client.ts';
import { mulberry32 } from '../../fixtures/mutate.ts';
import type { SignedZone } from './zones.ts';

export interface SignedQuery {
  readonly bytes: Buffer;
  /** Lower-case wire form. */
  readonly name: Buffer;
  readonly type: number;
  readonly text: string;
}

const types = [
  ...[1, 28, 16, 15, 2, 6, 5, 39, 43, 48, 46, 47, 50, 51, 255],
  ...[13, 33, 65280, 99, 257, 59, 60, 65535],
];
const NAME_BYTES_MAX = 255;
/** What peers send over UDP at most, so that nothing is cut. */
const UDP_BYTES = 4096;

function label(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

/** Owners, and what lies below, above, beside them, right before and right behind them. */
function namesOf({ apex, owners }: SignedZone): Buffer[] {
  const found = new Map<string, Buffer>();
  const zone = encodeName(apex);
  const add = (...parts: Buffer[]): void => {
    const wire = Buffer.concat(parts);
    if (wire.length <= NAME_BYTES_MAX) found.set(wire.toString('latin1'), wire);
  };
  for (const owner of owners) {
    const wire = encodeName(owner === '@' ? apex : `${owner}.${apex}`);
    const first = wire.subarray(1, 1 + (wire[0] as number));
    const parent = wire.subarray(1 + first.length);
    add(wire);
    for (const below of ['x', '*', '\0', 'zz', 'www']) add(label(Buffer.from(below)), wire);
    add(label(Buffer.from('y')), label(Buffer.from('x')), wire);
    if (owner === '@') continue;
    for (let above = parent; above.length >= zone.length; above = above.subarray(1 + (above[0] as number))) add(above);
    const last = first.at(-1) as number;
    const changed = (by: number): Buffer => Buffer.concat([first.subarray(0, -1), Buffer.of((last + by) & 0xff)]);
    add(label(changed(1)), parent);
    add(label(changed(-1)), parent);
    add(label(Buffer.concat([first, Buffer.of(0)]).subarray(0, 63)), parent);
  }
  for (const end of ['\0', '-', '0', 'zzzz', '\xff']) add(label(Buffer.from(end, 'latin1')), zone);
  return [...found.values()];
}

/** Names of random letters, whose hashes fall anywhere in the chain. */
function* strangers(zones: readonly SignedZone[], random: () => number): Generator<Buffer> {
  for (;;) {
    const { apex, owners } = zones[Math.floor(random() * zones.length)] as SignedZone;
    const text = Math.floor(random() * 2 ** 40).toString(36);
    const under = random() < 0.5 ? '' : `${owners[Math.floor(random() * owners.length)]}.`.replace('@.', '');
    const wire = encodeName(`${text}.${under}${apex}`);
    if (wire.length <= NAME_BYTES_MAX) yield wire;
  }
}

/** So many queries: each name with each type in a drawn order, then strangers, in mixed case. */
export function* generate(zones: readonly SignedZone[], seed: number, count: number): Generator<SignedQuery> {
  const random = mulberry32(seed);
  const names = zones.flatMap(namesOf);
  const cases = names.flatMap((name) => types.map((type) => ({ name, type })));
  for (let i = cases.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [cases[i], cases[j]] = [cases[j] as (typeof cases)[0], cases[i] as (typeof cases)[0]];
  }
  const others = strangers(zones, random);
  for (let made = 0; made < count; made++) {
    // One in four asks for a name that nobody thought of.
    const known = made % 4 === 3 ? undefined : cases[(made - (made >> 2)) % cases.length];
    const name = known?.name ?? (others.next().value as Buffer);
    const type = known?.type ?? (types[Math.floor(random() * 8)] as number);
    const lower = Buffer.from(
      name.toString('latin1').replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
      'latin1',
    );
    const bytes = buildQuery({ name: mixedCase(lower, random), type, edns: { do: true, udpBytes: UDP_BYTES } });
    yield { bytes, name: lower, type, text: `${JSON.stringify(lower.toString('latin1'))} type ${type}` };
  }
}

function mixedCase(name: Buffer, random: () => number): Buffer {
  const mixed = Buffer.from(name);
  for (let at = 0; mixed[at] !== 0; at += 1 + (mixed[at] as number)) {
    for (let i = at + 1; i <= at + (mixed[at] as number); i++) {
      const byte = mixed[i] as number;
      if (byte >= 0x61 && byte <= 0x7a && random() < 0.5) mixed[i] = byte ^ 0x20;
    }
  }
  return mixed;
}
