/** A query that was received, and who sent it: one of a batch. */
import { HashedName } from '../table/hash.ts';
import type { Lookup } from '../table/lookup.ts';
import { DROP, Query } from '../wire/message.ts';
import { knownViewOf } from '../wire/word-copy.ts';
import { Client } from './client.ts';

export class Asked {
  readonly question: HashedName;
  readonly query: Query;
  readonly client = new Client();
  /** What the query's reader said of it. */
  parsed = DROP;
  /** The message: its memory, with the view of that if it is one of many messages, and where it starts and ends. */
  request: Uint8Array = new Uint8Array(0);
  view: DataView | undefined;
  start = 0;
  end = 0;

  /** What looking ahead has found of the name: see Lookup.likelyNode. */
  likelyNode = 0;
  likelyNodeIn = 0;
  /** See Lookup.knownCover. */
  knownCover = 0;
  knownCoverIn = 0;

  /** `keys`: of the table that it is to be answered from. */
  constructor(keys: Int32Array) {
    this.question = new HashedName(keys);
    this.query = new Query(this.question.bytes, this.question.starts);
  }

  /** The message is that at `request[start..end)`. */
  take(request: Uint8Array, start: number, end: number): void {
    // Nearly always the same memory: to store it anew each time would cost the collector's barrier.
    if (this.request !== request) {
      this.request = request;
      this.view = knownViewOf(request);
    }
    this.start = start;
    this.end = end;
  }

  /** Reads it, to be answered by `lookup`. */
  read(lookup: Lookup): void {
    const { query, question } = this;
    this.likelyNode = 0;
    this.knownCover = 0;
    this.parsed = query.parse(this.request, this.start, this.end);
    if (!query.hasQuestion) return;
    question.length = query.nameLength;
    question.labels = query.labels;
    lookup.hash(question);
  }
}
