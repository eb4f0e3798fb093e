/** The byte writer: big-endian integers, growth without loss, copies that stay. */
import t from 'tap';
import { ByteWriter } from '../../src/wire/byte-writer.ts';

t.test('integers are written big-endian', async (t) => {
  const out = new ByteWriter();
  out.unsigned(0x01, 1);
  out.unsigned(0x0203, 2);
  out.unsigned(0xfffefdfc, 4);
  t.same(out.slice(), Uint8Array.of(1, 2, 3, 0xff, 0xfe, 0xfd, 0xfc));
});

t.test('it grows as needed and keeps what was written', async (t) => {
  const out = new ByteWriter(1);
  for (let value = 0; value < 1000; value++) out.unsigned(value, 2);
  out.append(new Uint8Array(5000).fill(7));
  t.equal(out.length, 7000);
  t.equal(out.bytes[1999], 999 & 0xff);
  t.equal(out.bytes[6999], 7);
});

t.test('a copy does not change with what is written later', async (t) => {
  const out = new ByteWriter();
  out.append(Uint8Array.of(1, 2, 3));
  const copy = out.slice(1);
  out.length = 0;
  out.append(Uint8Array.of(9, 9, 9));
  t.same(copy, Uint8Array.of(2, 3));
});
