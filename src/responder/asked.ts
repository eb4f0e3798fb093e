/** A query that was received, and who sent it: one of a batch. */
import { HashedName } from '../table/hash.ts';
import type { Lookup } from '../table/lookup.ts';
import { DROP, Query } from '../wire/message.ts';
import { Client } from './client.ts';

export class Asked {
  readonly question = new HashedName();
  readonly query = new Query(this.question.bytes, this.question.starts);
  readonly client = new Client();
  /** What the query's reader said of it. */
  parsed = DROP;
  /** The message, and where it starts. */
  request: Uint8Array = new Uint8Array(0);
  start = 0;

  /** What looking ahead has found of the name: see Lookup.likelyNode. */
  likelyNode = 0;
  likelyNodeIn = 0;
  /** See Lookup.knownCover. */
  knownCover = 0;
  knownCoverIn = 0;

  /** Reads the message at `request[start..end)`, to be answered by `lookup`. */
  read(request: Uint8Array, start: number, end: number, lookup: Lookup): void {
    const { query, question } = this;
    // Nearly always the same memory: to store it anew each time would cost the collector's barrier.
    if (this.request !== request) this.request = request;
    this.start = start;
    this.likelyNode = 0;
    this.knownCover = 0;
    this.parsed = query.parse(request, start, end);
    if (!query.hasQuestion) return;
    question.length = query.nameLength;
    question.labels = query.labels;
    lookup.hash(question);
  }
}
