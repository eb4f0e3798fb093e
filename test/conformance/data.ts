/** The conformance tests: their file, and how a reply is held against what other servers answered. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatType } from '../../src/wire/rdata.ts';
import type { DecodedRecord, Reply } from '../fixtures/dns-client.ts';

/** Owner, type and RDATA as text, lower case. */
export type RecordText = readonly [owner: string, type: string, rdata: string];

/** An answer that one or more servers gave. */
export interface Accepted {
  readonly servers: readonly string[];
  readonly rcode: string;
  readonly flags: readonly string[];
  readonly answer: readonly RecordText[];
  readonly authority: readonly RecordText[];
  readonly additional: readonly RecordText[];
}

export interface ConformanceTest {
  readonly id: string;
  /** The branch of the model of name resolution that the test was made for. */
  readonly tag: string;
  readonly origin: string;
  /** Master file, RFC 1035 §5. */
  readonly zone: string;
  readonly query: { readonly name: string; readonly type: string };
  readonly accepted: readonly Accepted[];
}

/** The tests of the folder that the README of the conformance set describes. */
export function readTests(folder: string): ConformanceTest[] {
  const lines = readFileSync(join(folder, 'ferret.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as ConformanceTest);
}

const rcodeNames: Readonly<Record<number, string>> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  6: 'YXDOMAIN',
};

/** A reply in the words of the file. */
export function toAccepted(reply: Reply): Accepted {
  const flags: [boolean, string][] = [
    [reply.aa, 'AA'],
    [reply.qr, 'QR'],
    [reply.rd, 'RD'],
    [reply.tc, 'TC'],
  ];
  return {
    servers: ['teal'],
    rcode: rcodeNames[reply.rcode] ?? String(reply.rcode),
    flags: flags.flatMap(([set, name]) => (set ? [name] : [])),
    answer: reply.answers.map(recordText),
    authority: reply.authority.map(recordText),
    additional: reply.additional.map(recordText),
  };
}

function recordText({ name, type, data }: DecodedRecord): RecordText {
  return [name.toLowerCase(), formatType(type), data.toLowerCase()];
}

/**
 * The accepted answer that ours equals: RCODE and flags, the records of the answer and of the additional section, and
 * those of the authority section where the answer section is empty. TTLs and order do not count.
 */
export function matching(ours: Accepted, test: ConformanceTest): Accepted | undefined {
  const wanted = comparable(ours);
  return test.accepted.find((accepted) => comparable(accepted) === wanted);
}

function comparable({ rcode, flags, answer, authority, additional }: Accepted): string {
  const set = (records: readonly RecordText[]): string[] =>
    [...new Set(records.map((record) => record.join(' ')))].sort();
  const counted = answer.length === 0 ? set(authority) : [];
  return JSON.stringify([rcode, flags.toSorted(), set(answer), counted, set(additional)]);
}

/** An answer as lines for people. */
export function lines({ servers, rcode, flags, answer, authority, additional }: Accepted): string {
  const section = (name: string, records: readonly RecordText[]): string[] =>
    records.map((record) => `      ${name} ${record.join(' ')}`);
  const head = `    ${servers.join(', ')}: ${rcode} ${flags.join(' ')}`;
  const records = [section('answer', answer), section('authority', authority), section('additional', additional)];
  return [head, ...records.flat()].join('\n');
}
