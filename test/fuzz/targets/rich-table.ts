/** A table with something of everything that an answer may have to deal with. */
import type { Table } from '../../../src/table/table.ts';
import { apply, rrset, service, zone } from '../../fixtures/table.ts';

const LONG_LABEL = 'l'.repeat(63);

/** Names to ask for, those of the table and some that are not in it. */
export const names: readonly string[] = [
  '.',
  'test',
  'example.test',
  'app.example.test',
  'api.example.test',
  'host.example.test',
  'www.example.test',
  'big.example.test',
  'huge.example.test',
  'alias.example.test',
  'chain1.example.test',
  'loop1.example.test',
  'self.example.test',
  'away.example.test',
  'to-app.example.test',
  'to-host.example.test',
  'to-child.example.test',
  'to-wild.example.test',
  'dname.example.test',
  'a.dname.example.test',
  'deep.a.dname.example.test',
  'child.example.test',
  'ns.child.example.test',
  'a.b.child.example.test',
  'wild.example.test',
  'x.wild.example.test',
  'a.b.wild.example.test',
  '*.wild.example.test',
  'there.wild.example.test',
  'x.there.wild.example.test',
  'ent.example.test',
  'b.ent.example.test',
  'mail.example.test',
  'www.a.b.dn2.example.test',
  'x.y.deeper.example.test',
  `${LONG_LABEL}.longer.example.test`,
  'www.out.example.test',
  'svcb.example.test',
  '_sip._tcp.example.test',
  'x.svc.example.test',
  'sub.example.test',
  'www.sub.example.test',
  `${LONG_LABEL}.${LONG_LABEL}.${LONG_LABEL}.${'m'.repeat(47)}.example.test`,
  'version.bind',
  'id.server',
  'example.com',
];

export function fillRichTable(table: Table): void {
  const put = (name: string, type: string, ...data: string[]) =>
    rrset('example.test', name === '' ? 'example.test' : `${name}.example.test`, type, 300, ...data);
  apply(table, zone('example.test'), zone('sub.example.test'), zone('other.test'));
  apply(
    table,
    put('', 'MX', '10 mail.example.test.', '20 mail.child.example.test.', '30 mail.example.com.'),
    put('', 'TXT', '"v=spf1 -all"'),
    put('www', 'A', '192.0.2.80', '192.0.2.81', '192.0.2.82'),
    put('www', 'AAAA', '2001:db8::80'),
    put('mail', 'A', '192.0.2.25'),
    put('big', 'TXT', ...Array.from({ length: 20 }, (_, i) => `"${'x'.repeat(100)}${i}"`)),
    put('huge', 'TXT', ...Array.from({ length: 200 }, (_, i) => `"${'y'.repeat(200)}${i}"`)),
    put('_sip._tcp', 'SRV', '1 2 5060 www.example.test.', '1 2 5061 app.example.test.'),
    put('a.b.ent', 'A', '192.0.2.1'),
    rrset('example.test', names.find((name) => name.length > 200) as string, 'A', 300, '192.0.2.2'),
    rrset('sub.example.test', 'www.sub.example.test', 'A', 300, '192.0.2.3'),
    rrset('other.test', 'www.other.test', 'A', 300, '192.0.2.4'),
  );
  apply(
    table,
    put('alias', 'CNAME', 'www.example.test.'),
    put('loop1', 'CNAME', 'loop2.example.test.'),
    put('loop2', 'CNAME', 'loop1.example.test.'),
    put('self', 'CNAME', 'self.example.test.'),
    put('away', 'CNAME', 'www.example.com.'),
    put('to-app', 'CNAME', 'app.example.test.'),
    put('to-host', 'CNAME', 'host.example.test.'),
    put('to-child', 'CNAME', 'www.child.example.test.'),
    put('to-wild', 'CNAME', 'q.w.wild.example.test.'),
    put('to-nowhere', 'CNAME', 'nothing.example.test.'),
    ...Array.from({ length: 20 }, (_, i) => put(`chain${i}`, 'CNAME', `chain${i + 1}.example.test.`)),
    put('wild', 'A', '192.0.2.5'),
    put('*.wild', 'A', '192.0.2.6'),
    put('*.wild', 'TXT', '"wild"'),
    put('there.wild', 'A', '192.0.2.7'),
    put('*.cname', 'CNAME', 'www.example.test.'),
    put('*.to-self', 'CNAME', 'x.to-self.example.test.'),
    put('dname', 'DNAME', 'example.test.'),
    put('a.b.dn2', 'DNAME', 'wild.example.test.'),
    put('deeper', 'DNAME', 'x.deeper.example.test.'),
    put('longer', 'DNAME', `${LONG_LABEL}.${LONG_LABEL}.${LONG_LABEL}.example.test.`),
    put('out', 'DNAME', 'example.com.'),
    put('svcb', 'HTTPS', '1 . alpn=h2', '2 www.example.test.'),
    put('child', 'NS', 'ns.child.example.test.', 'ns.example.com.', 'mail.example.test.'),
    put('ns.child', 'A', '192.0.2.53', '192.0.2.54'),
    put('ns.child', 'AAAA', '2001:db8::53'),
    put('child', 'DS', '1 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'),
  );
  // One pool has all the weight, so that asking twice gives the same.
  apply(
    table,
    service('example.test', 'app.example.test', {
      blue: [90, '192.0.2.10', '2001:db8::10'],
      green: [0, '192.0.2.20'],
    }),
    service('example.test', 'api.example.test', {
      blue: [1, ...Array.from({ length: 32 }, (_, i) => `192.0.2.${100 + i}`)],
      green: [0, '192.0.2.20'],
    }),
    service(
      'example.test',
      'host.example.test',
      { blue: [0, 'www.example.test'], green: [1, 'app.example.test'], gray: [0, 'lb.example.com'] },
      { kind: 'host' },
    ),
    service('example.test', '*.svc.example.test', { blue: [1, '192.0.2.30'], green: [0, '192.0.2.31'] }),
  );
}
