/** The checks of a zone: what is refused, what is only doubtful, and where it is said to be. */
import t from 'tap';
import { RECORDS_MAX } from '../../src/model/record-rules.ts';
import { apexOf } from '../../src/model/zone-apex.ts';
import { readZone, ZoneCheck } from '../../src/model/zone-check.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { formatRdata, formatType } from '../../src/wire/rdata.ts';
import { Findings } from '../../src/wire/zone-file/finding.ts';

/** Three lines that make a zone whole; what a case adds begins on line 4. */
const whole = '@ 3600 SOA ns1 host 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n';

function findings(text: string, services: readonly string[] = []): string[] {
  const { findings } = readZone('example', Buffer.from(text), { services: new Set(services) });
  return [...findings.errors, ...findings.warnings].map(({ severity, code, line }) => `${line} ${severity} ${code}`);
}

/** Lines behind those of `whole`, and what is found. */
const cases: readonly (readonly [what: string, lines: string, found: readonly string[]])[] = [
  [
    'a plain zone',
    'www CNAME ns1\nmail MX 10 ns1\n_a._tcp SRV 0 0 1 ns1\n* A 192.0.2.2\nsub NS ns.sub\nns.sub AAAA ::1\n',
    [],
  ],
  ['targets in other zones', '@ NS ns.other.\na MX 10 mail.other.\nsub NS ns.other.\n', []],
  ['no service there', 'a MX 0 .\n_a._tcp SRV 0 0 0 .\n', []],
  [
    'records of another zone',
    'a.other. A 192.0.2.1\n A 192.0.2.2\nexample2. A 192.0.2.3\n',
    ['4 warning out_of_zone', '6 warning out_of_zone'],
  ],
  [
    'the same record twice',
    'a TXT x\na TXT "x"\nb MX 10 A.b.c.\nb MX 10 a.B.c.\n',
    ['5 warning record_repeated', '7 warning record_repeated'],
  ],
  ['records that differ in case where it counts', 'a TXT x\na TXT X\nb TYPE65280 \\# 1 41\nb TYPE65280 \\# 1 61\n', []],
  ['TTLs that differ', 'a 10 TXT x\na 20 TXT y\n', ['5 warning ttl_differs']],
  ['signatures whose TTLs differ', 'a 1 RRSIG A 8 2 1 1 1 1 a. AAAA\na 2 RRSIG TXT 8 2 2 1 1 1 a. AAAA\n', []],
  ['two SOA', '@ SOA ns1 host 2 2 3 4 5\n', ['1 error soa_several']],
  ['an SOA below', 'a SOA ns1 host 2 2 3 4 5\n', ['4 error soa_misplaced']],
  ['CNAME and other data', 'a CNAME b.\na TXT x\n', ['4 error cname_and_other_data']],
  ['other data and CNAME', 'a TXT x\na CNAME b.\n', ['5 error cname_and_other_data']],
  ['a CNAME at the apex', '@ CNAME b.\n', ['4 error cname_and_other_data']],
  ['a CNAME with its DNSSEC records', 'a CNAME b.\na NSEC b. CNAME\na RRSIG CNAME 8 2 1 1 1 1 a. AAAA\n', []],
  ['two CNAMEs', 'a CNAME b.\na CNAME c.\n', ['4 error cname_several']],
  [
    'a CNAME to itself',
    'a CNAME a\nb CNAME B.EXAMPLE.\nc CNAME a\n*.w CNAME *.w\n',
    ['4 warning alias_of_itself', '5 warning alias_of_itself', '7 warning alias_of_itself'],
  ],
  ['two DNAMEs', 'a DNAME b.\na DNAME c.\n', ['4 error dname_several']],
  [
    'names below a DNAME',
    'a DNAME b.\nc.a TXT x\nd.c.a TXT x\na TXT x\n',
    ['5 error dname_has_descendants', '6 error dname_has_descendants'],
  ],
  ['a DNAME beside NS', 'a DNAME b.\na NS ns1\n', ['4 warning dname_beside_ns']],
  ['names below the DNAME of the zone itself', '@ DNAME b.\n', ['3 error dname_has_descendants']],
  ['a nameserver of the zone without an address', '@ NS ns2\n', ['2 warning address_missing']],
  ['a nameserver of the zone that is an alias', '@ NS ns2\nns2 CNAME ns1\n', ['2 error target_is_alias']],
  ['a nameserver of a delegation without an address', 'sub NS ns2\n', ['4 warning address_missing']],
  ['a nameserver of a delegation that is an alias', 'sub NS ns2\nns2 CNAME ns1\n', ['4 warning target_is_alias']],
  ['a delegation without glue', 'sub NS ns.sub\nsub NS sub\n', ['4 warning glue_missing', '4 warning glue_missing']],
  ['nameservers in another delegated zone', 'sub NS ns.sub2\nsub2 NS ns.other.\n', []],
  [
    'aliases as mail servers and services',
    'a MX 1 c\na SRV 1 1 1 c\nc CNAME ns1\n',
    ['4 warning target_is_alias', '5 warning target_is_alias'],
  ],
  [
    'mail servers and services without addresses',
    'a MX 1 c\na SRV 1 1 1 c\nc TXT x\n',
    ['4 warning address_missing', '5 warning address_missing'],
  ],
  ['a target that a wildcard gives an address', 'a MX 1 c.d\n*.d A 192.0.2.2\n', []],
  ['a target that a wildcard makes an alias', 'a MX 1 c.d\n*.d CNAME ns1\n', ['4 warning target_is_alias']],
  [
    'a target that a wildcard does not reach',
    'a MX 1 c.d.e\nd.e TXT x\n*.e A 192.0.2.2\n',
    ['4 warning address_missing'],
  ],
  ['a target below a DNAME', 'a MX 1 c.d\nd DNAME e.\n', ['4 warning target_is_alias']],
  [
    'addresses for names',
    '@ NS 192.0.2.7\na MX 1 192.0.2.8.\n',
    ['2 warning target_is_address', '5 warning target_is_address'],
  ],
  ['data below a delegation', 'sub NS ns1\nx.sub TXT x\ny.sub A 192.0.2.2\n', ['5 warning occluded']],
  ['data at a delegation', 'sub NS ns1\nsub TXT x\nsub DS 1 8 0 00\n', ['5 warning occluded']],
  ['DS where it means nothing', `@ DS 1 8 0 00\na DS 1 8 0 00\n`, ['4 warning ds_misplaced', '5 warning ds_misplaced']],
  ['type SPF', 'a SPF "v=spf1 -all"\n', ['4 warning spf_obsolete']],
  ['wildcards that are none', '* NS ns1\na.*.b TXT x\n', ['4 warning wildcard_unusual', '5 warning wildcard_unusual']],
];

for (const [what, lines, found] of cases) {
  t.test(what, async (t) => t.same(findings(whole + lines), found));
}

t.test('a zone without SOA and NS', async (t) => {
  t.same(findings('a 1 A 192.0.2.1\n'), ['0 error soa_missing', '0 error ns_missing']);
  t.same(findings(''), ['0 error soa_missing', '0 error ns_missing']);
});

t.test('an RRset that no message can carry', async (t) => {
  const records = (count: number): string =>
    Array.from({ length: count }, (_, i) => `a TXT "${String(i).padStart(3, '0')}${'x'.repeat(239)}"\n`).join('');
  t.same(findings(whole + records(256)), []);
  t.same(findings(whole + records(257)), ['4 error rrset_too_large']);
});

t.test(
  'no more of an RRset is kept than any message could carry: millions of records would take all of the heap',
  async (t) => {
    const count = 3 * RECORDS_MAX;
    const lines = Array.from({ length: count }, (_, i) => `a A 10.0.${i >> 8}.${i & 255}\n`).join('');
    const { content, findings } = readZone('example', Buffer.from(whole + lines));
    t.match(findings, { errors: [{ code: 'rrset_too_large', message: /has at least \d+ bytes/ }], warnings: [] });
    const kept = content.rrset('a.example', TYPE.A)?.rdata.length ?? 0;
    t.ok(kept > RECORDS_MAX && kept < RECORDS_MAX + 10, `${kept} of ${count}`);
  },
);

t.test('a name with thousands of records costs those no more that name it or stand below it', async (t) => {
  const lines = 'a TXT x\nd DNAME e.\nb MX 1 a\nc SRV 1 1 1 a\nf.d A 192.0.2.2\ng MX 1 h.w\n*.w TXT x\n';
  const { content } = readZone('example', Buffer.from(whole + lines));
  const made: string[] = [];
  const rrset = content.rrset.bind(content);
  content.rrset = (name, type) => {
    made.push(name);
    return rrset(name, type);
  };
  const rrsets = content.rrsets.bind(content);
  content.rrsets = (name) => {
    made.push(name);
    return rrsets(name);
  };
  const found = new Findings();
  new ZoneCheck(content, { services: new Set(), aliases: new Set() }, found).run();
  t.match(found, {
    errors: [{ code: 'dname_has_descendants', message: /\(line 5\)/ }],
    warnings: Array(3).fill({ code: 'address_missing' }),
  });
  t.same(new Set(made), new Set(['example']), 'of others than the apex no objects are made');
});

t.test('a file with mistakes in its text is not checked further', async (t) => {
  t.same(findings('a 1 A x\n'), ['1 error rdata_invalid']);
});

t.test('services give addresses to their names', async (t) => {
  const text = '@ 3600 SOA ns1 host 1 2 3 4 5\n@ NS ns1\n@ MX 1 a.b\n';
  t.same(findings(text), ['2 warning address_missing', '3 warning address_missing']);
  t.same(findings(text, ['ns1.example', '*.b.example']), []);
});

t.test('a message says who, what, where else, and which rule', async (t) => {
  const { findings } = readZone('example', Buffer.from(`${whole}A CNAME b.\nc TXT x\na TXT x\n`));
  t.match(findings.errors, [
    {
      file: '',
      line: 4,
      column: 1,
      message: 'a.example. has a CNAME and TXT (line 6): RFC 1034 §3.6.2 allows no other data',
    },
  ]);
});

t.test('more than twenty warnings are counted', async (t) => {
  const { findings } = readZone('example', Buffer.from(whole + 'a TXT x\n'.repeat(31)));
  t.equal(findings.warnings.length, 20);
  t.equal(findings.moreWarnings, 10);
});

t.test('the content: RRsets by canonical name, each record once, the lowest TTL', async (t) => {
  const lines = 'B 9 A 192.0.2.2\nc TXT x\nb 7 A 192.0.2.1\nb 8 TXT y\nB 9 A 192.0.2.2\n';
  const { content } = readZone('example', Buffer.from(whole + lines));
  const rrsets = [...content.names].flatMap(([name, list]) =>
    list.map((rrset) => {
      const texts = rrset.rdata.map((rdata) => formatRdata(rrset.type, rdata));
      return `${name} ${rrset.ttlSeconds} ${formatType(rrset.type)} ${texts.join(' | ')} @${rrset.line}`;
    }),
  );
  t.same(rrsets, [
    'example 3600 SOA ns1.example. host.example. 1 2 3 4 5 @1',
    'example 3600 NS ns1.example. @2',
    'ns1.example 3600 A 192.0.2.1 @3',
    'b.example 7 A 192.0.2.2 | 192.0.2.1 @4',
    'b.example 8 TXT "y" @7',
    'c.example 9 TXT "x" @5',
  ]);
  t.equal(content.rrset('b.example', TYPE.TXT)?.line, 7);
  t.same(content.rrsets('d.example'), []);
});

t.test('equal records are found in RRsets of any size', async (t) => {
  const lines = Array.from({ length: 100 }, (_, i) => `a MX ${i} Mail.b.\na MX ${i} mail.B.\n`).join('');
  const { content, findings } = readZone('example', Buffer.from(whole + lines));
  t.equal(content.rrset('a.example', TYPE.MX)?.rdata.length, 100);
  t.equal(findings.warnings.length + findings.moreWarnings, 100);
});

t.test('what SOA and NS say, in the words of the model', async (t) => {
  const text =
    '@ 60 SOA Primary.test. Host\\.master 4294967295 2h 3 4 5\n@ 70 NS ns.test.\n@ NS NS1\nns1 A 192.0.2.1\n';
  const { content, findings } = readZone('example', Buffer.from(text));
  t.same(findings.errors, []);
  t.same(apexOf(content), {
    primary: 'primary.test',
    hostmaster: 'host\\.master.example',
    serial: 4294967295,
    refreshSeconds: 7200,
    retrySeconds: 3,
    expireSeconds: 4,
    negativeTtlSeconds: 5,
    ttlSeconds: 60,
    nameservers: ['ns.test', 'ns1.example'],
    nameserversTtlSeconds: 70,
  });
});

t.test('the root as a zone', async (t) => {
  const { content, findings } = readZone('', Buffer.from('@ 1 SOA a b 1 2 3 4 5\n@ NS a\na A 192.0.2.1\nb.c TXT x\n'));
  t.same(findings.errors, []);
  t.same([...content.names.keys()], ['', 'a', 'b.c']);
});
