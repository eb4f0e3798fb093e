/** Changes of records as they are asked for, and what a list of them leaves of one RRset. */
import { TYPE } from '../wire/constants.ts';
import { rdataKey } from '../wire/rdata.ts';
import { Problem } from './errors.ts';
import { type Labels, settleLabels } from './labels.ts';
import {
  assembleRRset,
  makeRRset,
  parseRecords,
  type RRset,
  type RRsetBody,
  type RRsetOwner,
  withWritten,
} from './rrset.ts';
import { checkSeconds } from './zone.ts';

/** Of which RRset: owner name and type as typed by a user. */
interface RRsetRef {
  readonly name: string;
  readonly type: string;
}

/** Exactly one of them. */
export interface RecordChange {
  /** All records of the RRset at once: those that are left out are gone. */
  readonly put?: RRsetRef & RRsetBody;
  /** Some more. A TTL that is given is that of all records then. */
  readonly add?: RRsetRef & { readonly ttlSeconds?: number; readonly values: readonly string[] };
  /** Some less; without any the RRset is gone. */
  readonly remove?: RRsetRef & { readonly values: readonly string[] };
  readonly delete?: RRsetRef;
}

interface RecordInChange {
  readonly rdata: Uint8Array;
  readonly written: string | null;
  ttlSeconds: number;
}

function parseValues(owner: RRsetOwner, values: readonly string[]): readonly Uint8Array[] | Problem {
  if (values.length > 0) return parseRecords(owner, values, 'values');
  return new Problem('rrset_invalid', 'values has the RDATA of at least one record.', { pointer: '/values' });
}

/**
 * One RRset while a list of changes is carried out, in the order of the list. What may stand where is asked of what the
 * whole list leaves, so that nothing on the way there is judged.
 */
export class RRsetInChange {
  readonly owner: RRsetOwner;
  readonly before: RRset | undefined;
  /** The last change of the list that named it. */
  index = 0;
  /** What was typed for the records that it got, for warnings. */
  readonly texts: string[] = [];
  readonly #newTtlSeconds: number;
  #ttlSeconds: number | undefined;
  /** By what makes two records one. Read only once a single value is changed. */
  #records: Map<string, RecordInChange> | undefined;
  #whole: RRset | undefined;
  #labels: Labels | undefined;

  /** `newTtlSeconds`: for records that come to stand where there are none, and no TTL is given. */
  constructor(owner: RRsetOwner, before: RRset | undefined, newTtlSeconds: number) {
    this.owner = owner;
    this.before = before;
    this.#whole = before;
    this.#labels = before?.labels;
    this.#newTtlSeconds = before?.ttlSeconds ?? newTtlSeconds;
  }

  put(body: RRsetBody, revision: number): Problem | undefined {
    const rrset = makeRRset(this.owner, body, revision);
    if (rrset instanceof Problem) return rrset;
    const labelled = settleLabels(body.labels, this.#labels);
    if (labelled instanceof Problem) return labelled;
    this.#labels = labelled.labels;
    const texts = body.written === undefined ? this.#writtenFor(rrset) : undefined;
    this.#become({ ...(texts === undefined ? rrset : withWritten(rrset, texts)), ...labelled });
    this.texts.push(...body.rdata);
    return undefined;
  }

  delete(): void {
    this.#labels = undefined;
    this.#become(undefined);
  }

  add({ ttlSeconds, values }: NonNullable<RecordChange['add']>): Problem | undefined {
    const badTtl = ttlSeconds === undefined ? undefined : checkSeconds(ttlSeconds, 'ttlSeconds');
    if (badTtl !== undefined) return badTtl;
    const parsed = parseValues(this.owner, values);
    if (parsed instanceof Problem) return parsed;
    const records = this.#single();
    // Where the list has taken all its records away, the TTL that the list gave them is gone with them.
    const current = records.size > 0 ? this.#ttlSeconds : undefined;
    const seconds = ttlSeconds ?? current ?? this.#newTtlSeconds;
    for (const rdata of parsed) {
      const key = rdataKey(this.owner.type, rdata);
      const known = records.get(key);
      if (known === undefined) records.set(key, { rdata, written: null, ttlSeconds: seconds });
      // As UPDATE does with a record that is there (RFC 2136 §3.4.2.2).
      else if (ttlSeconds !== undefined) known.ttlSeconds = ttlSeconds;
    }
    // All records of an RRset have one TTL (RFC 2181 §5.2), but for signatures.
    if (this.owner.type !== TYPE.RRSIG && records.size > 0) this.#ttlSeconds = seconds;
    this.texts.push(...values);
    return undefined;
  }

  remove({ values }: NonNullable<RecordChange['remove']>): Problem | undefined {
    const parsed = parseValues(this.owner, values);
    if (parsed instanceof Problem) return parsed;
    const records = this.#single();
    for (const rdata of parsed) records.delete(rdataKey(this.owner.type, rdata));
    return undefined;
  }

  /** What the list leaves of it; undefined: nothing. */
  after(revision: number): RRset | undefined | Problem {
    if (this.#records === undefined) return this.#whole;
    const records = [...this.#records.values()];
    if (records.length === 0) return undefined;
    const rdata = records.map((record) => record.rdata);
    const ttlSeconds = this.#ttlSeconds ?? this.#newTtlSeconds;
    const isSignature = this.owner.type === TYPE.RRSIG;
    const ttls = isSignature ? { recordTtlSeconds: records.map((record) => record.ttlSeconds) } : {};
    const assembled = assembleRRset(this.owner, { ttlSeconds, ...ttls }, rdata, revision);
    if (assembled instanceof Problem) return assembled;
    const texts = records.map(({ written }) => written);
    const rrset = texts.every((text) => text === null) ? assembled : withWritten(assembled, texts);
    return this.#labels === undefined ? rrset : { ...rrset, labels: this.#labels };
  }

  /** Who puts the same records, and says nothing of their text, leaves it as it is. */
  #writtenFor({ rdata }: RRset): RRset['written'] {
    const { written, rdata: before = [] } = this.#whole ?? {};
    if (written === undefined || this.#records !== undefined || rdata.length !== before.length) return undefined;
    const isSame = rdata.every((data, i) => Buffer.compare(data, before[i] as Uint8Array) === 0);
    return isSame ? written : undefined;
  }

  #become(rrset: RRset | undefined): void {
    this.#whole = rrset;
    this.#records = undefined;
  }

  /** Its records one by one; that costs as much as it has, once. */
  #single(): Map<string, RecordInChange> {
    if (this.#records !== undefined) return this.#records;
    const { type } = this.owner;
    const { ttlSeconds, recordTtlSeconds, written, rdata = [] } = this.#whole ?? {};
    this.#ttlSeconds = ttlSeconds;
    this.#records = new Map(
      rdata.map((each, i) => {
        const record = {
          rdata: each,
          written: written?.[i] ?? null,
          ttlSeconds: recordTtlSeconds?.[i] ?? ttlSeconds ?? 0,
        };
        return [rdataKey(type, each), record];
      }),
    );
    return this.#records;
  }
}
