/** Reads a zone file (RFC 1035 §5) into records, one after another, from its bytes. */
import { ByteWriter } from '../byte-writer.ts';
import { MAX_NAME_BYTES, MAX_TTL_SECONDS, TYPE } from '../constants.ts';
import { Malformed } from '../malformed.ts';
import { readName } from '../name.ts';
import { DURATION_FORM } from '../rdata/number.ts';
import { readRdata } from '../rdata.ts';
import type { Word, Words } from '../words.ts';
import { Entries } from './entries.ts';
import { Fault, type Findings } from './finding.ts';
import { expandWords, type Generation, parseGeneration, rangeCount } from './generate.ts';
import { type Header, parseTtl, readHeader } from './header.ts';

export interface ZoneRecord {
  /** Uncompressed wire name, case as written; records that follow each other with one owner share it. */
  readonly owner: Uint8Array;
  readonly type: number;
  readonly ttlSeconds: number;
  /** Wire form, names uncompressed. */
  readonly rdata: Uint8Array;
  /** The included file, empty for the file that was given. */
  readonly file: string;
  readonly line: number;
}

/** The bytes of the file that `$INCLUDE` names, or in a phrase why they cannot be had. */
export type Include = (path: string) => Uint8Array | string;

export interface ReadOptions {
  /** What relative names belong to until `$ORIGIN` says otherwise: the zone's name, in wire form. */
  readonly origin: Uint8Array;
  /** Without it `$INCLUDE` is refused: a file sent over the network must not name files of the server. */
  readonly include?: Include;
}

/** A file that includes itself would never end. */
const INCLUDE_DEPTH_MAX = 8;

/** All `$GENERATE` lines together: sixteen reverse zones of a /16, where one line of text could make two billion. */
const GENERATED_RECORDS_MAX = 2 ** 20;

/** Owners and RDATA are views into slabs of this size, so that a million records are few allocations. */
const SLAB_BYTES = 65_536;
/** The first slab, which is all that most files need. */
const FIRST_SLAB_BYTES = 4096;

/**
 * The records of the file, in its order. What is wrong goes to `findings`, and reading continues with the next entry,
 * until the findings are full or nothing behind the mistake could be understood.
 */
export function* readZoneFile(bytes: Uint8Array, options: ReadOptions, findings: Findings): Generator<ZoneRecord> {
  const scope = { file: '', depth: 0, origin: options.origin, owner: undefined };
  yield* new Reader(options, findings).read(bytes, scope);
}

/** What lasts for one file: an included one begins with what is around it and changes nothing there (RFC 1035 §5.1). */
interface Scope {
  readonly file: string;
  readonly depth: number;
  readonly entries: Entries;
  origin: Uint8Array;
  /** The last owner; `bad` where it could not be read, and what inherits it is passed over without more complaints. */
  owner: Uint8Array | 'bad' | undefined;
}

class Reader {
  readonly #include: Include | undefined;
  readonly #findings: Findings;
  #slab = new ByteWriter(FIRST_SLAB_BYTES);
  /** TTL of `$TTL` (RFC 2308 §4), for every record that has none of its own. */
  #defaultTtlSeconds: number | undefined;
  /** The last TTL that a record gave, which counts where there is no `$TTL` (RFC 1035 §5.1). */
  #lastTtlSeconds: number | undefined;
  #generated = 0;
  #stopped = false;

  constructor(options: ReadOptions, findings: Findings) {
    this.#include = options.include;
    this.#findings = findings;
  }

  *read(bytes: Uint8Array, around: Omit<Scope, 'entries'>): Generator<ZoneRecord> {
    const entries = new Entries(bytes);
    const { words } = entries;
    const scope: Scope = { ...around, entries };
    while (!this.#stopped && entries.next()) {
      if (entries.malformed) {
        this.#fail(scope, new Fault('syntax_invalid', entries.malformed));
      } else if (!entries.blank && words.at(0).isDirective) {
        yield* this.#directive(words, scope);
      } else {
        const record = this.#record(words, scope);
        if (record) yield record;
      }
    }
  }

  #fail(scope: Scope, { code, malformed }: Fault): undefined {
    const place = scope.entries.locate(malformed.at);
    this.#findings.add({ severity: 'error', code, file: scope.file, ...place, message: malformed.reason });
    this.#stopped ||= this.#findings.full;
  }

  /** Fails where what follows means nothing without what is wrong here. */
  #stop(scope: Scope, fault: Fault): void {
    this.#fail(scope, fault);
    this.#stopped = true;
  }

  #record(words: Words, scope: Scope): ZoneRecord | undefined {
    const inherited = scope.entries.blank;
    if (inherited) {
      if (scope.owner === undefined) {
        scope.owner = 'bad';
        const reason = 'an owner name was expected: no record stands before whose owner could be meant';
        return this.#fail(scope, new Fault('owner_missing', words.at(0).malformed(reason)));
      }
    } else {
      const owner = this.#owner(words.at(0), scope);
      scope.owner = owner instanceof Malformed ? 'bad' : owner;
      if (owner instanceof Malformed) return this.#fail(scope, new Fault('name_invalid', owner));
    }
    if (scope.owner === undefined || scope.owner === 'bad') return undefined;
    const header = readHeader(words, inherited ? 0 : 1);
    if (header instanceof Fault) return this.#fail(scope, header);
    this.#lastTtlSeconds = header.ttlSeconds ?? this.#lastTtlSeconds;
    const record = this.#build(scope, scope.owner, header, words, header.next);
    return record instanceof Fault ? this.#fail(scope, record) : record;
  }

  /** The owner in the slab, or the one before where it is the same. */
  #owner(word: Word, scope: Scope): Uint8Array | Malformed {
    if (word.quoted) return word.malformed(`an owner name has no quotes: ${word.shown}`);
    const slab = this.#room();
    const length = readName(word.source, word.start, word.end, scope.origin, slab.bytes, slab.length);
    if (typeof length !== 'number') return length;
    const owner = slab.bytes.subarray(slab.length, slab.length + length);
    if (scope.owner instanceof Uint8Array && sameBytes(owner, scope.owner)) return scope.owner;
    slab.length += length;
    return owner;
  }

  /** The record whose RDATA are the words from `first` on. */
  #build(scope: Scope, owner: Uint8Array, header: Header, words: Words, first: number): ZoneRecord | Fault {
    const slab = this.#room();
    const start = slab.length;
    const bad = readRdata(header.type, words, first, scope.origin, slab);
    if (bad) return new Fault('rdata_invalid', bad);
    const rdata = slab.bytes.subarray(start, slab.length);
    const ttlSeconds = this.#ttl(header, rdata);
    if (ttlSeconds === undefined) {
      // Said once: every record behind it would say the same. The one whose TTL should count may have been refused.
      this.#lastTtlSeconds = 0;
      if (this.#findings.errors.length > 0) return this.#build(scope, owner, header, words, first);
      const reason = 'a TTL was expected, here or in a $TTL line before: no record before has one';
      return new Fault('ttl_missing', words.at(0).malformed(reason));
    }
    return { owner, type: header.type, ttlSeconds, rdata, file: scope.file, line: scope.entries.line };
  }

  /**
   * The record's own TTL, else that of `$TTL` (RFC 2308 §4), else the last one given (RFC 1035 §5.1), else, for an SOA
   * that comes first, its MINIMUM, which then counts for all, as RFC 1035 §3.3.13 meant it and BIND does.
   */
  #ttl(header: Header, rdata: Uint8Array): number | undefined {
    if (header.ttlSeconds !== undefined) return header.ttlSeconds;
    const ttlSeconds = this.#defaultTtlSeconds ?? this.#lastTtlSeconds;
    if (ttlSeconds !== undefined || header.type !== TYPE.SOA) return ttlSeconds;
    const minimum = new DataView(rdata.buffer, rdata.byteOffset + rdata.length - 4).getUint32(0);
    this.#defaultTtlSeconds = Math.min(minimum, MAX_TTL_SECONDS);
    return this.#defaultTtlSeconds;
  }

  /** A slab with room for the usual record; a long one makes room for itself. */
  #room(): ByteWriter {
    const free = this.#slab.bytes.length - this.#slab.length;
    if (free < 2 * MAX_NAME_BYTES) this.#slab = new ByteWriter(SLAB_BYTES);
    return this.#slab;
  }

  *#directive(words: Words, scope: Scope): Generator<ZoneRecord> {
    const directive = words.at(0);
    const text = directive.text.toUpperCase();
    if (text === '$ORIGIN') this.#setOrigin(words, scope);
    else if (text === '$TTL') this.#setTtl(words, scope);
    else if (text === '$INCLUDE') yield* this.#readIncluded(words, scope);
    else if (text === '$GENERATE') yield* this.#generate(words, scope);
    else {
      const reason = `$ORIGIN, $TTL, $INCLUDE or $GENERATE was expected, not ${directive.shown}`;
      this.#fail(scope, new Fault('directive_invalid', directive.malformed(reason)));
    }
  }

  #setOrigin(words: Words, scope: Scope): void {
    const origin = wrongCount(words, 2, 2, '$ORIGIN name') ?? parseOrigin(words.at(1), scope.origin);
    if (origin instanceof Uint8Array) scope.origin = origin;
    else this.#stop(scope, new Fault('directive_invalid', origin));
  }

  #setTtl(words: Words, scope: Scope): void {
    const ttlSeconds = wrongCount(words, 2, 2, `$TTL ${DURATION_FORM}`) ?? parseTtl(words.at(1));
    if (typeof ttlSeconds === 'number') this.#defaultTtlSeconds = ttlSeconds;
    else this.#fail(scope, new Fault('ttl_invalid', ttlSeconds));
  }

  /** `$INCLUDE file [origin]`: its origin and its last owner end with it (RFC 1035 §5.1), its `$TTL` goes on, as in BIND. */
  *#readIncluded(words: Words, scope: Scope): Generator<ZoneRecord> {
    const wrong = wrongCount(words, 2, 3, '$INCLUDE file [origin]');
    if (wrong) return this.#stop(scope, new Fault('directive_invalid', wrong));
    const origin = words.count === 3 ? parseOrigin(words.at(2), scope.origin) : scope.origin;
    if (origin instanceof Malformed) return this.#stop(scope, new Fault('directive_invalid', origin));
    const path = words.at(1);
    const bytes = this.#included(path.text, scope.depth);
    if (typeof bytes === 'string') {
      return this.#stop(scope, new Fault('include_refused', path.malformed(`${path.shown} is not included: ${bytes}`)));
    }
    yield* this.read(bytes, { file: path.text, depth: scope.depth + 1, origin, owner: scope.owner });
  }

  #included(path: string, depth: number): Uint8Array | string {
    if (!this.#include) return '$INCLUDE is not possible here, put the records into this file';
    if (depth === INCLUDE_DEPTH_MAX) return `files include each other at most ${INCLUDE_DEPTH_MAX} deep`;
    return this.#include(path);
  }

  /** `$GENERATE range owner [TTL] [class] type rdata`; the last owner stays as it was. */
  *#generate(words: Words, scope: Scope): Generator<ZoneRecord> {
    const generation = parseGeneration(words);
    if (generation instanceof Fault) return this.#fail(scope, generation);
    this.#generated += rangeCount(generation.range);
    if (this.#generated > GENERATED_RECORDS_MAX) {
      const reason = `all $GENERATE lines together make at most ${GENERATED_RECORDS_MAX} records`;
      return this.#stop(scope, new Fault('generate_invalid', words.at(1).malformed(reason)));
    }
    const { start, stop, step } = generation.range;
    for (let number = start; number <= stop; number += step) {
      const record = this.#generateOne(generation, number, scope);
      if (!(record instanceof Malformed)) yield record;
      else
        return this.#fail(
          scope,
          new Fault('generate_invalid', words.at(1).malformed(`for ${number}: ${record.reason}`)),
        );
    }
  }

  #generateOne(generation: Generation, number: number, scope: Scope): ZoneRecord | Malformed {
    const ownerWords = expandWords(generation.owner, number);
    if (ownerWords instanceof Malformed) return ownerWords;
    const rdataWords = expandWords(generation.rdata, number);
    if (rdataWords instanceof Malformed) return rdataWords;
    if (ownerWords.count !== 1) return new Malformed('an owner name of one word was expected');
    const owner = this.#owner(ownerWords.at(0), scope);
    if (owner instanceof Malformed) return owner;
    const record = this.#build(scope, owner, generation.header, rdataWords, 0);
    return record instanceof Fault ? record.malformed : record;
  }
}

function wrongCount(words: Words, least: number, most: number, form: string): Malformed | undefined {
  if (words.count >= least && words.count <= most) return undefined;
  const given = words.count - 1;
  return words.at(Math.min(most, given)).malformed(`${form} was expected, not ${given} words behind the directive`);
}

function parseOrigin(word: Word, origin: Uint8Array): Uint8Array | Malformed {
  if (word.quoted) return word.malformed(`an origin has no quotes: ${word.shown}`);
  const wire = new Uint8Array(MAX_NAME_BYTES);
  const length = readName(word.source, word.start, word.end, origin, wire, 0);
  return typeof length === 'number' ? wire.slice(0, length) : length;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
