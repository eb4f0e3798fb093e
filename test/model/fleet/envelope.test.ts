/** An entry is put into the log in one of three forms by its size, and read back; what is damaged is refused with words. */
import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import {
  COMPRESS_ABOVE_BYTES,
  chunkKeysOf,
  ENTRY_MAX_BYTES,
  type EnvelopeTools,
  entryId,
  entryText,
  openEntry,
  type SealedEntry,
  sealEntry,
  VALUE_MAX_BYTES,
} from '../../../src/model/fleet/envelope.ts';
import { bytesOf, Unreadable } from '../../../src/model/fleet/records.ts';
import { runs } from '../../fixtures/runs.ts';

const tools: EnvelopeTools = {
  compress: (bytes) => zstdCompressSync(bytes),
  decompress: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength }),
  sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
};
const name = { id: 'an-id', revision: 17, epoch: 0 };

/** Text that cannot be compressed to less than three quarters. */
function noise(length: number, seed = 1): string {
  let hash = createHash('sha256').update(String(seed)).digest();
  let text = '';
  while (text.length < length) {
    hash = createHash('sha256').update(hash).digest();
    text += hash.toString('base64');
  }
  return text.slice(0, length);
}

function read({ value, chunks }: SealedEntry): string | Unreadable {
  const opened = openEntry(value);
  if (opened instanceof Unreadable) return opened;
  const byKey = new Map(chunks.map((chunk) => [chunk.key, chunk.value]));
  return entryText(
    opened,
    chunkKeysOf(opened).map((key) => byKey.get(key)),
    tools,
  );
}

function formOf({ value }: SealedEntry): string {
  const opened = openEntry(value);
  return opened instanceof Unreadable ? opened.words : opened.header.body;
}

t.test('the form goes by the size, and each is read back', async (t) => {
  const cases: readonly [string, string][] = [
    ['', 'plain'],
    ['x'.repeat(COMPRESS_ABOVE_BYTES), 'plain'],
    ['x'.repeat(COMPRESS_ABOVE_BYTES + 1), 'compressed'],
    // Two bytes each.
    ['ä'.repeat(COMPRESS_ABOVE_BYTES / 2 + 1), 'compressed'],
    ['x'.repeat(3_000_000), 'compressed'],
    [noise(250_000), 'compressed'],
    [noise(400_000), 'content'],
    [noise(2_000_000), 'content'],
  ];
  for (const [text, form] of cases) {
    const sealed = sealEntry(name, text, tools);
    t.equal(formOf(sealed), form, `${text.length} characters`);
    t.equal(read(sealed), text);
    t.equal(entryId(sealed.value), 'an-id');
    for (const { value } of [sealed, ...sealed.chunks])
      t.ok(value.length <= VALUE_MAX_BYTES, 'one value of the engine');
  }
});

t.test('whatever the text, it is read back', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 6000 }), fc.nat(), fc.nat(), (text, revision, epoch) => {
      const sealed = sealEntry({ id: 'x', revision: revision + 1, epoch }, text, tools);
      return read(sealed) === text;
    }),
    { numRuns: runs(100) },
  );
});

t.test('the same entry is the same bytes, so that a retry puts what the first try put', async (t) => {
  const text = noise(600_000);
  t.same(sealEntry(name, text, tools), sealEntry(name, text, tools));
});

const words = (parsed: unknown): string => (parsed instanceof Unreadable ? parsed.words : 'read');

t.test('what is damaged is refused with words', async (t) => {
  const header = { form: 1, id: 'a', revision: 1, epoch: 0, body: 'plain', bytes: 0 };
  const content = 'a'.repeat(64);
  const cases: readonly [object | string, RegExp][] = [
    ['', /line of JSON/],
    ['no line', /line of JSON/],
    [`${' '.repeat(2000)}\n`, /line of JSON/],
    [{ ...header, form: 2 }, /newer Teal/],
    [{ ...header, id: '' }, /no id/],
    [{ ...header, revision: 0 }, /no revision/],
    [{ ...header, revision: 1.5 }, /no revision/],
    [{ ...header, epoch: -1 }, /no epoch/],
    [{ ...header, bytes: ENTRY_MAX_BYTES + 1 }, /bytes/],
    [{ ...header, body: 'zip' }, /kind that is not known/],
    [{ ...header, body: 'content' }, /names no content/],
    [{ ...header, body: 'content', content: 'A'.repeat(64), chunks: 1 }, /names no content/],
    [{ ...header, body: 'content', content, chunks: 0 }, /number of chunks/],
    [{ ...header, body: 'content', content, chunks: 1_000_000 }, /number of chunks/],
  ];
  for (const [value, expected] of cases) {
    const bytes = bytesOf(typeof value === 'string' ? value : `${JSON.stringify(value)}\n`);
    t.match(words(openEntry(bytes)), expected, JSON.stringify(value).slice(0, 80));
    t.equal(entryId(bytes), undefined);
  }
  const both = `${JSON.stringify({ ...header, body: 'content', content, bytes: 10, chunks: 1 })}\nmore`;
  t.match(words(openEntry(bytesOf(both))), /of its own/);
});

t.test('a body that is cut off, too long, or of other chunks is refused', async (t) => {
  const small = sealEntry(name, 'x'.repeat(10_000), tools);
  t.match(words(read({ ...small, value: small.value.subarray(0, small.value.length - 3) })), /decompressed/);
  const plain = sealEntry(name, 'plain', tools);
  t.match(words(read({ ...plain, value: plain.value.subarray(0, -1) })), /4 bytes instead of 5/);
  const bomb = Buffer.from(small.value).toString('latin1').replace('"bytes":10000', '"bytes":9999');
  t.match(words(read({ ...small, value: Buffer.from(bomb, 'latin1') })), /decompressed to 9999 bytes/);

  const large = sealEntry(name, noise(600_000), tools);
  t.ok(large.chunks.length > 1);
  t.match(words(read({ ...large, chunks: large.chunks.slice(1) })), /of its \d+ chunks/);
  const swapped = large.chunks.map(({ key }, i) => ({
    key,
    value: (large.chunks.at(-1 - i) as { value: Uint8Array }).value,
  }));
  t.match(words(read({ ...large, chunks: swapped })), /not those of its hash/);
});

t.test('whatever bytes stand in the log, they are opened or refused', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
      openEntry(bytes);
      entryId(bytes);
    }),
    { numRuns: runs(100) },
  );
});
