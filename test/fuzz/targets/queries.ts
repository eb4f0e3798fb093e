/** Queries that are nearly right: the names of the rich table and their neighbours, all types, EDNS of every kind. */
import { buildQuery, encodeName } from '../../fixtures/dns-client.ts';
import type { Draw } from '../fuzzer.ts';
import { names } from './rich-table.ts';

const types = [1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 41, 43, 47, 64, 65, 251, 252, 255, 257];
const classes = [1, 1, 1, 1, 1, 1, 3, 4, 254, 255];
/** NSID, ECS, expire, cookie, keepalive, padding, extended error, and one that nobody knows. */
const options = [3, 8, 9, 10, 11, 12, 15, 65001];
/** Lengths that mean something for one of them. */
const optionBytes = [0, 1, 2, 4, 7, 8, 11, 16, 24, 40, 41];

export function generateQuery(draw: Draw): Uint8Array {
  return buildQuery({
    id: draw(0x10000),
    name: nameNear(names[draw(names.length)], draw),
    type: draw(8) === 0 ? draw(0x10000) : types[draw(types.length)],
    class: classes[draw(classes.length)],
    rd: draw(2) === 0,
    ...(draw(2) === 0 ? {} : { edns: ednsOf(draw) }),
  });
}

function ednsOf(draw: Draw) {
  return {
    udpBytes: [0, 511, 512, 513, 1232, 1400, 4096, 65535][draw(8)],
    version: draw(16) === 0 ? 1 + draw(255) : 0,
    do: draw(2) === 0,
    options: Array.from({ length: draw(4) }, () => ({
      code: options[draw(options.length)],
      data: Uint8Array.from({ length: optionBytes[draw(optionBytes.length)] }, () => draw(256)),
    })),
  };
}

/** The name in any case, perhaps with a label more or less. */
function nameNear(text: string, draw: Draw): Uint8Array {
  const wire = encodeName(text === '.' ? '' : text);
  for (let i = 0; i < wire.length; i++) {
    const byte = wire[i];
    if (byte >= 0x61 && byte <= 0x7a && draw(4) === 0) wire[i] = byte - 0x20;
  }
  switch (draw(4)) {
    case 0:
      return Buffer.concat([labelOf(draw), wire]);
    case 1:
      return wire.subarray(wire[0] === 0 ? 0 : 1 + wire[0]);
    default:
      return wire;
  }
}

function labelOf(draw: Draw): Uint8Array {
  const label = ['*', 'www', 'x', '_sip', 'NS', 'q', '', 'l'.repeat(63)][draw(8)];
  const bytes = label === '' ? Uint8Array.from({ length: 1 + draw(10) }, () => draw(256)) : Buffer.from(label);
  return Buffer.concat([Uint8Array.of(bytes.length), bytes]);
}
