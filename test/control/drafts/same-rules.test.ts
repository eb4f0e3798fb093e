/** The API and zone files go by one set of rules: what one refuses the other refuses, case by case. */
import t from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { ZoneFiles } from '../../../src/control/zone-files/zone-files.ts';
import { Problem } from '../../../src/model/errors.ts';
import { TYPES_MAX } from '../../../src/model/record-rules.ts';
import type { ZoneBody } from '../../../src/model/zone.ts';
import { readZone } from '../../../src/model/zone-check.ts';
import { systemClock } from '../../../src/server/system-clock.ts';
import { bluegreen, makeEngine, NOON_MS } from '../../fixtures/engine.ts';

type ZoneReply = ZoneBody & { name: string; serial: number; revision: number };

const zonePut = (...nameservers: string[]): Command => ({
  kind: 'zone.put',
  zone: 'example',
  body: { nameservers, hostmaster: 'h.example' },
});
const hostPools = { blue: { weight: 1, targets: ['b.test'] }, green: { weight: 1, targets: ['g.test'] } };
const hostService = (name: string): Command => ({ kind: 'service.put', name, body: { pools: hostPools } });
const top = '$TTL 60\n@ SOA ns.other. h 1 2 3 4 5\n';

/** A line of a zone file, `name TYPE rdata`, as a command. */
function put(line: string): Command {
  const [owner = '', type = '', ...rest] = line.split(' ');
  const name = owner === '@' ? 'example' : `${owner}.example`;
  // Names in the lines are in full where they are of this zone.
  return { kind: 'rrset.put', zone: 'example', name, type, body: { ttlSeconds: 60, rdata: [rest.join(' ')] } };
}

/** Nameserver, lines in the order in which the API is told, the error of the file, the code of the last line's refusal. */
const cases: [string, string, string[], string | undefined, string | undefined][] = [
  ['a nameserver without an address', 'ns1.example', [], undefined, undefined],
  ['a nameserver that is a CNAME', 'ns1.example', ['ns1 CNAME a.test.'], 'target_is_alias', 'cname_conflict'],
  ['a nameserver that a wildcard makes an alias', 'n.w.example', ['*.w CNAME a.test.'], undefined, undefined],
  ['a nameserver in a delegated child', 'ns.sub.example', ['sub NS ns.test.'], undefined, undefined],
  [
    'a nameserver in a delegated child, with glue',
    'ns.sub.example',
    ['sub NS ns.sub.example.', 'ns.sub A 192.0.2.1'],
    undefined,
    undefined,
  ],
  ['TXT below a DNAME', 'ns.test', ['d DNAME a.test.', 'x.d TXT x'], 'dname_has_descendants', 'dname_conflict'],
  ['TXT deep below a DNAME', 'ns.test', ['d DNAME a.test.', 'x.y.d TXT x'], 'dname_has_descendants', 'dname_conflict'],
  ['a DNAME above a TXT', 'ns.test', ['x.y.d TXT x', 'd DNAME a.test.'], 'dname_has_descendants', 'dname_conflict'],
  [
    'a DNAME below a DNAME',
    'ns.test',
    ['d DNAME a.test.', 'x.d DNAME b.test.'],
    'dname_has_descendants',
    'dname_conflict',
  ],
  [
    'a DNAME at the apex above a TXT',
    'ns.test',
    ['x TXT x', '@ DNAME a.test.'],
    'dname_has_descendants',
    'dname_conflict',
  ],
  [
    'TXT below a DNAME at the apex',
    'ns.test',
    ['@ DNAME a.test.', 'x TXT x'],
    'dname_has_descendants',
    'dname_conflict',
  ],
  [
    'a hashed name below a DNAME',
    'ns.test',
    ['@ DNAME a.test.', 'x NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s'],
    undefined,
    undefined,
  ],
  [
    'its signature',
    'ns.test',
    ['@ DNAME a.test.', 'x RRSIG NSEC3 8 2 60 20300101000000 20200101000000 1 example. AAAA'],
    undefined,
    undefined,
  ],
  [
    'a DNAME above a hashed name',
    'ns.test',
    ['x NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s', '@ DNAME a.test.'],
    undefined,
    undefined,
  ],
  ['data beside a DNAME', 'ns.test', ['d DNAME a.test.', 'd TXT x'], undefined, undefined],
  [
    'a name that only looks as if it were below a DNAME',
    'ns.test',
    ['x\\.d TXT x', 'd DNAME a.test.'],
    undefined,
    undefined,
  ],
  ['TXT beside a CNAME', 'ns.test', ['c CNAME a.test.', 'c TXT x'], 'cname_and_other_data', 'cname_conflict'],
  ['a CNAME beside a TXT', 'ns.test', ['c TXT x', 'c CNAME a.test.'], 'cname_and_other_data', 'cname_conflict'],
  ['NSEC beside a CNAME', 'ns.test', ['c CNAME a.test.', 'c NSEC d.example. CNAME'], undefined, undefined],
  ['a CNAME beside NSEC', 'ns.test', ['c NSEC d.example. CNAME', 'c CNAME a.test.'], undefined, undefined],
  [
    'a CNAME beside its signature',
    'ns.test',
    ['c RRSIG CNAME 8 2 60 20300101000000 20200101000000 1 example. AAAA', 'c CNAME a.test.'],
    undefined,
    undefined,
  ],
  ['mail to an alias', 'ns.test', ['c CNAME a.test.', '@ MX 1 c.example.'], undefined, undefined],
  ['data below a delegation', 'ns.test', ['sub NS ns.test.', 'x.sub TXT x'], undefined, undefined],
];

for (const [what, nameserver, lines, error, code] of cases) {
  t.test(what, async (t) => {
    const file = `${top}@ NS ${nameserver}.\n${lines.join('\n')}\n`;
    const { errors } = readZone('example', Buffer.from(file)).findings;
    t.equal(errors[0]?.code, error, errors[0]?.message ?? 'no error');
    const fixture = makeEngine(t);
    fixture.must(zonePut(nameserver));
    const results = lines.map((line) => fixture.execute(put(line)));
    const last = results.pop();
    for (const result of results) t.notOk(result instanceof Problem);
    t.equal(last instanceof Problem ? last.code : undefined, code);
  });
}

for (const [owner, most] of [
  ['x', TYPES_MAX],
  ['@', TYPES_MAX - 2],
] as const) {
  t.test(`records of ${most} types at ${owner} and of no more`, async (t) => {
    const fixture = makeEngine(t);
    fixture.must(zonePut('ns.test'));
    const lines = Array.from({ length: most + 1 }, (_, i) => `${owner} TYPE${1000 + i} \\# 0`);
    const last = lines.pop() as string;
    const errors = (lines: string[]) => {
      const file = `${top}@ NS ns.test.\n${lines.join('\n')}\n`;
      return readZone('example', Buffer.from(file)).findings.errors.map(({ code, line }) => `${code} ${line}`);
    };
    for (const line of lines) fixture.must(put(line));
    t.same(errors(lines), []);
    const conflict = owner === '@' ? 'example' : 'x.example';
    t.match(fixture.execute(put(last)), { code: 'limit_reached', conflict, detail: /257 types.*256\.$/ });
    t.same(errors([...lines, last]), [`types_too_many ${3 + most + 1}`], 'the place of the first that is one too many');
    fixture.must(put(lines[0] as string));
    const gone: Command = { kind: 'rrset.delete', zone: 'example', name: conflict, type: 'TYPE1001' };
    fixture.must(gone);
    fixture.must(put(last));
  });
}

t.test('records that differ in case are one where RFC 4034 §6.2 says so, and several where bytes count', async (t) => {
  const fixture = makeEngine(t);
  fixture.must(zonePut('ns.test'));
  const pair = (type: string, ...rdata: string[]) => {
    const command: Command = {
      kind: 'rrset.put',
      zone: 'example',
      name: 'x.example',
      type,
      body: { ttlSeconds: 60, rdata },
    };
    const text = `${top}@ NS ns.test.\n${rdata.map((each) => `x ${type} ${each}\n`).join('')}`;
    const { content } = readZone('example', Buffer.from(text));
    return [fixture.code(command), content.rrsets('x.example')[0]?.rdata.length];
  };
  for (const [type, one, other] of [
    ...[
      ['PTR', 'A.test.', 'a.test.'],
      ['MX', '1 A.test.', '1 a.Test.'],
      ['NS', 'N.test.', 'n.test.'],
      ['SRV', '1 1 1 S.', '1 1 1 s.'],
    ],
    ...[
      ['RP', 'R. X.', 'r. x.'],
      ['AFSDB', '1 A.', '1 a.'],
      ['NAPTR', '1 1 "" "" "" A.', '1 1 "" "" "" a.'],
      ['KX', '1 K.', '1 k.'],
    ],
    ['RRSIG', 'A 8 2 60 20300101000000 20200101000000 1 E. AAAA', 'A 8 2 60 20300101000000 20200101000000 1 e. AAAA'],
  ] as [string, string, string][])
    t.same(pair(type, one, other), ['rdata_invalid', 1], type);
  for (const [type, one, other] of [
    ['HTTPS', '1 A.test.', '1 a.test.'],
    ['SVCB', '1 A.test.', '1 a.test.'],
    ['TXT', '"A"', '"a"'],
    ['TYPE65280', '\\# 1 41', '\\# 1 61'],
    ['NAPTR', '1 1 "A" "" "" .', '1 1 "a" "" "" .'],
  ] as [string, string, string][])
    t.same(pair(type, one, other), ['none', 2], type);
  // An equal name in another case is a change of its spelling.
  fixture.must(put('y MX 1 A.test.'));
  fixture.must(put('y MX 1 a.test.'));
  t.same(fixture.ask('y.example', 'MX'), ['1 a.test.']);
});

t.test('a service that answers with a CNAME is as much an alias as a CNAME: both ways, in API and files', async (t) => {
  const fixture = makeEngine(t);
  fixture.must(zonePut('ns.test'));
  fixture.must(hostService('app.example'));
  t.match(fixture.execute(zonePut('app.example')), { code: 'service_conflict', conflict: 'app.example' });
  fixture.must(put('c CNAME a.test.'));
  t.match(fixture.execute(zonePut('c.example')), { code: 'cname_conflict', conflict: 'c.example/CNAME' });
  fixture.must({ kind: 'service.put', name: 'ns.example', body: bluegreen(1, 1) });
  fixture.must(zonePut('ns.example'));
  t.match(
    fixture.execute(hostService('ns.example')),
    { code: 'service_conflict', conflict: 'example/NS' },
    'it becomes one',
  );
  fixture.must({ kind: 'service.put', name: 'ns.example', body: bluegreen(2, 1) });
  fixture.must(zonePut('ns.example', 'new.example'));
  t.match(fixture.execute(hostService('new.example')), { code: 'service_conflict', conflict: 'example/NS' });
  t.match(fixture.execute(put('new CNAME a.test.')), { code: 'cname_conflict', conflict: 'example/NS' });
  fixture.must(zonePut('ns.test'));
  fixture.must(hostService('new.example'));

  const files = new ZoneFiles(fixture.store, fixture.table, fixture.engine, systemClock);
  t.teardown(() => files.stop());
  const send = (text: string) => files.import('example', Buffer.from(top + text), { actor: 'test', atMs: NOON_MS });
  t.match(await send('@ NS app.\n@ NS app\n'), {
    code: 'zone_file_invalid',
    findings: [{ code: 'target_is_alias', line: 3 }],
  });
  t.match(await send('@ NS ns.test.\n@ MX 1 app\nx SRV 1 1 1 app\nsub NS app\n@ MX 2 ns\n'), {
    body: { warnings: [4, 5, 6].map((line) => ({ code: 'target_is_alias', line })) },
  });
});

t.test('what a file would be warned of, a PUT is warned of: aliases and hosts without addresses', async (t) => {
  const fixture = makeEngine(t);
  fixture.must(zonePut('ns.test'));
  fixture.must(hostService('app.example'));
  fixture.must({ kind: 'service.put', name: 'ok.example', body: bluegreen(1, 1) });
  fixture.must(put('c CNAME a.test.'));
  fixture.must(put('*.w CNAME a.test.'));
  fixture.must(put('m A 192.0.2.1'));
  const warned = (line: string) => {
    const { body } = fixture.must(put(line)) as { body: { warnings?: { code: string }[] } };
    return body.warnings?.map(({ code }) => code);
  };
  for (const host of ['app', 'c', 'x.w']) t.same(warned(`@ MX 1 ${host}.example.`), ['target_is_alias'], host);
  for (const host of ['ok', 'm', 'blue.ok', 'green.ok']) t.same(warned(`@ MX 1 ${host}.example.`), undefined, host);
  t.same(warned('@ MX 1 none.example.'), ['address_missing']);
  t.same(warned('@ MX 1 none.example.'), ['address_missing'], 'where nothing changes too');
  t.same(warned('_a._tcp SRV 1 1 1 c.example.'), ['target_is_alias']);
  t.same(warned('sub NS app.example.'), ['target_is_alias']);
  t.same(warned('sub NS ns.sub.example.'), ['glue_missing']);
  fixture.must(put('ns.sub A 192.0.2.1'));
  t.same(warned('sub NS ns.sub.example.'), undefined);
  t.same(warned('@ MX 0 .'), undefined);
  t.same(warned('@ MX 1 mail.other.'), undefined);
  fixture.must({ ...zonePut('ns.test'), zone: 'child.example' } as Command);
  t.same(warned('@ MX 1 mail.child.example.'), undefined, 'for the child to say');
});

t.test('an alias that comes to stand where mail and services are sent is told of those that name it', async (t) => {
  const fixture = makeEngine(t);
  fixture.must(zonePut('ns.test'));
  for (const host of ['c', 'app']) {
    fixture.must(put(`@ MX 1 ${host === 'c' ? 'C' : host}.example.`));
    fixture.must(put(`_a._tcp SRV 1 1 1 ${host}.example.`));
    fixture.must(put(`sub NS ${host}.example.`));
    fixture.must(put('x TXT c.example.'));
    fixture.must({ kind: 'service.put', name: 'app.example', body: bluegreen(1, 1) });
    const { body } = fixture.must(host === 'c' ? put('c CNAME a.test.') : hostService('app.example'));
    t.match((body as { warnings: object[] }).warnings, [
      { code: 'target_is_alias', message: `_a._tcp.example. SRV names ${host}.example., which is an alias: RFC 2782` },
      { code: 'target_is_alias', message: `example. MX names ${host}.example., which is an alias: RFC 2181 §10.3` },
      { code: 'target_is_alias', message: `sub.example. NS names ${host}.example., which is an alias: RFC 2181 §10.3` },
    ]);
    t.equal((body as { warnings: object[] }).warnings.length, 3);
  }
  const { body } = fixture.must(put('d CNAME a.test.'));
  t.notOk('warnings' in (body as object));
});

t.test('a nameserver of a new child zone that the child takes over as an alias', async (t) => {
  const fixture = makeEngine(t);
  fixture.must(zonePut('ns.test'));
  fixture.must(hostService('ns.sub.example'));
  const child = { ...zonePut('ns.sub.example'), zone: 'sub.example' } as Command;
  t.match(fixture.execute(child), { code: 'service_conflict', conflict: 'ns.sub.example' });
});

t.test(
  'what an import brought may be changed and deleted by the API, though the API would not have made it',
  async (t) => {
    const fixture = makeEngine(t);
    const files = new ZoneFiles(fixture.store, fixture.table, fixture.engine, systemClock);
    t.teardown(() => files.stop());
    const text = `${top}@ NS ns.test.\na.*.b TXT x\n`;
    t.match(await files.import('example', Buffer.from(text), { actor: 'test', atMs: NOON_MS }), { created: true });
    t.match(fixture.queries.rrset('example', 'a.*.b.example', 'TXT'), { body: { rdata: ['"x"'] } });
    fixture.must(put('a.*.b TXT y'));
    fixture.must({ kind: 'rrset.delete', zone: 'example', name: 'a.*.b.example', type: 'TXT' });
    t.equal(fixture.code(put('a.*.b TXT y')), 'name_invalid');
  },
);

t.test('what an import says of a zone may be written back: many nameservers, odd names, no mailbox', async (t) => {
  const fixture = makeEngine(t);
  const files = new ZoneFiles(fixture.store, fixture.table, fixture.engine, systemClock);
  t.teardown(() => files.stop());
  const servers = ['_ns', ...Array.from({ length: 40 }, (_, i) => `ns${i}`)];
  const text = `$TTL 60\n@ SOA . . 1 2 3 4 5\n${servers.map((server) => `@ NS ${server}.test.\n`).join('')}`;
  t.match(await files.import('example', Buffer.from(text), { actor: 'test', atMs: NOON_MS }), { created: true });
  const { name: _, serial: __, revision: ___, ...body } = (fixture.queries.zone('example') as { body: ZoneReply }).body;
  t.equal(fixture.must({ kind: 'zone.put', zone: 'example', body }).revision, 1, 'as it is');
  fixture.must({ kind: 'zone.put', zone: 'example', body: { ...body, ttlSeconds: 61 } });
  const put = (nameservers: readonly string[]) =>
    fixture.code({ kind: 'zone.put', zone: 'example', body: { ...body, nameservers } });
  t.equal(put(['_ns.test', '_other.test']), 'zone_invalid', 'another one must be a host name');
  t.equal(put([...body.nameservers, 'ns40.test']), 'zone_invalid');
  t.equal(put(body.nameservers.slice(0, 33)), 'none');
});
