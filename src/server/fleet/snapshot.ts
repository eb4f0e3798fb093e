/** Copies of a node's store in etcd: where a new node begins, and what lets old entries be forgotten. */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';
import { createGunzip, createGzip } from 'node:zlib';
import { type Keeper, Lost } from '../../control/log/keeper.ts';
import { listenOnce } from '../../guard.ts';
import { VALUE_MAX_BYTES } from '../../model/fleet/envelope.ts';
import { SNAPSHOT_KEY, snapshotKey } from '../../model/fleet/keys.ts';
import { encodeRecord, isWhole, parseRecord, Unreadable } from '../../model/fleet/records.ts';
import { type Compare, reading } from '../../model/fleet/transaction.ts';

/** What stands under `snapshot`: the last one that is whole. */
export interface SnapshotPointer {
  readonly revision: number;
  readonly chunks: number;
  /** Of all chunks, one after the other. */
  readonly sha256: string;
  /** The revision of the one before it, which is kept too. */
  readonly previous?: number;
}

/** How often a chunk is tried that had no reply. */
const TRIES = 5;

/** A snapshot whose chunks are there. Who points at it compares that they are still its own. */
interface Uploaded {
  readonly pointer: SnapshotPointer;
  readonly isOurs: Compare;
}

/**
 * Puts the chunks of a copy of the store, as of some revision not before this moment. Who points at them is the caller's.
 * Two nodes may do so at once, and their copies of one revision differ: the chunks belong to who put the first of them
 * last, while `ground` holds. Who is overtaken puts no more.
 */
export async function uploadSnapshot(
  keeper: Keeper,
  directory: string,
  ground: readonly Compare[],
): Promise<Uploaded | Lost | 'overtaken'> {
  const file = join(directory, `snapshot-${randomUUID()}.db`);
  try {
    const revision = await copyAside(directory, file);
    const hash = createHash('sha256');
    let chunks = 0;
    let isOurs: Compare | undefined;
    for await (const chunk of inPieces(createReadStream(file).pipe(createGzip()))) {
      hash.update(chunk);
      const put = { key: snapshotKey(revision, chunks++), value: chunk };
      const compares = isOurs === undefined ? ground : [isOurs];
      const reply = await tryOften(() => keeper.transact({ compares, puts: [put], reads: [], otherwise: [] }));
      if (reply instanceof Lost) return reply;
      if (!reply.succeeded) return 'overtaken';
      isOurs ??= { key: put.key, changedAt: reply.at };
    }
    assert(isOurs !== undefined, 'a store is some bytes at least');
    return { pointer: { revision, chunks, sha256: hash.digest('hex') }, isOurs };
  } finally {
    rmSync(file, { force: true });
  }
}

const thread = new URL(
  import.meta.url.endsWith('.ts') ? './snapshot-thread.ts' : './snapshot-thread.js',
  import.meta.url,
);
const WHAT = 'the copy for a snapshot';

/** The revision that the copy is of. Rejects where it cannot be had. */
function copyAside(directory: string, file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(thread, { workerData: { directory, file }, name: 'teal-snapshot' });
    listenOnce(worker, 'message', WHAT, resolve);
    listenOnce(worker, 'error', WHAT, reject);
    listenOnce(worker, 'exit', WHAT, (code: number) => reject(new Error(`it ended with ${code}`)));
  });
}

export function encodePointer(pointer: SnapshotPointer): Uint8Array {
  return encodeRecord(pointer);
}

/** Writes the last snapshot into a file. A text: why that cannot be. */
export async function downloadSnapshot(keeper: Keeper, file: string): Promise<SnapshotPointer | string> {
  const reply = await tryOften(() => keeper.transact(reading([{ key: SNAPSHOT_KEY }])));
  if (reply instanceof Lost) return reply.words;
  const pointer = parsePointer(reply.found[0]?.value);
  if (typeof pointer === 'string') return pointer;
  const hash = createHash('sha256');
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let n = 0; n < (pointer as SnapshotPointer).chunks; n++) {
      const key = snapshotKey((pointer as SnapshotPointer).revision, n);
      const read = await tryOften(() => keeper.transact(reading([{ key }])));
      if (read instanceof Lost) throw new Error(read.words);
      const value = read.found[0]?.value;
      if (value === undefined) throw new Error(`${key} is not there`);
      hash.update(value);
      yield value;
    }
  }
  try {
    await pipeline(Readable.from(chunks()), createGunzip(), createWriteStream(file, { mode: 0o600 }));
  } catch (error) {
    return `the snapshot cannot be read: ${(error as Error).message}`;
  }
  return hash.digest('hex') === pointer.sha256 ? pointer : 'the snapshot has chunks that are not those of its hash';
}

export function parsePointer(value: Uint8Array | undefined): SnapshotPointer | string {
  if (value === undefined) return 'the fleet has no snapshot';
  const record = parseRecord(value);
  if (record instanceof Unreadable) return `the record of the snapshot ${record.words}`;
  const { revision, chunks, sha256, previous } = record;
  if (!isWhole(revision) || !isWhole(chunks) || typeof sha256 !== 'string') return 'the record of the snapshot is none';
  return { revision, chunks, sha256, ...(isWhole(previous) && { previous }) };
}

/** Members of etcd may change their leader meanwhile. */
async function tryOften<Reply>(ask: () => Promise<Reply | Lost>): Promise<Reply | Lost> {
  let reply = await ask();
  for (let n = 1; n < TRIES && reply instanceof Lost; n++) reply = await ask();
  return reply;
}

/** The bytes of a stream in pieces that fit a value. */
async function* inPieces(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < VALUE_MAX_BYTES) continue;
    const whole = Buffer.concat(held);
    let at = 0;
    for (; at + VALUE_MAX_BYTES <= whole.length; at += VALUE_MAX_BYTES) yield whole.subarray(at, at + VALUE_MAX_BYTES);
    held = [whole.subarray(at)];
    bytes = whole.length - at;
  }
  const rest = Buffer.concat(held);
  if (rest.length > 0) yield rest;
}
