/** Services together with everything else: wildcards, aliases, cuts, ANY, other records at their name. */
import t from 'tap';
import { service } from '../fixtures/table.ts';
import { texts, world } from '../fixtures/world.ts';

const NXDOMAIN = 3;
const addresses: [string, string][] = [
  ['blue', '192.0.2.10'],
  ['green', '192.0.2.20'],
];

/** Blue and green at the same weight, with an A and an AAAA each. */
function app(name: string, zone = 'a.test') {
  return service(zone, name, {
    blue: [1, '192.0.2.10', '2001:db8::10'],
    green: [1, '192.0.2.20', '2001:db8::20'],
  });
}

const { ask, table } = world(
  {
    'a.test': `
      www CNAME app.a.test.
      old DNAME new.a.test.
      app TXT "beside it"
      app MX 10 mail.a.test.
      cut NS ns.cut.a.test.
      deep CNAME q.wild.a.test.`,
    'b.test': 'cross CNAME canary.a.test.',
  },
  [
    app('app.a.test'),
    app('a.test'),
    app('*.wild.a.test'),
    app('app.new.a.test'),
    app('hidden.cut.a.test'),
    app('one.two.a.test'),
    service(
      'a.test',
      'canary.a.test',
      { blue: [1, 'app.a.test'], green: [1, 'app.new.a.test'] },
      { kind: 'host', ttlSeconds: 7 },
    ),
    service('a.test', '*.hosts.a.test', { blue: [1, 'app.a.test'], green: [1, 'nope.a.test'] }, { kind: 'host' }),
    service('b.test', 'loop.b.test', { blue: [1, 'loop.b.test'], green: [1, 'back.b.test'] }, { kind: 'host' }),
  ],
);

/** Everything that 60 answers to one question said. */
function said(name: string, type: number | string = 'A'): Set<string> {
  return new Set(Array.from({ length: 60 }, () => texts(ask(name, type).answers).join(' | ')));
}

t.test('a service is chosen wherever a query ends at it', (t) => {
  for (const [name, before] of [
    ['app.a.test', ''],
    ['a.test', ''],
    ['one.two.a.test', ''],
    ['q.wild.a.test', ''],
    ['x.y.wild.a.test', ''],
  ] as const) {
    t.same(
      [...said(name)].sort(),
      addresses.map(([, address]) => `${before}${name}. 1 ${address}`),
      name,
    );
  }
  t.same(
    [...said('www.a.test')].sort(),
    addresses.map(([, address]) => `app.a.test. 1 ${address} | www.a.test. 5 app.a.test.`),
  );
  t.same(
    [...said('deep.a.test')].sort(),
    addresses.map(([, a]) => `deep.a.test. 5 q.wild.a.test. | q.wild.a.test. 1 ${a}`),
  );
  t.equal(said('app.old.a.test').size, 2, 'behind a DNAME');
  t.match(ask('app.old.a.test').answers, [{ type: 39 }, { type: 5 }, { type: 1, name: 'app.new.a.test.' }]);
  t.end();
});

t.test('a service of host names answers CNAME, and what is behind it, through zones and wildcards', (t) => {
  const targets = ['app.a.test.', 'app.new.a.test.'];
  t.same(
    [...said('canary.a.test', 'CNAME')].sort(),
    targets.map((target) => `canary.a.test. 5 ${target}`),
  );
  t.equal(said('cross.b.test').size, 4, 'either host, either of its pools');
  t.match(ask('cross.b.test').answers, [{ name: 'cross.b.test.' }, { name: 'canary.a.test.', ttl: 7 }, { type: 1 }]);
  const rcodes = new Set(Array.from({ length: 60 }, () => ask('q.hosts.a.test').rcode));
  t.same([...rcodes].sort(), [0, NXDOMAIN], 'the last name decides (RFC 6604 §3)');
  t.same([...said('loop.b.test')].sort(), ['loop.b.test. 5 back.b.test.', 'loop.b.test. 5 loop.b.test.']);
  t.end();
});

t.test('other types at a service’s name are answered as ever, what is missing lives no longer than its TTL', (t) => {
  t.match(ask('app.a.test', 'TXT'), { answers: [{ data: '"beside it"', ttl: 300 }] });
  t.match(ask('app.a.test', 'MX'), { answers: [{ data: '10 mail.a.test.' }] });
  t.match(ask('app.a.test', 'SRV'), { rcode: 0, aa: true, answers: [], authority: [{ type: 6, ttl: 5 }] });
  t.match(ask('q.wild.a.test', 'SRV'), { rcode: 0, answers: [], authority: [{ type: 6, ttl: 5 }] });
  t.match(ask('canary.a.test', 'SRV').answers, [{ type: 5 }]);
  t.match(ask('a.test', 'SOA').answers, [{ type: 6 }]);
  t.match(ask('two.a.test'), { rcode: 0, answers: [], authority: [{ ttl: 60 }] }, 'an empty non-terminal above it');
  t.match(ask('hidden.cut.a.test'), { aa: false, authority: [{ name: 'cut.a.test.' }] }, 'below a cut it is not ours');
  t.end();
});

t.test('ANY gets one RRset (RFC 8482 §4.1): of a service, one of a pool', (t) => {
  t.same(
    [...said('one.two.a.test', 'ANY')].sort(),
    addresses.map(([, address]) => `one.two.a.test. 1 ${address}`),
  );
  t.same([...said('canary.a.test', 'ANY')].sort(), [
    'canary.a.test. 5 app.a.test.',
    'canary.a.test. 5 app.new.a.test.',
  ]);
  t.equal(ask('old.a.test', 'ANY').answers.length, 1);
  t.match(ask('two.a.test', 'ANY'), { rcode: 0, answers: [] });
  t.match(ask('nope.a.test', 'ANY'), { rcode: NXDOMAIN });
  t.match(ask('www.a.test', 'ANY').answers, [{ type: 5 }]);
  t.end();
});

t.test('an answer counts for the pool that gave it, a denial for none', (t) => {
  const { ask: askNew, table: counted } = world({ 'c.test': 'alias CNAME app.c.test.' }, [
    service('c.test', 'app.c.test', { blue: [1, '192.0.2.1'], green: [0, '192.0.2.2'] }),
  ]);
  const blue = (): number => counted.observed.poolCounts('app.c.test').blue.answers;
  for (const name of ['app.c.test', 'alias.c.test']) askNew(name);
  t.equal(blue(), 2);
  askNew('app.c.test', 'AAAA');
  askNew('app.c.test', 'TXT');
  t.equal(blue(), 2);
  t.match(counted.observed.poolCounts('app.c.test'), {
    blue: { lastTtlSeconds: 5, lastAtMs: 1000 },
    green: { answers: 0 },
  });
  t.ok(table.observed.poolCounts('app.a.test').blue.answers > 0);
  t.end();
});
