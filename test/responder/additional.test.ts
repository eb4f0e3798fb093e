/** The additional section of answers: addresses of the hosts that they name. */
import t from 'tap';
import { service } from '../fixtures/table.ts';
import { texts, world } from '../fixtures/world.ts';

const [SVCB, HTTPS] = [64, 65];

const zones = {
  'a.test': `
    @ MX 10 mail.a.test.
    @ MX 20 MAIL.a.test.
    @ MX 30 backup.wild.a.test.
    @ MX 40 mail.b.test.
    @ MX 50 alias.a.test.
    @ MX 60 host.child.a.test.
    @ MX 70 nope.a.test.
    mail A 192.0.2.1
    mail AAAA 2001:db8::1
    *.wild A 192.0.2.2
    alias CNAME mail.a.test.
    child NS ns.child.a.test.
    ns.child A 192.0.2.53
    host.child A 192.0.2.54
    ns1 A 192.0.2.5
    _sip._tcp SRV 1 1 5060 mail.a.test.
    _sip._tcp SRV 2 1 5061 mail.a.test.
    none SRV 0 0 0 .
    svc HTTPS 1 . alpn=h2
    svc AAAA 2001:db8::7
    far SVCB 1 mail.a.test. port=853
    ns TXT "no host in it"`,
  'b.test': 'mail A 192.0.2.9',
};

t.test('hosts of MX, SRV, NS, SVCB and HTTPS bring their addresses, each once, if this zone vouches for them', (t) => {
  const { ask } = world(zones);
  const added = (name: string, type: string | number): string[] => texts(ask(name, type, { edns: {} }).additional);
  t.same(added('a.test', 'MX'), [
    // Names in the data are answered as they were given, and point to the first that is alike.
    'backup.wild.a.test. 1 192.0.2.2',
    'mail.a.test. 1 192.0.2.1',
    'mail.a.test. 28 2001:db8::1',
  ]);
  t.same(added('a.test', 'NS'), ['ns1.a.test. 1 192.0.2.5']);
  t.same(added('_sip._tcp.a.test', 'SRV'), ['mail.a.test. 1 192.0.2.1', 'mail.a.test. 28 2001:db8::1']);
  t.same(added('none.a.test', 'SRV'), []);
  // RFC 9460 §2.5.2: `.` stands for the owner.
  t.same(added('svc.a.test', HTTPS), ['svc.a.test. 28 2001:db8::7']);
  t.same(added('far.a.test', SVCB), ['mail.a.test. 1 192.0.2.1', 'mail.a.test. 28 2001:db8::1']);
  t.same(added('ns.a.test', 'TXT'), []);
  t.same(added('mail.a.test', 'A'), []);
  t.end();
});

t.test('addresses that do not fit are left out whole, without TC (RFC 2181 §9)', (t) => {
  const hosts = Array.from(
    { length: 12 },
    (_, i) => `@ MX ${i} h${i}.a.test.\nh${i} AAAA 2001:db8::${i + 1}\nh${i} A 192.0.2.1\nh${i} A 192.0.2.2`,
  );
  const { ask } = world({ 'a.test': hosts.join('\n') });
  const reply = ask('a.test', 'MX');
  t.match(reply, { tc: false, answers: { length: 12 } });
  t.ok(reply.additional.length > 0 && reply.additional.length < 36, `${reply.additional.length} addresses`);
  const byOwner = Map.groupBy(
    reply.additional.filter(({ type }) => type === 1),
    ({ name }) => name,
  );
  t.ok(
    [...byOwner.values()].every((records) => records.length === 2),
    'no RRset is cut',
  );
  t.match(ask('a.test', 'MX', { udp: false }), { additional: { length: 36 } });
  t.end();
});

t.test('more hosts than a reply can point to, or looks for', (t) => {
  const long = (i: number): string => `${String(i).padStart(4, '0')}${'x'.repeat(50)}.${'y'.repeat(60)}`;
  const lines = Array.from({ length: 400 }, (_, i) => `@ MX ${i} ${long(i)}.a.test.\n${long(i)} A 192.0.2.1`);
  const { ask } = world({
    'a.test': lines.join('\n'),
    'b.test': Array.from({ length: 300 }, (_, i) => `cut NS ${long(i)}.cut.b.test.\n${long(i)}.cut A 192.0.2.1`).join(
      '\n',
    ),
  });
  const reply = ask('a.test', 'MX', { udp: false });
  t.match(reply, { answers: { length: 400 }, tc: false });
  t.equal(reply.additional.length, 64, 'the work for one query is bounded');
  const referral = ask('x.cut.b.test', 'A', { udp: false });
  t.equal(referral.authority.length, 300);
  const hosts = new Set(referral.authority.map(({ data }) => data));
  t.same(
    referral.additional.filter(({ name }) => !hosts.has(name)),
    [],
    'each address is a host’s of its own',
  );
  t.ok(referral.additional.length >= 100, `${referral.additional.length} addresses: a pointer reaches 16,383 bytes`);
  t.end();
});

t.test('a service that is named as a host is chosen there too, and counted', (t) => {
  const pools = { blue: [1, '192.0.2.10', '2001:db8::10'], green: [1, '192.0.2.20', '2001:db8::20'] };
  const { ask, table } = world(
    {
      'a.test': `
        @ MX 1 app.a.test.
        @ MX 2 app.a.test.
        x MX 1 host.a.test.
        cut NS ns.cut.a.test.`,
    },
    [
      service('a.test', 'app.a.test', pools as { blue: [number, string]; green: [number, string] }),
      service('a.test', 'host.a.test', { blue: [1, 'x.invalid'], green: [1, 'y.invalid'] }, { kind: 'host' }),
      service('a.test', 'ns.cut.a.test', { blue: [1, '192.0.2.30'], green: [0, '192.0.2.31'] }),
    ],
  );
  const seen = new Set<string>();
  for (let i = 0; i < 50; i++) seen.add(texts(ask('a.test', 'MX').additional).join());
  t.same([...seen].sort(), [
    'app.a.test. 1 192.0.2.10,app.a.test. 28 2001:db8::10',
    'app.a.test. 1 192.0.2.20,app.a.test. 28 2001:db8::20',
  ]);
  const counts = table.observed.poolCounts('app.a.test');
  t.equal(counts.blue.answers + counts.green.answers, 50, 'one choice an answer');
  t.same(texts(ask('x.a.test', 'MX').additional), [], 'a host name has no address of its own');
  t.same(texts(ask('q.cut.a.test').additional), ['ns.cut.a.test. 1 192.0.2.30']);
  t.end();
});
