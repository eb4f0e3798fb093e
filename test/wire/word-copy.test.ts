/** Copies by words are copies, whatever the places and lengths. */
import fc from 'fast-check';
import t from 'tap';
import { Query } from '../../src/wire/message.ts';
import { lowerByte } from '../../src/wire/name.ts';
import {
  copyBytes,
  copyLowered,
  copyWholeWords,
  copyWords,
  dataViewOf,
  knownViewOf,
} from '../../src/wire/word-copy.ts';
import { buildQuery } from '../fixtures/dns-client.ts';
import { runs } from '../fixtures/runs.ts';

const ROOM_BYTES = 96;
const content = fc.uint8Array({ minLength: ROOM_BYTES, maxLength: ROOM_BYTES });

t.test('a memory has one view, once it is asked for', (t) => {
  const bytes = new Uint8Array(8).subarray(2, 6);
  t.equal(knownViewOf(bytes), undefined);
  const view = dataViewOf(bytes);
  t.equal(dataViewOf(bytes), view);
  t.equal(knownViewOf(bytes), view);
  t.equal(view.byteOffset, 2);
  t.equal(view.byteLength, 4);
  t.end();
});

t.test('within a memory: just the bytes that are meant', (t) => {
  fc.assert(
    fc.property(content, fc.nat(20), fc.nat(20), fc.nat(20), (bytes, from, after, length) => {
      const to = from + length + after;
      const wanted = bytes.slice();
      wanted.copyWithin(to, from, from + length);
      copyBytes(dataViewOf(bytes), to, dataViewOf(bytes), from, length);
      t.same(bytes, wanted);
    }),
    { numRuns: runs(100) },
  );
  t.end();
});

t.test('from another memory: just the bytes that are meant', (t) => {
  fc.assert(
    fc.property(content, content, fc.nat(40), fc.nat(40), fc.nat(40), (bytes, source, from, to, length) => {
      const wanted = bytes.slice();
      wanted.set(source.subarray(from, from + length), to);
      copyBytes(dataViewOf(bytes), to, dataViewOf(source), from, length);
      t.same(bytes, wanted);
    }),
    { numRuns: runs(100) },
  );
  t.end();
});

t.test('from words of another memory: just the bytes that are meant', (t) => {
  fc.assert(
    fc.property(content, content, fc.nat(20), fc.nat(5), fc.nat(40), (bytes, source, to, word, length) => {
      const words = new Int32Array(source.buffer, source.byteOffset, ROOM_BYTES / 4);
      const wanted = bytes.slice();
      wanted.set(source.subarray(4 * word, 4 * word + length), to);
      copyWords(dataViewOf(bytes), to, words, word, length);
      t.same(bytes, wanted);
    }),
    { numRuns: runs(100) },
  );
  t.end();
});

t.test('by whole words: the bytes that are meant, and at most the rest of the last word', (t) => {
  fc.assert(
    fc.property(content, content, fc.nat(20), fc.nat(5), fc.nat(40), (bytes, source, to, word, length) => {
      const words = new Int32Array(source.buffer, source.byteOffset, ROOM_BYTES / 4);
      const wanted = bytes.slice();
      const whole = (length + 3) & ~3;
      wanted.set(source.subarray(4 * word, 4 * word + whole), to);
      copyWholeWords(dataViewOf(bytes), to, words, word, length);
      t.same(bytes, wanted);
    }),
    { numRuns: runs(100) },
  );
  t.end();
});

t.test('letters are lowered and every other byte stays', (t) => {
  const bytes = Uint8Array.from({ length: 4 * 256 + 8 }, (_, i) => (i % 4 === 0 ? i >> 2 : 0x5a + (i % 3)));
  for (let shift = 0; shift < 4; shift++) {
    const words = new Int32Array(260);
    copyLowered(words, dataViewOf(bytes), shift, 4 * 256);
    t.same(new Uint8Array(words.buffer).subarray(0, 4 * 256), bytes.subarray(shift, shift + 4 * 256).map(lowerByte));
  }
  t.end();
});

t.test('a query is read the same out of a memory that has a view', (t) => {
  const read = (memory: Uint8Array, start: number, end: number) => {
    const query = new Query(new Uint8Array(256), new Uint8Array(129));
    const parsed = query.parse(memory, start, end);
    const name = [...query.name.subarray(0, query.nameLength)];
    return { parsed, name, starts: [...query.starts.subarray(0, query.labels + 1)], type: query.type };
  };
  const messages = fc.oneof(
    fc
      .array(fc.stringMatching(/^[a-zA-Z0-9-]{1,20}$/), { maxLength: 9 })
      .map((labels) => new Uint8Array(buildQuery({ id: 1, name: labels.join('.'), type: 1 }))),
    // What runs past its end in the name, or behind it.
    fc.tuple(fc.string({ minLength: 1, maxLength: 30 }), fc.nat(40)).map(([label, left]) => {
      const name = label.replace(/[^a-zA-Z]/g, 'Q');
      return new Uint8Array(buildQuery({ id: 1, name, type: 1 })).slice(0, 12 + left);
    }),
    fc.uint8Array({ maxLength: 300 }),
  );
  fc.assert(
    fc.property(messages, fc.nat(3), (message, start) => {
      const plain = new Uint8Array(start + message.length + 5).fill(0x51);
      plain.set(message, start);
      const viewed = plain.slice();
      dataViewOf(viewed);
      t.same(read(viewed, start, start + message.length), read(plain, start, start + message.length));
    }),
    { numRuns: runs(100) },
  );
  t.end();
});
