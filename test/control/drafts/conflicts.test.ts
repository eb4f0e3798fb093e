/** What may stand beside what: every conflict is refused and names the other party. */
import t from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { Problem } from '../../../src/model/errors.ts';
import { bluegreen, makeEngine, withService, zoneBody } from '../../fixtures/engine.ts';

const put = (name: string, type: string, ...rdata: string[]): Command => ({
  kind: 'rrset.put',
  zone: 'example.com',
  name,
  type,
  body: { ttlSeconds: 60, rdata },
});
const host = (name: string): Command => ({
  kind: 'service.put',
  name,
  body: {
    pools: { blue: { weight: 1, targets: ['blue.example.net'] }, green: { weight: 0, targets: ['green.example.net'] } },
  },
});
const addresses = (name: string): Command => ({ kind: 'service.put', name, body: bluegreen(1, 1) });

/** First commands that succeed, then one that is refused: its code and the other party. */
const cases: [string, Command[], Command, string, string][] = [
  ['A beside an address service', [], put('app.example.com', 'A', '192.0.2.1'), 'service_conflict', 'app.example.com'],
  ['AAAA beside an address service', [], put('app.example.com', 'AAAA', '::1'), 'service_conflict', 'app.example.com'],
  [
    'CNAME beside an address service',
    [],
    put('app.example.com', 'CNAME', 'x.test.'),
    'service_conflict',
    'app.example.com',
  ],
  [
    'TXT beside a host service',
    [host('h.example.com')],
    put('h.example.com', 'TXT', 'hi'),
    'service_conflict',
    'h.example.com',
  ],
  [
    'an address service over A',
    [put('w.example.com', 'A', '192.0.2.1')],
    addresses('w.example.com'),
    'service_conflict',
    'w.example.com/A',
  ],
  [
    'a host service over TXT',
    [put('w.example.com', 'TXT', 'hi')],
    host('w.example.com'),
    'service_conflict',
    'w.example.com/TXT',
  ],
  ['a host service at the apex', [], host('example.com'), 'apex_conflict', 'example.com'],
  ['CNAME at the apex', [], put('example.com', 'CNAME', 'x.test.'), 'apex_conflict', 'example.com'],
  ['NS at the apex', [], put('example.com', 'NS', 'ns.test.'), 'apex_conflict', 'example.com'],
  ['SOA at the apex', [], put('example.com', 'SOA', 'a. b. 1 2 3 4 5'), 'apex_conflict', 'example.com'],
  [
    'CNAME beside TXT',
    [put('w.example.com', 'TXT', 'hi')],
    put('w.example.com', 'CNAME', 'x.test.'),
    'cname_conflict',
    'w.example.com/TXT',
  ],
  [
    'TXT beside CNAME',
    [put('w.example.com', 'CNAME', 'x.test.')],
    put('w.example.com', 'TXT', 'hi'),
    'cname_conflict',
    'w.example.com/CNAME',
  ],
  [
    'a cut above a service',
    [addresses('a.sub.example.com')],
    put('sub.example.com', 'NS', 'ns.test.'),
    'service_conflict',
    'a.sub.example.com',
  ],
  [
    'a service below a cut',
    [put('sub.example.com', 'NS', 'ns.test.')],
    addresses('a.sub.example.com'),
    'service_conflict',
    'sub.example.com/NS',
  ],
  [
    'a service below a DNAME',
    [put('sub.example.com', 'DNAME', 'd.test.')],
    addresses('a.sub.example.com'),
    'service_conflict',
    'sub.example.com/DNAME',
  ],
  [
    'a zone with services',
    [],
    { kind: 'zone.delete', zone: 'example.com', withServices: false },
    'zone_has_services',
    'app.example.com',
  ],
];

for (const [what, before, command, code, conflict] of cases) {
  t.test(what, async (t) => {
    const fixture = withService(makeEngine(t));
    for (const earlier of before) fixture.must(earlier);
    const problem = fixture.execute(command);
    t.ok(problem instanceof Problem);
    t.match(problem, { code, conflict });
  });
}

t.test('an address service lives beside MX and TXT, at the apex too', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must(put('app.example.com', 'MX', '10 mail.example.com.'));
  fixture.must(put('app.example.com', 'TXT', 'hi'));
  fixture.must(addresses('example.com'));
  t.same(fixture.ask('app.example.com', 'TXT'), ['"hi"']);
});

t.test('CNAME pools are answered as CNAME', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must(host('h.example.com'));
  t.same(fixture.ask('h.example.com'), ['blue.example.net.']);
});

t.test('a zone is deleted with what is in it', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must(put('www.example.com', 'A', '192.0.2.80'));
  fixture.must({ kind: 'zone.delete', zone: 'example.com', withServices: true });
  t.equal(fixture.ask('www.example.com'), 5, 'REFUSED');
  t.equal(fixture.code({ kind: 'weights.put', name: 'app.example.com', weights: {} }), 'service_unknown');
  fixture.must({ kind: 'zone.put', zone: 'example.com', body: zoneBody });
  t.equal(fixture.ask('www.example.com'), 3, 'NXDOMAIN: the records did not come back');
});

t.test('bad RRsets, services and zones are refused, each with its code', async (t) => {
  const fixture = withService(makeEngine(t));
  const service = (pools: object): Command => ({
    kind: 'service.put',
    name: 'x.example.com',
    body: { pools } as never,
  });
  const pool = (...targets: string[]) => ({ weight: 1, targets });
  const zone = (more: object): Command => ({ kind: 'zone.put', zone: 'z.test', body: { ...zoneBody, ...more } });
  const seventeen = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`p${i}`, pool(`192.0.2.${i}`)]));
  const table: [Command, string][] = [
    [put('w.example.com', 'A', 'not-an-address'), 'rdata_invalid'],
    [put('w.example.com', 'A', '192.0.2.1', '192.0.2.1'), 'rdata_invalid'],
    [put('w.example.com', 'A'), 'rrset_invalid'],
    [put('w.example.com', 'CNAME', 'a.test.', 'b.test.'), 'rrset_invalid'],
    [put('w.example.com', 'SOA', 'a. b. 1 2 3 4 5'), 'rrset_invalid'],
    [put('w.example.com', 'NOPE', 'x'), 'type_unknown'],
    [put('w.example.com', 'ANY', 'x'), 'type_unknown'],
    [put('w.example.com', 'OPT', 'x'), 'type_unknown'],
    [put('w.other.test', 'A', '192.0.2.1'), 'name_outside_zones'],
    [put('a..b.example.com', 'A', '192.0.2.1'), 'name_invalid'],
    [put('a.*.example.com', 'A', '192.0.2.1'), 'name_invalid'],
    [{ ...put('w.example.com', 'A', '192.0.2.1'), zone: 'none.test' } as Command, 'zone_unknown'],
    [
      { ...put('w.example.com', 'A', '192.0.2.1'), body: { ttlSeconds: -1, rdata: ['192.0.2.1'] } } as Command,
      'ttl_invalid',
    ],
    [
      { ...put('w.example.com', 'A', '192.0.2.1'), body: { ttlSeconds: 2 ** 31, rdata: ['192.0.2.1'] } } as Command,
      'ttl_invalid',
    ],
    [{ kind: 'rrset.delete', zone: 'example.com', name: 'w.example.com', type: 'A' }, 'rrset_unknown'],
    [service({ blue: pool('192.0.2.1') }), 'service_invalid'],
    [service(seventeen), 'service_invalid'],
    [service({ blue: pool('192.0.2.1'), Green: pool('192.0.2.2') }), 'service_invalid'],
    [service({ blue: pool('192.0.2.1'), green: pool() }), 'service_invalid'],
    [service({ blue: pool('192.0.2.1', '192.0.2.1'), green: pool('192.0.2.2') }), 'service_invalid'],
    [service({ blue: pool('999.0.2.1'), green: pool('192.0.2.2') }), 'service_invalid'],
    [service({ blue: pool('x.example.com'), green: pool('y.test') }), 'service_invalid'],
    [service({ blue: pool('a.test', 'b.test'), green: pool('y.test') }), 'service_invalid'],
    [service({ blue: pool('a.test', '192.0.2.1'), green: pool('y.test') }), 'targets_mixed'],
    [service({ blue: pool('192.0.2.1'), green: pool('y.test') }), 'targets_mixed'],
    [service({ blue: pool('192.0.2.1'), green: { targets: ['192.0.2.2'] } }), 'weights_invalid'],
    [
      service({ blue: { weight: 0, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } }),
      'weights_all_zero',
    ],
    [service({ blue: { weight: 65536, targets: ['192.0.2.1'] }, green: pool('192.0.2.2') }), 'weights_invalid'],
    [
      { ...service({ blue: pool('192.0.2.1'), green: pool('192.0.2.2') }), name: 'x.other.test' } as Command,
      'name_outside_zones',
    ],
    [zone({ nameservers: [] }), 'zone_invalid'],
    [zone({ nameservers: ['192.0.2.1'] }), 'zone_invalid'],
    [zone({ nameservers: ['ns1.z.test', 'NS1.z.test.'] }), 'zone_invalid'],
    [zone({ hostmaster: 'host@z.test' }), 'zone_invalid'],
    [zone({ negativeTtlSeconds: 1.5 }), 'ttl_invalid'],
    [{ ...zone({}), zone: '*.z.test' } as Command, 'name_invalid'],
    [{ kind: 'zone.delete', zone: 'z.test', withServices: false }, 'zone_unknown'],
  ];
  for (const [command, code] of table) t.equal(fixture.code(command), code, JSON.stringify(command));
  t.equal(fixture.store.lastRevision, 2, 'nothing was changed');
});

t.test('a pool keeps its weight where a PUT of the service leaves it out', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must({ kind: 'weights.put', name: 'app.example.com', weights: { blue: 90, green: 10 } });
  const body = { pools: { blue: { targets: ['192.0.2.11'] }, green: { targets: ['192.0.2.21'] } } };
  const outcome = fixture.must({ kind: 'service.put', name: 'app.example.com', body });
  t.match(outcome.body, { pools: { blue: { weight: 90 }, green: { weight: 10 } }, shares: { blue: 0.9 } });
});
