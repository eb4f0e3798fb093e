/** The reader thread: writes whole zones, as files and as lists, one after the other; an import need not be waited for. */
import { randomInt } from 'node:crypto';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { listen } from '../../guard.ts';
import { nameToWire } from '../../model/name.ts';
import type { RRset } from '../../model/rrset.ts';
import { ZoneContent } from '../../model/zone-content.ts';
import { shown } from '../../shown.ts';
import { lookAtKept } from '../../signing/brought.ts';
import type { SharedStore } from '../../store/staging.ts';
import { type ReadZone, ZoneReads } from '../../store/zone-reads.ts';
import { SigningRefused } from '../../table/rrset-signer.ts';
import { Findings } from '../../wire/zone-file/finding.ts';
import type { ZoneRecord } from '../../wire/zone-file/reader.ts';
import { Grant, type GrantStore } from '../grant.ts';
import { exportZone } from './exporter.ts';
import {
  type DigestReply,
  type DigestRequest,
  type ExportReply,
  type ExportRequest,
  failureOf,
  type KeptReply,
  type KeptRequest,
  type ListReply,
  type ListRequest,
  type StopRequest,
} from './messages.ts';
import { apexRRsets, writeRRsets } from './rrset-json.ts';
import { exportSigned, isSigned, makeDigest } from './signed-export.ts';

/** See model/seeded-hash.ts. */
const SEEDS = 2 ** 32;

function run(port: MessagePort, store: SharedStore): void {
  const reads = new ZoneReads(store);
  const seed = randomInt(SEEDS);
  listen(port, 'message', 'the reader thread', (request: Request) => {
    if (request.kind === 'stop') {
      port.close();
    } else if (request.kind === 'digest') {
      port.postMessage(digestNow(reads, request));
    } else if (request.kind === 'kept') {
      port.postMessage(lookNow(reads, request, seed));
    } else {
      const reply = request.kind === 'list' ? listNow(reads, request) : exportNow(reads, request);
      port.postMessage(reply, reply.file === undefined ? [] : reply.file.pieces.map(({ buffer }) => buffer));
    }
  });
}

type Request = ExportRequest | ListRequest | DigestRequest | KeptRequest | StopRequest;

function digestNow(reads: ZoneReads, { zone, keys }: DigestRequest): DigestReply {
  try {
    return { digest: reads.readWhole(zone, (read) => makeDigest(read, keys)) };
  } catch (error) {
    return error instanceof SigningRefused ? { refused: error.problem.detail } : { failure: failureOf(error) };
  }
}

/** The zone as its file said it. */
function lookNow(reads: ZoneReads, { zone, nowSeconds }: KeptRequest, seed: number): KeptReply {
  try {
    const content = reads.read(zone, (own, rrsets) => {
      const read = new ZoneContent(zone, new Findings(), 0, seed);
      for (const { name, type, ttlSeconds, recordTtlSeconds = [], rdata } of both(apexRRsets(own), rrsets)) {
        const owner = nameToWire(name);
        for (const [i, data] of rdata.entries()) {
          read.add({
            owner,
            type,
            ttlSeconds: recordTtlSeconds[i] ?? ttlSeconds,
            rdata: data,
            file: '',
            line: 0,
          } as ZoneRecord);
        }
      }
      return read;
    });
    return { look: content && lookAtKept(content, nowSeconds) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

function* both(first: Iterable<RRset>, rest: Iterable<RRset>): Generator<RRset> {
  yield* first;
  yield* rest;
}

function exportNow(reads: ZoneReads, { zone, signed }: ExportRequest): ExportReply {
  try {
    return reads.readWhole(zone, (read) => exportWhole(read, signed)) ?? { file: undefined };
  } catch (error) {
    if (error instanceof SigningRefused) {
      return { file: undefined, refused: { code: 'signing_refused', detail: error.problem.detail } };
    }
    return { file: undefined, failure: failureOf(error) };
  }
}

function exportWhole(read: ReadZone, signed: ExportRequest['signed']): ExportReply {
  const { name, revision, zonemd } = read.zone;
  if (signed === undefined) return { file: { revision, pieces: exportZone(read) } };
  if (isSigned(read) || zonemd === true) return { file: { revision, pieces: exportSigned(read, signed) } };
  const detail = `The zone ${shown(name)} is not signed.`;
  return { file: undefined, refused: { code: 'signing_unknown', detail } };
}

/** Which RRsets a token reaches is in its limits alone. */
const noStore: GrantStore = {
  zoneOf: () => undefined,
  zoneAt: () => undefined,
  service: () => undefined,
};

/** Services are no part of it: clients would delete what they did not make. */
function listNow(reads: ZoneReads, { zone: name, limits }: ListRequest): ListReply {
  try {
    const grant = new Grant(noStore, limits);
    const write = (parts: readonly Iterable<RRset>[]) => writeRRsets(inReach(grant, parts));
    const file = reads.read(name, (zone, rrsets) => ({ zone, pieces: write([apexRRsets(zone), rrsets]) }));
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

if (parentPort !== null) run(parentPort, workerData as SharedStore);
