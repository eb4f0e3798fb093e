/** Lines of several processes come out whole, whatever pieces they arrive in. */
import { PassThrough } from 'node:stream';
import t from 'tap';
import { LineRelay, relayLines } from '../src/log/relay.ts';
import { LogSink } from '../src/log/sink.ts';

function makeRelays() {
  const written: string[] = [];
  const sink = { write: (line: string) => void written.push(line) };
  return { written, one: new LineRelay(sink), other: new LineRelay(sink) };
}

t.test('pieces of two are put together', async (t) => {
  const { written, one, other } = makeRelays();
  one.take('a first ');
  other.take('another\nand a h');
  one.take('line\na second line\n');
  other.take('alf');
  one.end();
  other.end();
  t.same(written, ['another\n', 'a first line\n', 'a second line\n', 'and a half\n']);
});

t.test('a line without end takes no memory without end', async (t) => {
  const { written, one } = makeRelays();
  const piece = 'x'.repeat(2 ** 16);
  for (let i = 0; i < 40; i++) one.take(piece);
  one.end();
  t.ok(Math.max(...written.map(({ length }) => length)) <= 2 ** 20 + piece.length + 1);
  t.equal(written.join('').replaceAll('\n', '').length, 40 * piece.length, 'nothing is missing');
});

t.test('a stream is followed to its end, in characters that its pieces cut up', async (t) => {
  let text = '';
  const sink = new LogSink({
    write(bytes, done) {
      text += Buffer.from(bytes).toString();
      setImmediate(() => done(bytes.length));
    },
  });
  const stream = new PassThrough();
  relayLines(stream, sink);
  const bytes = Buffer.from('grün\nzu Ende');
  for (const byte of bytes) stream.write(Uint8Array.of(byte));
  stream.end();
  await new Promise((resolve) => stream.once('close', resolve));
  await sink.flush(60_000);
  t.equal(text, 'grün\nzu Ende\n');
});
