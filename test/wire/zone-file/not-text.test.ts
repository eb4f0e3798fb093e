/** A file that is no text is told as what it is, once, and not line by line. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import t from 'tap';
import { read } from './read.ts';

const text = '@ 60 IN SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n';
const littleEndian = Buffer.from(text, 'utf16le');
const bigEndian = Buffer.from(littleEndian).swap16();

t.test('UTF-16, compressed files and raw zones of BIND', (t) => {
  const files: [string, Uint8Array, RegExp][] = [
    ['UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), littleEndian]), /UTF-16.*save it as UTF-8/],
    ['UTF-16, the other way round', Buffer.concat([Buffer.from([0xfe, 0xff]), bigEndian]), /UTF-16/],
    ['UTF-16 without a mark', littleEndian, /UTF-16/],
    ['UTF-16 without a mark, the other way round', bigEndian, /UTF-16/],
    ['gzip', gzipSync(text), /gzip/],
    ['zstd', zstdCompressSync(text), /zstd/],
    // As bzip2 and zip begin.
    ['bzip2', Buffer.from('425a68393141592653590a0d4f40', 'hex'), /bzip2.*unpack it first/],
    ['zip', Buffer.from('504b0304140000000800', 'hex'), /zip.*unpack it first/],
    // As named-compilezone -F raw writes it: format, version, time of the dump.
    ['a raw zone', Buffer.from('0000000200000001692c0a5e', 'hex'), /raw format.*named-compilezone/],
  ];
  for (const [what, bytes, says] of files) {
    const { errors, records } = read(bytes);
    t.same([errors.length, records], [1, []], what);
    t.match(errors[0], /^1:1 syntax_invalid /, what);
    t.match(errors[0], says, what);
  }
  t.end();
});

t.test('an included one is told by its name, and what stands around it is read', (t) => {
  const { errors, records } = read('$INCLUDE x\na 5 A 192.0.2.1\n', () => gzipSync(text));
  t.match(errors, [/^x:1:1 syntax_invalid .*gzip/]);
  t.equal(records.length, 1);
  t.end();
});

t.test('text is text, however it begins', (t) => {
  for (const start of ['', '\ufeff', '\n', ';', 'PK', 'BZh', '(', '\\000 5 A 192.0.2.1\n', '\u007f']) {
    t.notMatch(read(`${start}\n`).errors.join(), /UTF-16|unpack|raw format/, JSON.stringify(start));
  }
  t.end();
});
