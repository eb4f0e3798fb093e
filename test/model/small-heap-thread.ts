/** Reads, checks and packs a large zone of one shape, for a thread whose heap has little room. */
import { parentPort, workerData } from 'node:worker_threads';
import { readZone } from '../../src/model/zone-check.ts';

const HEAD = '$TTL 300\n@ SOA ns1 hostmaster 1 7200 3600 1209600 60\n@ NS ns1\nns1 A 192.0.2.1\n';
const PIECE_LINES = 1000;
const SIGNATURE = '13 3 300 20300101000000 20200101000000 1 big.test. AAAA';

/** The line, or lines, of record `i`. */
const shapes = {
  delegations: (i: number) => `d${i} NS ns1.host${i % 1000}.net.\nd${i} NS ns2.host${i % 1000}.net.`,
  'delegations with glue': (i: number) => `d${i} NS ns.d${i}\nns.d${i} A 192.0.2.2`,
  'delegations without the glue that they need': (i: number) => `d${i} NS ns.d${i}`,
  'names with DNAME': (i: number) => `d${i} DNAME d${i}.example.`,
  wildcards: (i: number) => `*.w${i} CNAME ns1`,
  'RRsets of twenty records': (i: number) => `t${Math.floor(i / 20)} TXT "${'text '.repeat(6)}${i}"`,
  'records that are there twice': (i: number) => `n${i} 60 TXT a\nn${i} 30 TXT a`,
  'names four labels deep': (i: number) => `a.b${i}.c.d${i} TXT x`,
  'signatures with TTLs of their own': (i: number) =>
    `s${i} ${i + 1} RRSIG A ${SIGNATURE}\ns${i} ${i + 2} RRSIG TXT ${SIGNATURE}`,
} as const;
export type Shape = keyof typeof shapes;
export const SHAPES = Object.keys(shapes) as Shape[];

export interface Task {
  readonly shape: Shape;
  readonly records: number;
}

export interface Reading {
  readonly rrsets: number;
  readonly packedBytes: number;
  /** Codes of errors and warnings, each once. */
  readonly codes: readonly string[];
  readonly findings: number;
}

function read({ shape, records }: Task): Reading {
  const { content, findings } = readZone('big.test', zoneText(shape, records));
  let packedBytes = 0;
  for (const piece of content.packed(() => false)) packedBytes += piece.length;
  const { errors, warnings, moreErrors, moreWarnings } = findings;
  const all = [...errors, ...warnings];
  const codes = [...new Set(all.map(({ code }) => code))];
  return { rrsets: content.rrsetCount, packedBytes, codes, findings: all.length + moreErrors + moreWarnings };
}

/** In pieces, so that what writing it takes of the heap is not taken for what reading takes. */
function zoneText(shape: Shape, records: number): Buffer {
  const pieces = [Buffer.from(HEAD)];
  for (let from = 0; from < records; from += PIECE_LINES) {
    const lines = Array.from({ length: Math.min(PIECE_LINES, records - from) }, (_, i) => shapes[shape](from + i));
    pieces.push(Buffer.from(`${lines.join('\n')}\n`));
  }
  return Buffer.concat(pieces);
}

parentPort?.postMessage(read(workerData as Task));
