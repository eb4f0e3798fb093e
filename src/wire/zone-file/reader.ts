/** Reads a zone file (RFC 1035 §5) into records, one after another, from its bytes. */
import { MAX_NAME_BYTES } from '../constants.ts';
import { Malformed } from '../malformed.ts';
import { readName } from '../name.ts';
import { DURATION_FORM } from '../rdata/number.ts';
import type { Word, Words } from '../words.ts';
import { Entries } from './entries.ts';
import { type DoubtCode, Fault, type Findings, LeftOut } from './finding.ts';
import { expandWords, type Generation, parseGeneration, rangeCount } from './generate.ts';
import { type Header, parseTtl, readHeader } from './header.ts';
import { whyNotText } from './not-text.ts';
import { PlainReader, type PlainRecord } from './plain.ts';
import { endOfLine, NOT_PLAIN } from './plain-line.ts';
import { typographicQuotes } from './quotes.ts';
import { RecordMaker, type ZoneRecord } from './record.ts';

export type { ZoneRecord } from './record.ts';

/** The bytes of the file that `$INCLUDE` names, or in a phrase why they cannot be had. */
export type Include = (path: string) => Uint8Array | string;

interface ReadOptions {
  /** What relative names belong to until `$ORIGIN` says otherwise: the zone's name, in wire form. */
  readonly origin: Uint8Array;
  /** Without it `$INCLUDE` is refused: a file sent over the network must not name files of the server. */
  readonly include?: Include;
  /**
   * Takes what is written plainly, at its place among the others, which are yielded, and says into which record the next one
   * is read; this one, where it is done with it. Undefined: it would rather have this one as the others.
   */
  readonly takePlain?: (record: PlainRecord) => PlainRecord | undefined;
  /** Called after some of those, before anything else is yielded or found. */
  readonly afterPlain?: () => void;
}

/** A file that includes itself would never end; one that does so many times would multiply with each depth. */
const INCLUDE_DEPTH_MAX = 8;
const INCLUDED_FILES_MAX = 1000;

/** All `$GENERATE` lines together: sixteen reverse zones of a /16, where one line of text could make two billion. */
const GENERATED_RECORDS_MAX = 2 ** 20;

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
  readonly #records = new RecordMaker();
  readonly #takePlain: ReadOptions['takePlain'];
  readonly #afterPlain: ReadOptions['afterPlain'];
  readonly #plain = new PlainReader();
  #included = 0;
  #generated = 0;
  #stopped = false;
  #hasLeftOut = false;

  constructor(options: ReadOptions, findings: Findings) {
    this.#include = options.include;
    this.#takePlain = options.takePlain;
    this.#afterPlain = options.afterPlain;
    this.#findings = findings;
  }

  *read(bytes: Uint8Array, around: Omit<Scope, 'entries'>): Generator<ZoneRecord> {
    const message = whyNotText(bytes);
    if (message !== undefined) {
      const { file } = around;
      this.#findings.add({ severity: 'error', code: 'syntax_invalid', file, line: 1, column: 1, message });
      this.#stopped ||= this.#findings.full;
      return;
    }
    const entries = new Entries(bytes);
    const { words } = entries;
    const scope: Scope = { ...around, entries };
    while (!this.#stopped) {
      this.#readPlain(bytes, scope);
      if (!entries.next()) return;
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

  /** As many lines as can be. */
  #readPlain(bytes: Uint8Array, scope: Scope): void {
    const take = this.#takePlain;
    if (take === undefined) return;
    const plain = this.#plain;
    const { entries, file } = scope;
    plain.begin(scope.origin);
    let { at } = entries;
    let lines = 0;
    while (at < bytes.length) {
      let next = isEmptyLine(bytes[at]) ? endOfLine(bytes, at) : NOT_PLAIN;
      if (next < 0) {
        next = plain.read(bytes, at, this.#records);
        if (next < 0) break;
        const { record } = plain;
        record.file = file;
        record.line = entries.nextLine + lines;
        const free = take(record);
        if (free === undefined) break;
        plain.take(this.#records, free);
      }
      at = next;
      lines++;
    }
    this.#afterPlain?.();
    entries.moveTo(at, lines);
    scope.owner = plain.lastOwner ?? scope.owner;
  }

  #fail(scope: Scope, { code, malformed }: Fault): undefined {
    const place = scope.entries.locate(malformed.at);
    this.#findings.add({ severity: 'error', code, file: scope.file, ...place, message: malformed.reason });
    this.#stopped ||= this.#findings.full;
  }

  /** Said once: a transfer has one in each of its messages. */
  #leaveOut(scope: Scope, { malformed }: LeftOut): undefined {
    if (!this.#hasLeftOut) this.#warn(scope, 'record_of_message', malformed);
    this.#hasLeftOut = true;
  }

  #warn(scope: Scope, code: DoubtCode, { at, reason }: Malformed): undefined {
    const place = scope.entries.locate(at);
    this.#findings.add({ severity: 'warning', code, file: scope.file, ...place, message: reason });
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
    if (header instanceof LeftOut) return this.#leaveOut(scope, header);
    this.#records.lastTtlSeconds = header.ttlSeconds ?? this.#records.lastTtlSeconds;
    const record = this.#make(scope, scope.owner, header, words, header.next);
    if (record instanceof Fault) return this.#fail(scope, record);
    const quotes = typographicQuotes(words, header.next);
    if (quotes) this.#warn(scope, 'quotes_typographic', quotes);
    return record;
  }

  #owner(word: Word, scope: Scope): Uint8Array | Malformed {
    return this.#records.owner(word, scope.origin, scope.owner === 'bad' ? undefined : scope.owner);
  }

  #make(scope: Scope, owner: Uint8Array, header: Header, words: Words, first: number): ZoneRecord | Fault {
    const rdata = this.#records.rdata(header.type, words, first, scope.origin);
    if (rdata instanceof Malformed) return new Fault('rdata_invalid', rdata);
    const ttlSeconds = this.#records.ttl(header, rdata) ?? this.#missingTtl(words);
    if (ttlSeconds instanceof Fault) return ttlSeconds;
    return { owner, type: header.type, ttlSeconds, rdata, file: scope.file, line: scope.entries.line };
  }

  /** Said once: every record behind it would say the same. The one whose TTL should count may have been refused. */
  #missingTtl(words: Words): number | Fault {
    this.#records.lastTtlSeconds = 0;
    if (this.#findings.errors.length > 0) return 0;
    const reason = 'a TTL was expected, here or in a $TTL line before: no record before has one';
    return new Fault('ttl_missing', words.at(0).malformed(reason));
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
    if (typeof ttlSeconds === 'number') this.#records.defaultTtlSeconds = ttlSeconds;
    else this.#fail(scope, new Fault('ttl_invalid', ttlSeconds));
  }

  /** `$INCLUDE file [origin]`: its origin and its last owner end with it (RFC 1035 §5.1), its `$TTL` goes on, as in BIND. */
  *#readIncluded(words: Words, scope: Scope): Generator<ZoneRecord> {
    const wrong = wrongCount(words, 2, 3, '$INCLUDE file [origin]');
    if (wrong) return this.#stop(scope, new Fault('directive_invalid', wrong));
    const origin = words.count === 3 ? parseOrigin(words.at(2), scope.origin) : scope.origin;
    if (origin instanceof Malformed) return this.#stop(scope, new Fault('directive_invalid', origin));
    const path = words.at(1);
    const bytes = this.#bytesOf(path.text, scope.depth);
    if (typeof bytes === 'string') {
      return this.#stop(scope, new Fault('include_refused', path.malformed(`${path.shown} is not included: ${bytes}`)));
    }
    yield* this.read(bytes, { file: path.text, depth: scope.depth + 1, origin, owner: scope.owner });
  }

  #bytesOf(path: string, depth: number): Uint8Array | string {
    if (!this.#include) return '$INCLUDE is not possible here, put the records into this file';
    if (depth === INCLUDE_DEPTH_MAX) return `files include each other at most ${INCLUDE_DEPTH_MAX} deep`;
    if (++this.#included > INCLUDED_FILES_MAX) return `at most ${INCLUDED_FILES_MAX} files are included in all`;
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
    const record = this.#make(scope, owner, generation.header, rdataWords, 0);
    return record instanceof Fault ? record.malformed : record;
  }
}

function isEmptyLine(first: number): boolean {
  return first === 0x0a || first === 0x0d || first === 0x3b;
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
