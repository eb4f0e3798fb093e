/** Floods: a prefix that asks too much gets its limit, everybody else gets everything; slow connections are in nobody's way. */
import { type ChildProcess, fork } from 'node:child_process';
import t from 'tap';
import { createRateLimit } from '../../src/responder/rate-limit.ts';
import { COUNTER } from '../../src/table/counters.ts';
import { askTcp, buildQuery, type Reply, UdpClient } from '../fixtures/dns-client.ts';
import { inTime } from '../fixtures/in-time.ts';
import { residentMiB } from '../fixtures/resident.ts';
import { runs } from '../fixtures/runs.ts';
import { apply, rrset, zone } from '../fixtures/table.ts';
import { type FleetFixture, startFleet } from './cutover.ts';
import type { FloodResult } from './flood-udp.ts';

const www = buildQuery({ name: 'www.example.test', type: 'A' });
const RATE = 100;

function fill({ table }: FleetFixture): void {
  apply(table, zone('example.test'), rrset('example.test', 'www.example.test', 'A', 300, '192.0.2.80'));
}

function start(file: string, ...values: (string | number)[]): ChildProcess {
  return fork(new URL(file, import.meta.url), values.map(String));
}

function message<Result>(child: ChildProcess): Promise<Result> {
  return new Promise((resolve, reject) => {
    child.once('message', (result) => resolve(result as Result));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the flood ended with ${code}`)));
  });
}

/** A busy machine lets queries overflow the socket's buffer; a resolver asks again, and so does the bystander. */
const TRIES = 5;

/** One query after the other from another prefix, until told to stop; what was not a whole answer. */
function bystander(port: number) {
  let done = false;
  const run = (async () => {
    const client = await UdpClient.open('127.0.0.1', port, { localAddress: '127.9.9.9' });
    const result = { answered: 0, faults: [] as string[] };
    while (!done) {
      let reply: Reply | undefined;
      for (let i = 0; reply === undefined && i < TRIES; i++) reply = await client.ask(www, 5000).catch(() => undefined);
      if (reply === undefined) result.faults.push(`no reply in ${TRIES} tries`);
      else if (reply.tc || reply.answers[0]?.data !== '192.0.2.80') result.faults.push(`tc ${reply.tc}`);
      else result.answered++;
      // Well below its own limit.
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    await client.close();
    return result;
  })();
  return () => {
    done = true;
    return run;
  };
}

const floods = [
  { what: 'one name', name: 'www.example.test', transport: 'batch', count: runs(100_000) },
  { what: 'random names', name: 'n#.example.test', transport: 'batch', count: runs(50_000) },
  { what: 'one name', name: 'www.example.test', transport: 'portable', count: runs(50_000) },
] as const;

for (const { what, name, transport, count } of floods) {
  t.test(`${count} queries for ${what} from one prefix, ${transport} transport`, async (t) => {
    const settings = { responsesPerSecond: RATE, slip: 2, ipv4PrefixLength: 24, ipv6PrefixLength: 56, exempt: [] };
    const fixture = await startFleet({ workers: 2, transport, responder: { rateLimit: createRateLimit(settings, 1) } });
    fill(fixture);
    const stop = bystander(fixture.port);
    const { answered, truncated, seconds } = await message<FloodResult>(
      start('./flood-udp.ts', fixture.port, count, '127.1.2', name),
    );
    const other = await stop();
    t.comment(`${answered} answers and ${truncated} truncated ones to ${count} queries in ${seconds.toFixed(1)} s`);
    // One burst, and what comes in while the last replies are read. Workers share the limit up to a race now and then.
    const allowed = (seconds + 1) * RATE * 1.1;
    t.ok(answered <= allowed, `${answered} answers, ${Math.round(allowed)} allowed`);
    t.ok(answered >= RATE, 'the prefix is not shut out');
    t.ok(truncated > 0, 'some are told to use TCP');
    const limited = [0, 1].map((reader) => fixture.counters.of(reader, COUNTER.LIMITED));
    t.ok(
      limited.every((number) => number > 0),
      `both workers took part: ${limited}`,
    );
    t.same(other.faults, [], `${other.answered} answers to another prefix`);
    t.ok(other.answered > 0);
    const [overTcp] = await askTcp('127.0.0.1', fixture.port, [www], { localAddress: '127.1.2.1' });
    t.equal(overTcp?.answers[0]?.data, '192.0.2.80', 'the flooded prefix is answered over TCP');
    await fixture.fleet.stop();
  });
}

t.test('2,000 TCP connections that send a byte a second', async (t) => {
  const fixture = await startFleet({ workers: 1 });
  fill(fixture);
  const askSome = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) {
      const [reply] = await askTcp('127.0.0.1', fixture.port, [www], { localAddress: '127.9.9.9' });
      if (reply?.answers[0]?.data !== '192.0.2.80') throw new Error(`answered ${reply?.rcode}`);
    }
  };
  await askSome();
  const before = await residentMiB();
  const flood = start('./flood-tcp.ts', fixture.port, 2000, 100);
  t.match(await message(flood), { open: 2000 });
  // Long enough for bytes to come, and for the patience with them to end.
  for (let second = 0; second < 7; second++) {
    await askSome();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  t.pass('normal queries were answered all the time');
  flood.send('end');
  t.match(await inTime(message(flood), 60), { closed: 2000 }, 'none has kept its place');
  await askSome();
  const grownMiB = (await residentMiB()) - before;
  t.ok(grownMiB < 32, `${Math.round(grownMiB)} MiB more than before`);
  t.same(fixture.errors, []);
  await fixture.fleet.stop();
});
