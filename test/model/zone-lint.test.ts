/** What is doubtful in a zone file and easily overlooked: forgotten final dots, typographic quotes, what dig adds. */
import t from 'tap';
import { readZone } from '../../src/model/zone-check.ts';

/** Three lines that make a zone whole; what a case adds begins on line 4. */
const whole = '@ 3600 SOA ns1 host 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n';

function findings(zone: string, text: string): string[] {
  const { findings } = readZone(zone, Buffer.from(whole + text));
  return [...findings.errors, ...findings.warnings].map(
    ({ severity, code, line, column }) => `${line}:${column} ${severity} ${code}`,
  );
}

type Case = readonly [what: string, zone: string, lines: string, found: readonly string[]];
const dot = (line: number): string => `${line}:1 warning final_dot_missing`;

const cases: readonly Case[] = [
  ['an owner with its zone', 'example.test', 'www.example.test A 192.0.2.1\n', [dot(4)]],
  ['the zone as owner', 'example.test', 'Example.TEST TXT x\n', [dot(4)]],
  ['several RRsets of one owner', 'example.test', 'www.example.test A 192.0.2.1\n AAAA ::1\n TXT x\n', [dot(4)]],
  ['below another origin', 'example.test', '$ORIGIN sub.example.test.\nwww.example.test TXT x\n', [dot(5)]],
  ['a wildcard', 'example.test', '*.example.test A 192.0.2.1\n', [dot(4)]],
  ['CNAME', 'example.test', 'www CNAME web.example.test\n', [dot(4)]],
  ['MX', 'example.test', 'a MX 10 b.example.test\n', ['4:1 warning address_missing', dot(4)]],
  [
    'names in rare places',
    'example.test',
    'a IPSECKEY 1 3 2 b.example.test AAAA\nc HIP 2 20 AAAA . d.example.test\ne RP . f.example.test\n',
    [dot(4), dot(5), dot(6)],
  ],
  ['the mailbox of an SOA', 'example.test', '', []],
  [
    'absolute names, and the zone itself',
    'example.test',
    'www.example.test. CNAME web.example.test.\nb CNAME @\nc CNAME example.test.\n',
    [],
  ],
  [
    'a label as in the zone, which is another name',
    'example.test',
    'example A 192.0.2.1\ntest.example A 192.0.2.1\nxexample.test2 A 192.0.2.1\n',
    [],
  ],
  ['names of other zones that hold the name', 'example.test', 'a CNAME example.test.other.\n', []],
  ['text that says the name twice', 'example.test', 'a TXT "www.example.test.example.test."\n', []],
  ['a zone of one label', 'test', 'www.test TXT x\ntest TXT x\na.test.b TXT x\n', [dot(4)]],
  ['the root', '', 'a. TXT x\na.a. TXT x\n', []],
  ['a PTR in a reverse zone', '2.0.192.in-addr.arpa', '1 PTR host.example.com\n2 PTR host.example.com.\n', [dot(4)]],
  ['a PTR in a reverse zone of IPv6', '8.b.d.0.1.0.0.2.ip6.arpa', '1 PTR host.example.com\n', [dot(4)]],
  [
    'hosts with odd letters',
    'example.test',
    'a%b A 192.0.2.1\nc$d AAAA ::1\na_b A 192.0.2.1\n*.c A 192.0.2.1\ne%f TXT x\n',
    ['4:1 warning host_name_unusual', '5:1 warning host_name_unusual'],
  ],
];

for (const [what, zone, lines, found] of cases) {
  t.test(what, async (t) => t.same(findings(zone, lines), found));
}

t.test('the message says which name', async (t) => {
  const { findings } = readZone('example.test', Buffer.from(`${whole}www.example.test A 192.0.2.1\n`));
  t.match(
    findings.warnings[0]?.message,
    /www\.example\.test\.example\.test\. has the name of the zone twice.*final dot/,
  );
});

t.test('typographic quotes are told, and are text', async (t) => {
  const told = (lines: string): string[] => findings('example.test', lines);
  for (const text of ['“v=spf1 -all”', '“x”', '„x“', '‘x’', '«x»', '”x', 'x“', '"“v=spf1 -all”"'])
    t.same(told(`a TXT ${text}\n`), ['4:7 warning quotes_typographic'], text);
  t.same(told('a TXT x “y z”\n'), ['4:9 warning quotes_typographic']);
  t.same(told('a CAA 0 issue “ca.test”\n'), ['4:15 warning quotes_typographic']);
  for (const text of ['"it’s"', '"he said “hi”, and went"', '"‘x’"', '"é"', 'é', '"“"', 'a’b'])
    t.same(told(`a TXT ${text}\n`), [], text);
  t.same(told('a MX “10” b.\n'), ['4:6 error rdata_invalid'], 'elsewhere they are mistakes');
});

t.test('what a message says of itself is left out: dig writes it among the records of a transfer', async (t) => {
  const key = 'key. 0 ANY TSIG hmac-sha256. 1700000000 300 4 AAAAAA== 1 NOERROR 0\n';
  const soa = '@ 3600 SOA ns1 host 1 2 3 4 5\n';
  const repeated = '4:1 warning record_repeated';
  t.same(findings('example.test', `${soa}${key}`), ['5:12 warning record_of_message', repeated].sort());
  t.same(findings('example.test', `${key}a TXT x\n`), ['4:12 warning record_of_message'], 'also between messages');
  t.same(findings('example.test', `${key}a TXT x\n${key}${key}`), ['4:12 warning record_of_message'], 'said once');
  const { content } = readZone('example.test', Buffer.from(`${whole}${key}a TXT x\n`));
  t.same([...content.names.keys()], ['example.test', 'ns1.example.test', 'a.example.test'], 'and nothing else is');
  const left = ['4:9 warning record_of_message'];
  t.same(findings('example.test', '. 0 ANY SIG 0 5 0 0 20380119031407 20030220173103 1 a. AAAA\n'), left, 'SIG(0)');
  t.same(findings('example.test', '. 0 IN  TKEY \\# 0\n'), left);
  t.same(findings('example.test', '. 0 IN  OPT \\# 0\n'), left);
});

t.test('types of questions, NXNAME and class ANY of anything else are mistakes', async (t) => {
  const wrong = [
    'a 0 ANY \\# 0',
    'a 0 AXFR \\# 0',
    'a 0 IXFR \\# 0',
    'a 0 MAILA \\# 0',
    'a 0 NXNAME \\# 0',
    'a 0 TYPE200 \\# 0',
  ];
  for (const line of [...wrong, 'a 0 ANY A 192.0.2.1', 'a 0 ANY'])
    t.match(findings('example.test', `${line}\n`).join(), /^4:5 error (type_unknown|class_unsupported)$/, line);
  const { findings: found } = readZone('example.test', Buffer.from(`${whole}a NXNAME \\# 0\n`));
  t.match(found.errors[0]?.message, /NXNAME.*NSEC only.*RFC 9824/);
});
