/** Reads a zone file given as text, for tests: its records as text, its errors as `line:column code message`. */
import assert from 'node:assert/strict';
import { formatLabels, formatName, parseName } from '../../../src/wire/name.ts';
import { formatRdata, formatType } from '../../../src/wire/rdata.ts';
import { Findings } from '../../../src/wire/zone-file/finding.ts';
import { type Include, readZoneFile } from '../../../src/wire/zone-file/reader.ts';
import type { WritableRRset } from '../../../src/wire/zone-file/writer.ts';

export interface Reading {
  readonly records: string[];
  readonly errors: string[];
  readonly findings: Findings;
}

export function read(text: string | Uint8Array, include?: Include): Reading {
  const findings = new Findings();
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const origin = parseName('example.') as Uint8Array;
  const records = Array.from(
    readZoneFile(bytes, include ? { origin, include } : { origin }, findings),
    ({ owner, type, ttlSeconds, rdata }) =>
      `${formatName(owner)} ${ttlSeconds} ${formatType(type)} ${formatRdata(type, rdata)}`,
  );
  const errors = findings.errors.map(
    ({ file, line, column, code, message }) => `${file}${file && ':'}${line}:${column} ${code} ${message}`,
  );
  return { records, errors, findings };
}

/** The RRsets of a text without errors, records of one owner and type that follow each other as one. */
export function readRRsets(text: string, zone: string): WritableRRset[] {
  const findings = new Findings();
  const rrsets: (WritableRRset & { rdata: Uint8Array[] })[] = [];
  for (const record of readZoneFile(Buffer.from(text), { origin: parseName(zone) as Uint8Array }, findings)) {
    const { type, ttlSeconds, rdata } = record;
    const name = formatLabels(record.owner);
    const last = rrsets.at(-1);
    if (last?.name === name && last.type === type) last.rdata.push(rdata.slice());
    else rrsets.push({ name, type, ttlSeconds, rdata: [rdata.slice()] });
  }
  assert.deepEqual(findings.errors, []);
  return rrsets;
}
