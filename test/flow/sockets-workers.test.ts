/** Workers that fail: replaced on the same sockets, without a trace left behind. */
import fs from 'node:fs';
import t from 'tap';
import { askTcp, buildQuery, UdpClient } from '../fixtures/dns-client.ts';
import { freePort } from '../fixtures/free-port.ts';
import { soon } from '../fixtures/soon.ts';
import { apply, rrset, zone } from '../fixtures/table.ts';
import { type FleetFixture, mutant, startFleet } from './cutover.ts';

const www = buildQuery({ id: 7, name: 'www.example.test', type: 'A' });
const boom = buildQuery({ id: 8, name: 'boom.example.test', type: 'A' });

function fill({ table }: FleetFixture): void {
  apply(table, zone('example.test'), rrset('example.test', 'www.example.test', 'A', 300, '192.0.2.80'));
}

/** Open descriptors of this process, where that can be told. */
function descriptors(): number {
  return process.platform === 'linux' ? fs.readdirSync('/proc/self/fd').length : 0;
}

/** Asks again and again until told to stop; knows when the query was sent that was answered last. */
async function askOn(port: number) {
  const client = await UdpClient.open('127.0.0.1', port);
  const state = { answered: 0, askedAt: 0, done: false };
  const run = (async () => {
    while (!state.done) {
      const askedAt = performance.now();
      const isAnswered = await client.ask(www, 100).then(
        () => true,
        () => false,
      );
      if (isAnswered) {
        state.answered++;
        state.askedAt = askedAt;
      }
    }
    await client.close();
  })();
  const stop = (): Promise<void> => {
    state.done = true;
    return run;
  };
  return { state, stop, fail: () => client.sendOnly(boom) };
}

for (const transport of ['batch', 'portable'] as const) {
  t.test(`a worker that throws under load, ${transport} transport: its share is answered again`, async (t) => {
    const fixture = await startFleet({ workers: 2, transport, entry: mutant('throws') });
    fill(fixture);
    const clients = await Promise.all(Array.from({ length: 16 }, () => askOn(fixture.port)));
    await soon(t).ok(() => clients.every(({ state }) => state.answered > 0), 'all are answered');
    // Whichever worker each one's address and port lead to: both fail.
    const failedAt = performance.now();
    for (const client of clients) await client.fail();
    await soon(t).ok(() => fixture.replaced.length > 0, 'a worker was replaced');
    // Within a second on a quiet machine.
    await soon(t).ok(() => clients.every(({ state }) => state.askedAt > failedAt), 'all are answered again');
    t.comment(`all answered again after ${Math.round(performance.now() - failedAt)} ms`);
    t.match(fixture.errors[0], /boom/);
    await Promise.all(clients.map(({ stop }) => stop()));
    await fixture.fleet.stop();
  });
}

t.test('a TCP worker that throws, again and again: new connections are answered, no descriptor is left', async (t) => {
  const fixture = await startFleet({ workers: 1, entry: mutant('throws') });
  fill(fixture);
  const replies = await askTcp('127.0.0.1', fixture.port, [www]);
  t.equal(replies[0]?.answers[0]?.data, '192.0.2.80');
  const before = descriptors();
  for (let i = 1; i <= 3; i++) {
    await t.rejects(askTcp('127.0.0.1', fixture.port, [boom]));
    // Connections that come meanwhile wait in the socket, which is never closed.
    const [reply] = await askTcp('127.0.0.1', fixture.port, [www]);
    t.equal(reply?.answers[0]?.data, '192.0.2.80');
    await soon(t).same(() => fixture.replaced, Array(i).fill(1));
  }
  await soon(t).ok(() => descriptors() <= before, `${before} descriptors before`);
  await fixture.fleet.stop();
});

t.test('workers that do not start make the start fail, with nothing left open', async (t) => {
  // Whatever the first fleet of a process opens once is open now.
  await startFleet({ workers: 2 }).then(({ fleet }) => fleet.stop());
  const before = descriptors();
  await t.rejects(
    startFleet({ workers: 2, entry: mutant('hangs'), startLimitMs: 500 }),
    /^worker \d did not answer within 0\.5 s$/,
  );
  await t.rejects(startFleet({ workers: 2, entry: mutant('does-not-exist') }), /no such mutant/);
  await soon(t).ok(() => descriptors() <= before, `${before} descriptors before`);
});

t.test('after a stop nobody answers, and the port is free for the next', async (t) => {
  const first = await startFleet({ workers: 2, port: await freePort() });
  t.equal(first.fleet.alive, 3);
  await first.fleet.stop();
  t.equal(first.fleet.alive, 0);
  const second = await startFleet({ workers: 2, port: first.port });
  fill(second);
  t.equal((await askTcp('127.0.0.1', second.port, [www]))[0]?.answers[0]?.data, '192.0.2.80');
  await second.fleet.stop();
});
