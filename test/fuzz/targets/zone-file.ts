/** Zone files: whatever the bytes, reading ends, what is read is valid, and what is written reads back the same. */
import assert from 'node:assert/strict';
import { ZoneCheck } from '../../../src/model/zone-check.ts';
import { ZoneContent } from '../../../src/model/zone-content.ts';
import { nameLength, parseName } from '../../../src/wire/name.ts';
import { isMetaType, validateRdata } from '../../../src/wire/rdata.ts';
import { FINDINGS_MAX, type Finding, Findings } from '../../../src/wire/zone-file/finding.ts';
import { readZoneFile, type ZoneRecord } from '../../../src/wire/zone-file/reader.ts';
import { canonicalOrder, writeZoneFile } from '../../../src/wire/zone-file/writer.ts';
import { cases } from '../../interop/zone-file-cases.ts';
import type { FuzzTarget } from '../fuzzer.ts';
import { mutateText } from './text-mutations.ts';

const ZONE = 'example';
const origin = parseName(ZONE) as Uint8Array;

/** One line of `$GENERATE` makes a million; a few are enough here. */
const RECORDS_MAX = 40;
const INCLUDED_MAX = 3;
/** Texts of the user are shortened in a message, so no message is long. */
const MESSAGE_CHARS_MAX = 2000;

export function makeZoneFile(): FuzzTarget {
  return {
    corpus: cases.map(({ text }) => Buffer.from(text)).filter(({ length }) => length < 600),
    mutate: mutateText,
    check,
  };
}

function check(input: Uint8Array): void {
  const first = read(input);
  for (const finding of [...first.findings.errors, ...first.findings.warnings]) checkFinding(finding, input);
  assert.ok(first.findings.errors.length <= FINDINGS_MAX && first.findings.warnings.length <= FINDINGS_MAX);
  const text = write(first.content);
  const second = read(Buffer.from(text));
  assert.deepEqual(second.findings.errors, [], 'what was written is read');
  assert.equal(write(second.content), text, 'and written again the same');
}

function read(bytes: Uint8Array): { content: ZoneContent; findings: Findings } {
  const findings = new Findings();
  const content = new ZoneContent(ZONE, findings);
  let count = 0;
  // The file includes itself, but not for ever.
  let included = 0;
  const include = (): Uint8Array | string => (++included <= INCLUDED_MAX ? bytes : 'enough');
  for (const record of readZoneFile(bytes, { origin, include }, findings)) {
    checkRecord(record);
    content.add(record);
    if (++count === RECORDS_MAX) break;
  }
  // Its findings speak of the zone; what matters here is that it comes to an end whatever the zone.
  new ZoneCheck(content, { services: new Set(), aliases: new Set() }, new Findings()).run();
  return { content, findings };
}

function write(content: ZoneContent): string {
  return [...writeZoneFile(ZONE, ['written'], canonicalOrder([...content.names.values()].flat()))].join('');
}

function checkRecord({ owner, type, ttlSeconds, rdata, line }: ZoneRecord): void {
  assert.equal(nameLength(owner), owner.length);
  assert.equal(validateRdata(type, rdata)?.reason, undefined);
  assert.ok(!isMetaType(type));
  assert.ok(ttlSeconds >= 0 && ttlSeconds <= 0x7fffffff && line >= 1);
}

function checkFinding({ line, column, message, file }: Finding, input: Uint8Array): void {
  const lines = Buffer.from(input).toString().split('\n');
  assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length} ${file}`);
  assert.ok(column >= 1 && column <= lines[line - 1].length + 1, `column ${column}`);
  assert.ok(message.length > 0 && message.length <= MESSAGE_CHARS_MAX, message);
}
