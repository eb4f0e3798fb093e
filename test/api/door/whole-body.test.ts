/** A large body comes into one piece of memory, and is refused as any other is. */
import { PassThrough } from 'node:stream';
import t from 'tap';
import { wholeBody } from '../../../src/api/door/whole-body.ts';
import { Refusal } from '../../../src/api/problems.ts';
import { Problem } from '../../../src/model/errors.ts';
import { residentMiB } from '../../fixtures/resident.ts';

const MAX_BYTES = 500_000;

/** What becomes of parts that come one after the other. `said`: the length that the head of the request says. */
async function send(parts: readonly string[], said?: number, error?: Error): Promise<Uint8Array> {
  const payload = new PassThrough();
  const headers = said === undefined ? {} : { 'content-length': String(said) };
  const body = wholeBody({ headers }, payload, MAX_BYTES);
  // Whoever refuses it listens no more; here nobody looks before all was sent.
  payload.on('error', () => {});
  body.catch(() => {});
  for (const part of parts) {
    payload.write(part);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (error !== undefined) payload.destroy(error);
  else payload.end();
  return body;
}

const refused = (parts: readonly string[], said?: number, error?: Error) =>
  send(parts, said, error).then(
    () => 'taken',
    ({ code, statusCode, problem }) => ({ code, statusCode, problem }),
  );

t.test('the parts in their order, alone in their memory', async (t) => {
  const body = await send(['one, ', 'two, ', 'three'], 15);
  t.equal(Buffer.from(body).toString(), 'one, two, three');
  t.equal(body.buffer.byteLength, 15, 'it need not be copied for another thread');
  t.equal(Buffer.from(await send(['one, ', 'two'])).toString(), 'one, two', 'its length was not said');
  t.same([...(await send([], 0))], []);
  t.same([...(await send([]))], []);
  t.equal((await send(['x'.repeat(MAX_BYTES)], MAX_BYTES)).length, MAX_BYTES);
});

t.test('small parts and large ones, of no length that was said', async (t) => {
  const lengths = [1, 4095, 4096, 3, 70_000, 100, ...new Array<number>(30).fill(4000), 1, 65_536, 2];
  const parts = lengths.map((length, i) => String.fromCharCode(65 + i).repeat(length));
  const body = await send(parts);
  t.ok(Buffer.from(body).equals(Buffer.from(parts.join(''))));
  t.equal((await send(['one, ', 'two'])).buffer.byteLength, 8, 'alone in their memory, too');
});

t.test('a small part takes no more than what is in it', async (t) => {
  const payload = new PassThrough();
  const body = wholeBody({ headers: {} }, payload, MAX_BYTES);
  const given: WeakRef<Buffer>[] = [];
  for (let i = 0; i < 1000; i++) {
    const part = Buffer.alloc(1, i);
    given.push(new WeakRef(part));
    payload.write(part);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // It collects garbage.
  await residentMiB();
  const held = given.filter((part) => part.deref() !== undefined).length;
  t.ok(held < 100, `${held} parts are held`);
  payload.end();
  t.equal((await body).length, 1000);
});

t.test('a part that is alone in its memory gives that back once it is copied', async (t) => {
  const payload = new PassThrough();
  const lengths = [4096, 4095, 70_000, 5000];
  const bytes = lengths.reduce((a, b) => a + b);
  const body = wholeBody({ headers: { 'content-length': String(bytes) } }, payload, MAX_BYTES);
  const shared = new ArrayBuffer(10_000);
  const parts = lengths.map((length, i) =>
    i === 3
      ? Buffer.from(shared, 100, length).fill('d')
      : Buffer.from(new ArrayBuffer(length)).fill('abc'[i] as string),
  );
  for (const part of parts) {
    payload.write(part);
    await new Promise((resolve) => setImmediate(resolve));
  }
  payload.end();
  const expected = lengths.map((length, i) => 'abcd'[i]?.repeat(length)).join('');
  t.ok(Buffer.from(await body).equals(Buffer.from(expected)));
  t.strictSame(
    parts.map(({ length }) => length),
    [0, 4095, 0, 5000],
    'but for small ones, and for one that lies among other bytes',
  );
  t.equal(shared.byteLength, 10_000);
});

t.test('too long, as is said or as it turns out', async (t) => {
  const tooLarge = { code: 'FST_ERR_CTP_BODY_TOO_LARGE', statusCode: 413 };
  t.match(await refused([], MAX_BYTES + 1), tooLarge);
  t.match(await refused(['x'.repeat(MAX_BYTES), 'x', 'more']), tooLarge);
});

t.test('not as long as is said', async (t) => {
  const wrong = { code: 'FST_ERR_CTP_INVALID_CONTENT_LENGTH', statusCode: 400 };
  t.match(await refused(['four'], 5), wrong);
  t.match(await refused(['four', 'more'], 5), wrong);
});

t.test('what is cut off is refused, and why', async (t) => {
  t.match(await refused(['four'], 8, new Error('the client hung up')), { statusCode: 400 });
  const problem = new Problem('request_timeout', 'The body stopped.');
  t.match(await refused(['four'], undefined, new Refusal(problem)), { problem });
});
