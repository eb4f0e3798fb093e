/** Streams of events over a real connection: their form, resumption, and what ends them. */
import net from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import t, { type Test } from 'tap';
import { EVENT_STREAMS_MAX, EVENT_STREAMS_PER_TOKEN, EventStreams } from '../../src/api/v1/event-streams.ts';
import { EventLog } from '../../src/control/events/log.ts';
import { Grant } from '../../src/control/grant.ts';
import { Problem } from '../../src/model/errors.ts';
import { ADMIN, type ApiFixture, makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';
import { makeEngine, withService } from '../fixtures/engine.ts';
import { EventReader } from '../fixtures/event-source.ts';

async function start(t: Test): Promise<ApiFixture & { url: string }> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return { ...api, url: `${await api.app.listen({ host: '127.0.0.1', port: 0 })}/v1/events` };
}

async function listen(t: Test, url: string, token = READER, lastEventId?: string): Promise<EventReader> {
  const reader = await EventReader.open(url, token, lastEventId);
  t.teardown(() => reader.close());
  return reader.opened();
}

const weights = '/v1/services/app.example.test/weights';
const shift = (api: ApiFixture, blue: number) => api.request('PUT', weights, { body: { blue, green: 1 } });

t.test('what changes is told at once, as the log of changes has it', async (t) => {
  const api = await start(t);
  const reader = await listen(t, api.url);
  t.match(Object.fromEntries(reader.response.headers), {
    'content-type': 'text/event-stream',
    'cache-control': /no-cache/,
    'x-accel-buffering': 'no',
  });
  t.equal(reader.lastEventId, '3', 'who has seen no event knows where to go on');
  await shift(api, 5);
  const { id, data } = await reader.until(({ event }) => event === 'revision');
  t.equal(id, '4');
  const { services, ...entry } = data;
  t.same(services, ['app.example.test']);
  t.same(entry, (await api.request('GET', '/v1/revisions?after=3')).json().items[0]);
});

t.test('a client goes on where it was cut off, by header or parameter', async (t) => {
  const api = await start(t);
  for (let blue = 1; blue <= 5; blue++) await shift(api, blue);
  const ids = async (reader: EventReader) => {
    await reader.until(({ id }) => id === '8');
    return reader.events.map(({ id }) => id);
  };
  t.same(await ids(await listen(t, api.url, READER, '5')), ['6', '7', '8']);
  t.same(await ids(await listen(t, `${api.url}?lastEventId=6`)), ['7', '8']);
  t.same(await ids(await listen(t, `${api.url}?lastEventId=1`, READER, '6')), ['7', '8'], 'the header counts');
  t.same((await ids(await listen(t, `${api.url}?lastEventId=0`))).length, 8, '0 is the beginning');
});

t.test('who comes with an id that is not of this log is told to read everything anew', async (t) => {
  const api = await start(t);
  const reader = await listen(t, api.url, READER, '99');
  t.match(await reader.until(({ event }) => event === 'reset'), { id: '3', data: { reason: 'too_old', revision: 3 } });
  await shift(api, 5);
  t.match(await reader.until(({ event }) => event === 'revision'), { id: '4' });
});

t.test('what is no id is refused', async (t) => {
  const api = await start(t);
  t.match((await api.request('GET', '/v1/events', { headers: { 'last-event-id': 'x' } })).json(), {
    code: 'header_invalid',
  });
  t.match((await api.request('GET', '/v1/events?lastEventId=1.0')).json(), { code: 'query_invalid' });
  const head = { method: 'HEAD', url: '/v1/events', headers: { authorization: `Bearer ${ADMIN}` } } as const;
  t.equal((await api.app.inject(head)).statusCode, 405, 'a HEAD would be a stream as well');
});

t.test('a revoked token hears no more', async (t) => {
  const api = await start(t);
  const body = { name: 'ear', scope: 'read', services: ['app.example.test'] };
  const { secret } = (await api.request('POST', '/v1/tokens', { body })).json();
  const reader = await listen(t, api.url, secret);
  const other = await listen(t, api.url, secret);
  await shift(api, 5);
  await reader.until(({ id }) => id === '5');
  await api.request('DELETE', '/v1/tokens/ear');
  t.same(await Promise.all([reader.ended, other.ended]), ['ended', 'ended']);
  t.same(
    reader.events.map(({ id }) => id),
    ['5'],
    'of tokens it was not told',
  );
});

t.test('an expired token hears no more', async (t) => {
  const api = await start(t);
  const body = { name: 'ear', scope: 'read', expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
  const { secret } = (await api.request('POST', '/v1/tokens', { body })).json();
  const reader = await listen(t, api.url, secret);
  api.clock.aheadMs = 3_600_000;
  await shift(api, 5);
  t.equal(await reader.ended, 'ended');
  t.same(reader.events, []);
});

t.test('the server stops, whoever listens or does not read', async (t) => {
  const api = await start(t);
  const reader = await listen(t, api.url);
  const socket = await deaf(api.url);
  for (let blue = 1; blue <= 50; blue++) await shift(api, blue);
  const closing = api.app.close();
  t.equal(await reader.ended, 'ended');
  await closing;
  socket.destroy();
});

t.test('nor does it wait for a connection that nothing was sent on', async (t) => {
  const api = await start(t);
  const { hostname, port } = new URL(api.url);
  const socket = net.connect({ host: hostname, port: Number(port) });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('connect', resolve));
  t.equal((await fetch(new URL('/healthz', api.url))).status, 200, 'the server has seen both connections');
  await api.app.close();
  await closed;
});

/** A client that sends a request for all events and reads nothing of the reply. */
async function deaf(url: string): Promise<net.Socket> {
  const { hostname, port, pathname } = new URL(url);
  const socket = net.connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  socket.pause();
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(`GET ${pathname}?lastEventId=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ADMIN}\r\n\r\n`);
  return socket;
}

/** Streams without a server, to look at what they do with memory and time. */
function makeStreams(t: Test) {
  const fixture = withService(makeEngine(t));
  const log = new EventLog(fixture.store, fixture.engine, 'first');
  const streams = new EventStreams(log);
  t.teardown(() => streams.stop());
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const listener = { token: 'ci', grant: new Grant(fixture.store, undefined), isGood: () => true, turn };
  const open = (revision?: number) => {
    const stream = streams.open(listener, revision === undefined ? undefined : { revision, index: 0 });
    if (stream instanceof Problem) throw new Error(stream.detail);
    return stream;
  };
  const shiftTo = (blue: number) =>
    fixture.must({ kind: 'weights.put', name: 'app.example.com', weights: { blue, green: 1 } });
  return { streams, log, open, listener, shiftTo };
}

t.test('a client that reads slowly holds little; one that reads nothing is dropped', async (t) => {
  const { streams, open, shiftTo } = makeStreams(t);
  const slow = open(0);
  const quick = open(0).pipe(new PassThrough()).resume();
  await new Promise((resolve) => setImmediate(resolve));
  for (let blue = 1; blue <= 2000; blue++) shiftTo(blue);
  // A page of events, and what was read ahead to fill the buffer.
  t.ok(slow.readableLength < 150_000, `${slow.readableLength} bytes wait`);
  for (let beats = 0; beats < 11; beats++) {
    await new Promise((resolve) => setImmediate(resolve));
    streams.beat();
  }
  t.ok(slow.destroyed, 'the deaf one is dropped');
  t.notOk(quick.destroyed, 'the other goes on');
});

/** Where a stream goes: what it was given, and how to take so many bytes more of that. */
function makeWay(): { way: Writable; given: () => string; take: (bytes: number) => void } {
  let text = '';
  let left = 0;
  let done = (): void => {};
  const way = new Writable({
    highWaterMark: 1,
    write(chunk, _encoding, taken) {
      text += chunk;
      left = Math.max(0, left) + chunk.length;
      done = taken;
    },
  });
  const take = (bytes: number): void => {
    if (left <= 0) return;
    left -= bytes;
    if (left <= 0) done();
  };
  return { way, given: () => text, take };
}

t.test('a client that takes nothing is dropped, however little waits for it', async (t) => {
  const { streams, open, shiftTo } = makeStreams(t);
  const stream = open();
  stream.pipe(makeWay().way);
  shiftTo(5);
  const beat = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    streams.beat();
  };
  for (let beats = 0; beats < 8; beats++) await beat();
  t.notOk(stream.destroyed);
  for (let beats = 0; beats < 3; beats++) await beat();
  t.ok(stream.destroyed);
});

t.test('one that takes long pages slowly gets all of them', async (t) => {
  const { streams, open, shiftTo } = makeStreams(t);
  for (let blue = 1; blue <= 300; blue++) shiftTo(blue);
  const stream = open(0);
  const { way, given, take } = makeWay();
  stream.pipe(way);
  while (!stream.destroyed && !given().includes('id: 302\n')) {
    await new Promise((resolve) => setImmediate(resolve));
    streams.beat();
    // What the door of the API asks for: 64 KiB in 30 s, six heartbeats.
    take(11_000);
  }
  t.match(given(), /^id: 302\n/m);
});

t.test('a client so slow that what it has not heard is kept no longer is told to read everything anew', async (t) => {
  const { log, open, shiftTo } = makeStreams(t);
  const stream = open();
  const lists = { behind: [], silent: [], lost: [], back: [], changes: [] };
  for (let n = 1; n <= 3000; n++) {
    log.addNode({ node: 'ns1', standing: 'live', current: true, leader: null, ...lists }, n);
    // As they come, for as long as the client has room.
    if (n % 100 === 0) for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  }
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const inSomeTurns = async (): Promise<void> => {
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  await inSomeTurns();
  shiftTo(5);
  await inSomeTurns();
  const told = [...text.matchAll(/^id: (\S+)\nevent: (\S+)/gm)].map(([, id, event]) => `${event} ${id}`);
  const at = told.findIndex((each) => each.startsWith('reset'));
  t.ok(at > 0, `${told.length} events, the last ${told.at(-1)}`);
  t.match(told.slice(at), ['reset 2-first.3000', 'revision 3'], 'nothing is told of what it reads then');
});

t.test('a client that reads in bursts gets everything, once', async (t) => {
  const { open, shiftTo } = makeStreams(t);
  const stream = open(0);
  let text = '';
  const read = () => {
    for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) text += chunk;
  };
  for (let blue = 1; blue <= 1000; blue++) {
    shiftTo(blue);
    if (blue % 97 === 0) read();
  }
  while (!text.includes('id: 1002\n')) {
    await new Promise((resolve) => setImmediate(resolve));
    read();
  }
  const ids = [...text.matchAll(/^id: (\d+)\nevent/gm)].map(([, id]) => Number(id));
  t.same(
    ids,
    Array.from({ length: 1002 }, (_, i) => i + 1),
  );
});

t.test('a heartbeat is a comment', async (t) => {
  const { streams, open } = makeStreams(t);
  const stream = open();
  stream.setEncoding('utf8').resume();
  const chunks: string[] = [];
  stream.on('data', (chunk: string) => chunks.push(chunk));
  await new Promise((resolve) => setImmediate(resolve));
  streams.beat();
  await new Promise((resolve) => setImmediate(resolve));
  t.same(chunks, ['retry: 2000\nid: 2\n\n', ': \n\n']);
});

t.test('there are so many streams and no more; one that ends makes room', async (t) => {
  const { streams, listener } = makeStreams(t);
  const open = (token: string) => streams.open({ ...listener, token }, undefined);
  const tokens = Array.from({ length: EVENT_STREAMS_MAX }, (_, i) => `token-${i}`);
  const all = tokens.map((token) => open(token));
  t.match(open('another'), { code: 'too_many_streams', status: 503 });
  t.match(open('token-3'), { code: 'too_many_streams', status: 503 });
  const [, second] = all;
  if (second === undefined || second instanceof Problem) throw new Error('it is open');
  second.destroy();
  await finished(second).catch(() => {});
  t.notOk(open('another') instanceof Problem);
  streams.stop();
  t.match(open('yet another'), { code: 'stopping', status: 503 });
});

t.test('no token takes the streams of the others', async (t) => {
  const { streams, listener } = makeStreams(t);
  const open = (token: string) => streams.open({ ...listener, token }, undefined);
  for (let i = 0; i < EVENT_STREAMS_PER_TOKEN; i++) t.notOk(open('greedy') instanceof Problem);
  t.match(open('greedy'), { code: 'share_used_up', status: 429 });
  const others = EVENT_STREAMS_MAX / EVENT_STREAMS_PER_TOKEN - 1;
  for (let i = 0; i < others; i++) for (let j = 0; j < EVENT_STREAMS_PER_TOKEN; j++) open(`greedy-${i}`);
  const operator = open('operator');
  t.notOk(operator instanceof Problem, 'who has fewest gets a place of who has most');
  streams.stop();
});
