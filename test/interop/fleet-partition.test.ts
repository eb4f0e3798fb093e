/**
 * A nameserver that a cut wire parts from etcd, and from nobody who asks it: it answers every query, stops claiming, and is
 * current again when the wire is. The same with a build that does not wait for the others before its 2xx: the checker sees it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { EventReader } from '../fixtures/event-source.ts';
import { openWire, SERVER } from '../fixtures/two-namespaces.ts';
import { Checker, FleetFixture, until } from './fleet.ts';
import { layWire } from './parted.ts';
import { WITHOUT_THE_WAIT } from './without-the-wait.ts';

/** The wire between etcd and the cut node; etcd itself is behind it, so that it stays where it is when the wire is down. */
const [NEAR, FAR, ETCD] = ['10.78.0.1', '10.78.0.2', '10.78.0.9'];

interface Parted {
  readonly fleet: FleetFixture;
  readonly checker: Checker;
  readonly cut: { set(state: 'up' | 'down'): void };
}

/** ns1 and ns2 beside etcd, ns3 behind the wire; undefined where the system has no namespaces for us. */
async function start(t: Test, env: Record<string, string> = {}): Promise<Parted | undefined> {
  const wire = openWire();
  if (typeof wire === 'string') {
    t.comment(`LEFT OUT: ${wire}`);
    return undefined;
  }
  t.teardown(() => wire.close());
  const cut = layWire(wire, { near: NEAR, far: FAR, hosts: [ETCD] });
  const behind = {
    wrapper: wire.atServer,
    env: { TEAL_DNS_LISTEN: `${SERVER.v4}:0`, TEAL_ADMIN_LISTEN: `${SERVER.v4}:0`, TEAL_ADMIN_INSECURE: 'true' },
  };
  const place = (name: string) => (name === 'ns3' ? behind : {});
  const fleet = await FleetFixture.start(3, env, { members: 1, host: ETCD, place });
  t.teardown(() => fleet.stop());
  return { fleet, checker: new Checker(fleet), cut };
}

const currentOf = async (fleet: FleetFixture, name: string): Promise<boolean> =>
  (await fleet.node(name).process.call('GET', '/readyz')).body.fleet.current;

interface Listening {
  readonly standings: () => string[];
  /** All of it, whether the stream still stands, and what another one tells from its end on. */
  readonly seen: () => Promise<string>;
}

/**
 * What the stream of a node's events has told of how it stands, once it is open; where it ends it is opened again after the
 * last event that came, as browsers do.
 */
async function listen(t: Test, fleet: FleetFixture, name: string): Promise<Listening> {
  const { admin, token } = fleet.node(name).process;
  const readers: EventReader[] = [];
  let isOver = false;
  t.teardown(() => {
    isOver = true;
    for (const reader of readers) reader.close();
  });
  const follow = async (): Promise<void> => {
    for (let last: string | undefined; !isOver; ) {
      const reader = await EventReader.open(`${admin}/v1/events`, token, last).catch(() => undefined);
      if (reader !== undefined) {
        readers.push(reader);
        const how = await reader.ended;
        last = reader.lastEventId || last;
        if (!isOver) t.comment(`the stream of ${name} (${reader.response.status}) was ${how} after ${last}`);
      }
      // A refusal is over at once.
      await sleep(50);
    }
  };
  void follow();
  await until('the stream of events is open', async () => readers.some(({ lastEventId }) => lastEventId !== ''));
  const told = (of: readonly EventReader[]): string[] => {
    const events = of.flatMap(({ events }) => events).filter(({ event }) => event === 'node');
    return events.map(({ data: { standing, current } }) => `${standing} ${current ? 'current' : 'stale'}`);
  };
  const seen = async (): Promise<string> => {
    const last = readers.at(-1) as EventReader;
    const { comments, lastEventId } = last;
    const other = await EventReader.open(`${admin}/v1/events`, token, lastEventId);
    // What it has missed comes at once; a heartbeat is behind that.
    await until('a heartbeat', async () => other.comments > 0).finally(() => other.close());
    return `${told(readers)}, until ${lastEventId}; heartbeats: ${comments}, then ${last.comments}; another: ${told([other])}`;
  };
  return { standings: () => told(readers), seen };
}

t.test('a node that is cut off', async (t) => {
  const parted = await start(t);
  if (parted === undefined) return;
  const { fleet, checker, cut } = parted;
  checker.begin();
  for (let n = 0; n < 10; n++) t.match(await checker.writeToAll('ns1'), { body: { fleet: { behind: [] } } });

  const { standings, seen } = await listen(t, fleet, 'ns3');
  cut.set('down');
  const first = await checker.write('ns1');
  t.match(first, { status: 200, body: { fleet: { answering: ['ns1', 'ns2'], behind: [{ node: 'ns3' }] } } });
  t.equal(await currentOf(fleet, 'ns3'), false, 'it claims nothing when a change without it is acknowledged');
  for (let n = 0; n < 10; n++) t.match(await checker.write('ns2'), { body: { fleet: { behind: { length: 1 } } } });
  const before = checker.answers;
  await until('answers while it is cut off', async () => checker.answers > before + 500);
  const refused = await fleet
    .node('ns3')
    .process.call('PUT', '/v1/services/app.example.test/weights', { blue: 1, green: 1 });
  t.match(refused, { status: 503, body: { code: 'fleet_unavailable' } });
  t.equal(refused.headers.get('teal-stale'), 'true');

  cut.set('up');
  await fleet.live('ns3');
  for (const name of ['ns1', 'ns3']) {
    t.match(await checker.writeToAll(name), {
      status: 200,
      body: { fleet: { answering: ['ns1', 'ns2', 'ns3'], behind: [] } },
    });
  }
  await until('it tells that it is current', async () => standings().at(-1) === 'live current').catch(
    async (error: Error) => {
      throw new Error(`${error.message}: ${await seen()}`);
    },
  );
  t.ok(standings().includes('live stale'), standings().join(', '));
  await checker.end();
  t.comment(`${checker.answers} answers, ${checker.claimed} of nodes that claimed`);
  t.ok(checker.claimed > 100);
  t.same(
    checker.faults,
    [],
    'every query was answered, and none of a node that claimed was older than what was acknowledged',
  );
});

t.test('the checker sees a build that does not wait', async (t) => {
  const parted = await start(t, { NODE_OPTIONS: WITHOUT_THE_WAIT });
  if (parted === undefined) return;
  const { fleet, checker, cut } = parted;
  checker.begin();
  await until('a node that is cut off claims, and answers by what was before', async () => {
    cut.set('up');
    await fleet.live('ns3');
    t.equal((await checker.write('ns1')).status < 300, true);
    cut.set('down');
    await checker.write('ns1');
    const before = checker.answers;
    await until('some answers', async () => checker.answers > before + 100);
    return checker.faults.some((fault) => fault.startsWith('ns3 claimed'));
  });
  await checker.end();
  // Those that are not cut off are late by a moment too.
  for (const fault of checker.faults) t.match(fault, /^ns\d claimed, and answered \d+ after \d+ was acknowledged$/);
});
