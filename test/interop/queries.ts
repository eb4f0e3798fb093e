/** Seeded queries for names at, below, above and beside everything in the rich zones. */
import { buildQuery, encodeName } from '../fixtures/dns-client.ts';
import { mulberry32 } from '../fixtures/mutate.ts';
import { lines, richZones } from './rich-zones.ts';

export interface GeneratedQuery {
  readonly bytes: Buffer;
  readonly type: number;
  readonly class: number;
  readonly opcode: number;
  readonly edns: { readonly udpBytes: number; readonly version: number; readonly do: boolean } | undefined;
  /** For people: what `dig` would be told. */
  readonly text: string;
}

/** Every type of the registry that has a meaning today, some that never had one, and those of questions only. */
const types = [
  ...[1, 2, 5, 6, 12, 13, 15, 16, 17, 18, 28, 29, 33, 35, 37, 39, 43, 44, 52, 53, 61, 62, 63, 64, 65, 99, 108, 109],
  ...[256, 257, 65280, 0, 3, 10, 11, 24, 25, 30, 46, 47, 48, 50, 51, 59, 60, 254, 255, 65535],
];

/** Bytes of the longest name (RFC 1035 §3.1). */
const NAME_BYTES_MAX = 255;

/** Names in wire form: every owner, and what lies below, above and beside it. */
function names(): Buffer[] {
  const found = new Map<string, Buffer>();
  const add = (wire: Buffer): void => {
    if (wire.length <= NAME_BYTES_MAX) found.set(wire.toString('hex'), wire);
  };
  const below = (label: string, wire: Buffer): Buffer =>
    Buffer.concat([Buffer.from([label.length]), Buffer.from(label), wire]);
  for (const [apex, text] of Object.entries(richZones)) {
    for (const line of lines(text)) {
      const owner = line.split(/\s/)[0];
      const wire = Buffer.from(
        encodeName(owner === '@' ? apex : `${owner}.${apex}`)
          .toString('latin1')
          .toLowerCase(),
        'latin1',
      );
      const parent = wire.subarray(1 + wire[0]);
      const label = wire.subarray(1, 1 + wire[0]).toString('latin1');
      add(wire);
      add(below('x', wire));
      add(below('y', below('x', wire)));
      add(below('*', wire));
      add(below('www', wire));
      add(parent);
      add(below('zz', parent));
      add(
        Buffer.concat([
          Buffer.from([Math.min(63, label.length + 1)]),
          Buffer.from(`${label}0`.slice(0, 63), 'latin1'),
          parent,
        ]),
      );
    }
  }
  for (const outside of ['.', 'test', 'c.test', 'xa.test', 'elsewhere.invalid']) add(encodeName(outside));
  return [...found.values()];
}

/** At least `count` queries: each name with each type, round by round, in ever other dress. */
export function* generate(seed: number, count: number): Generator<GeneratedQuery> {
  const random = mulberry32(seed);
  const draw = (limit: number): number => Math.floor(random() * limit);
  const all = names();
  for (let made = 0; made < count; ) {
    for (const name of all) {
      for (const type of types) {
        made++;
        yield dress(name, type, draw);
      }
    }
  }
}

function dress(name: Buffer, type: number, draw: (limit: number) => number): GeneratedQuery {
  const edns = ednsFields(draw);
  const opcode = draw(400) === 0 ? 1 + draw(15) : 0;
  const klass = draw(200) === 0 ? [3, 4, 254, 255, 0, 77][draw(6)] : 1;
  const flags = draw(4) === 0 ? [0x0100, 0x0010, 0x0020, 0x0130][draw(4)] : 0;
  const bytes = buildQuery({ name: mixedCase(name, draw), type, class: klass, opcode, flags, ...(edns && { edns }) });
  const ednsText =
    edns === undefined ? '' : ` edns ${JSON.stringify({ ...edns, options: edns.options.map(({ code }) => code) })}`;
  return {
    bytes,
    type,
    class: klass,
    opcode,
    edns,
    text: `${JSON.stringify(name.toString('latin1'))} type ${type} class ${klass} opcode ${opcode} flags ${flags.toString(16)}${ednsText}`,
  };
}

function ednsFields(draw: (limit: number) => number) {
  if (draw(3) === 0) return undefined;
  const udpBytes = [0, 512, 600, 800, 1232, 1400, 4096, 65535, 512 + draw(800)][draw(9)];
  const options = [[], [], [{ code: 65001, data: Buffer.from('unknown') }], [{ code: 3, data: Buffer.alloc(0) }]][
    draw(4)
  ];
  return { udpBytes, version: draw(100) === 0 ? 1 + draw(254) : 0, do: draw(2) === 0, options };
}

/** Letters of the labels in random case (draft-vixie-dnsext-dns0x20). */
function mixedCase(name: Buffer, draw: (limit: number) => number): Buffer {
  const mixed = Buffer.from(name);
  for (let at = 0; mixed[at] !== 0; at += 1 + mixed[at]) {
    for (let i = at + 1; i <= at + mixed[at]; i++)
      if (mixed[i] >= 0x61 && mixed[i] <= 0x7a && draw(2) === 0) mixed[i] ^= 0x20;
  }
  return mixed;
}
