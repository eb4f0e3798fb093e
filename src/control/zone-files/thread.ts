/** The builder thread: one zone file after the other, and between them the sweeping out of what no zone has any more, and of what the log keeps no longer. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { afterMs, listen, tellFault } from '../../guard.ts';
import type { RRset } from '../../model/rrset.ts';
import { Condition } from '../../store/condition.ts';
import { Staging } from '../../store/staging.ts';
import { Arena } from '../../table/memory.ts';
import { Grant, type GrantStore } from '../grant.ts';
import { Builder } from './builder.ts';
import { exportZone } from './exporter.ts';
import {
  type BuilderParts,
  type BuildRequest,
  type ExportReply,
  type ExportRequest,
  failureOf,
  type ListReply,
  type ListRequest,
  type StopRequest,
} from './messages.ts';
import { apexRRsets, writeRRsets } from './rrset-json.ts';

/** Words that this thread takes from the arena at a time: large enough that it and the main thread do not meet. */
const SLAB_WORDS = 16_384;
/** How often to look for rows that no zone has. */
const SWEEP_MS = 2000;
/** And how soon to go on while there are some. */
const SWEEP_NEXT_MS = 10;

function run(port: MessagePort, { table, store }: BuilderParts): void {
  const staging = new Staging(store);
  const builder = new Builder(new Arena(table, SLAB_WORDS), staging);
  listen(port, 'message', 'the builder thread', (request: BuildRequest | ExportRequest | ListRequest | StopRequest) => {
    if (request.kind === 'stop') {
      clearTimeout(sweeping);
      staging.close();
      port.close();
    } else if (request.kind === 'build') {
      const reply = builder.build(request);
      port.postMessage(reply, [...reply.blocks.map(({ offsets }) => offsets.buffer)]);
    } else {
      const reply = request.kind === 'list' ? listNow(staging, request) : exportNow(staging, request);
      port.postMessage(reply, reply.file === undefined ? [] : reply.file.pieces.map(({ buffer }) => buffer));
    }
  });
  let sweeping: NodeJS.Timeout;
  const sweep = (): void => {
    sweeping = afterMs('the sweep', trySweep(staging) ? SWEEP_NEXT_MS : SWEEP_MS, sweep);
  };
  sweep();
}

function exportNow(staging: Staging, { zone }: ExportRequest): ExportReply {
  try {
    // A row that cannot be understood is the store's fault, not that of what is made of it below.
    const snapshot = new Condition().read('a zone', () => staging.snapshot(zone));
    if (snapshot === undefined) return { file: undefined };
    return { file: { revision: snapshot.zone.revision, pieces: exportZone(snapshot) } };
  } catch (error) {
    return { file: undefined, failure: failureOf(error) };
  }
}

/** Which RRsets a token reaches is in its limits alone. */
const noStore: GrantStore = {
  zoneOf: () => undefined,
  zoneAt: () => undefined,
  service: () => undefined,
};

/** Services are no part of it: clients would delete what they did not make. */
function listNow(staging: Staging, { zone, limits }: ListRequest): ListReply {
  try {
    const grant = new Grant(noStore, limits);
    const file = staging.readZone(zone, (found, rrsets) => {
      return { zone: found, pieces: writeRRsets(inReach(grant, [apexRRsets(found), rrsets])) };
    });
    return { file };
  } catch (error) {
    return { file: undefined, failure: failureOf(error) };
  }
}

function* inReach(grant: Grant, parts: readonly Iterable<RRset>[]): Generator<RRset> {
  for (const rrsets of parts) {
    for (const rrset of rrsets) if (grant.rrset(rrset.zone, rrset.name, rrset.type)) yield rrset;
  }
}

/** A store that cannot be written now is swept later. */
function trySweep(staging: Staging): boolean {
  try {
    // One after the other, each a small transaction: a shift comes in between.
    const isForgetting = staging.forget();
    return staging.sweep() || isForgetting;
  } catch (error) {
    // A fault of this program would come again each time, and nothing would ever be swept: it must not be silent.
    if (!failureOf(error).isOfStore) tellFault(error, 'the sweep');
    return false;
  }
}

if (parentPort !== null) run(parentPort, workerData as BuilderParts);
