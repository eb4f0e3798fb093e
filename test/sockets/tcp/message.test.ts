/** Messages out of a stream, however it is cut into chunks. */
import fc from 'fast-check';
import t from 'tap';
import { MessageReader } from '../../../src/sockets/tcp/message.ts';
import { frame } from '../../fixtures/dns-client.ts';
import { runs } from '../../fixtures/runs.ts';

/** Every message that the reader finds in the chunks. */
function readAll(chunks: readonly Uint8Array[]): { messages: Buffer[]; isPartial: boolean } {
  const reader = new MessageReader();
  const messages: Buffer[] = [];
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      at = reader.read(chunk, at);
      if (reader.whole) messages.push(Buffer.from(reader.bytes.slice(reader.start, reader.end)));
    }
  }
  return { messages, isPartial: reader.isPartial };
}

t.test('the messages are those that were framed, wherever the stream is cut', async () => {
  const message = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat(60)), fc.nat(3), (messages, sizes, extra) => {
      const stream = Buffer.concat([...messages.map(frame), Buffer.from([0, 9, 1]).subarray(0, extra)]);
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(stream.subarray(at, at + size));
        at += size;
      }
      chunks.push(stream.subarray(at));
      const read = readAll(chunks);
      return (
        read.isPartial === extra > 0 &&
        read.messages.length === messages.length &&
        read.messages.every((bytes, i) => bytes.equals(messages[i]))
      );
    }),
    { numRuns: runs(100) },
  );
});

t.test('the longest message in single bytes', async (t) => {
  const message = Buffer.alloc(65535, 7);
  const { messages, isPartial } = readAll([...frame(message)].map((byte) => Uint8Array.of(byte)));
  t.equal(messages.length, 1);
  t.ok(messages[0]?.equals(message));
  t.notOk(isPartial);
});

t.test('a message that lies whole in its chunk is not copied', async (t) => {
  const reader = new MessageReader();
  const chunk = frame(Buffer.alloc(20));
  t.equal(reader.read(chunk, 0), chunk.length);
  t.equal(reader.bytes, chunk);
});
