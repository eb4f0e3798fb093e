/** Exports a large zone, for a thread whose heap has little room. */
import { parentPort, workerData } from 'node:worker_threads';
import { exportZone } from '../../src/control/zone-files/exporter.ts';
import { exportSigned } from '../../src/control/zone-files/signed-export.ts';
import type { RRset } from '../../src/model/rrset.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { zone } from '../fixtures/table.ts';

export interface Task {
  readonly rrsets: number;
  /** With a digest (ZONEMD). */
  readonly isDigested: boolean;
}

export interface Exported {
  readonly lines: number;
  readonly bytes: number;
  readonly end: string;
}

const LAST_BYTES = 200;

/** Names in the order of their text, two labels below the apex. */
function* rrsetsOf(count: number): Generator<RRset> {
  const rdata = [Uint8Array.of(192, 0, 2, 1)];
  for (let i = 0; i < count; i++) {
    const name = `host-${String(i).padStart(7, '0')}.sub-${i % 7}.test`;
    yield { zone: 'test', name, type: TYPE.A, ttlSeconds: 60, rdata, revision: 1 };
  }
}

function run({ rrsets, isDigested }: Task): Exported {
  const made = zone('test');
  if (made.op !== 'putZone') throw new Error('not a zone');
  const read = {
    zone: { ...made.zone, ...(isDigested && { zonemd: true as const }) },
    services: [],
    rrsets: rrsetsOf(rrsets),
  };
  const pieces = isDigested ? exportSigned(read, { keys: [], nowMs: 0, directory: '' }) : exportZone(read);
  let [lines, bytes] = [0, 0];
  for (const piece of pieces) {
    bytes += piece.length;
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) lines++;
  }
  return {
    lines,
    bytes,
    end: Buffer.from(pieces.at(-1) ?? [])
      .toString('latin1')
      .slice(-LAST_BYTES),
  };
}

parentPort?.postMessage(run(workerData as Task));
