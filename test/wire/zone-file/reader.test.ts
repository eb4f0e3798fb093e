/** The zone-file reader: what each form of an entry means, and what is said about a wrong one and where. */
import t from 'tap';
import { Findings } from '../../../src/wire/zone-file/finding.ts';
import { readZoneFile } from '../../../src/wire/zone-file/reader.ts';
import { read } from './read.ts';

/** Records of a text without errors. */
type Good = readonly [what: string, text: string, records: readonly string[]];

const good: readonly Good[] = [
  ['owner, TTL, class, type', 'a 60 IN A 192.0.2.1\n', ['a.example. 60 A 192.0.2.1']],
  ['class before TTL', 'a IN 60 A 192.0.2.1\n', ['a.example. 60 A 192.0.2.1']],
  ['class and type of any case', 'a 60 in a 192.0.2.1\n', ['a.example. 60 A 192.0.2.1']],
  ['the class by number', 'a 60 CLASS1 A 192.0.2.1\n', ['a.example. 60 A 192.0.2.1']],
  ['absolute and relative names', 'A.b. 60 NS c\n', ['A.b. 60 NS c.example.']],
  ['the origin', '@ 60 NS @\n', ['example. 60 NS example.']],
  [
    '$ORIGIN, absolute and relative',
    '$ORIGIN b.\na 1 NS @\n$ORIGIN c\na 1 NS @\n',
    ['a.b. 1 NS b.', 'a.c.b. 1 NS c.b.'],
  ],
  [
    'an owner for several records',
    'a 60 A 192.0.2.1\n  A 192.0.2.2\n\tIN TXT x\n',
    ['a.example. 60 A 192.0.2.1', 'a.example. 60 A 192.0.2.2', 'a.example. 60 TXT "x"'],
  ],
  [
    'the owner outlives directives, comments and empty lines',
    'a 6 A 192.0.2.1\n$TTL 7\n\n; c\n   ; d\n A 192.0.2.2\n',
    ['a.example. 6 A 192.0.2.1', 'a.example. 7 A 192.0.2.2'],
  ],
  [
    'a TTL counts for one record where $TTL stands, RFC 2308 §4',
    '$TTL 9\na 6 A 192.0.2.1\nb A 192.0.2.2\n',
    ['a.example. 6 A 192.0.2.1', 'b.example. 9 A 192.0.2.2'],
  ],
  [
    'the last TTL counts where no $TTL stands, RFC 1035 §5.1',
    'a 6 A 192.0.2.1\nb A 192.0.2.2\n',
    ['a.example. 6 A 192.0.2.1', 'b.example. 6 A 192.0.2.2'],
  ],
  [
    "the SOA's MINIMUM counts where it has no TTL and none stands before",
    '@ SOA a b 1 2 3 4 5\nb A 192.0.2.2\nc 6 A 192.0.2.3\nd A 192.0.2.4\n',
    [
      'example. 5 SOA a.example. b.example. 1 2 3 4 5',
      'b.example. 5 A 192.0.2.2',
      'c.example. 6 A 192.0.2.3',
      'd.example. 5 A 192.0.2.4',
    ],
  ],
  [
    'durations with units',
    '$TTL 1h30m\na TXT x\nb 1W2d3H4m5s TXT x\nc 1m1h TXT x\n',
    ['a.example. 5400 TXT "x"', 'b.example. 788645 TXT "x"', 'c.example. 3660 TXT "x"'],
  ],
  ['the longest TTL, RFC 2181 §8', 'a 2147483647 TXT x\n', ['a.example. 2147483647 TXT "x"']],
  [
    'parentheses join lines',
    '@ 6 SOA a b ( 1 ; serial\n 2\n\n3 4 ; ) not here\n5 )\nb TXT x\n',
    ['example. 6 SOA a.example. b.example. 1 2 3 4 5', 'b.example. 6 TXT "x"'],
  ],
  [
    'parentheses anywhere but before the owner',
    'a ( 6 IN\nTXT ) x\n (TXT(y)z)\n',
    ['a.example. 6 TXT "x"', 'a.example. 6 TXT "y" "z"'],
  ],
  ['nested parentheses', 'a 6 TXT ( ( x\n ) y\n )\n', ['a.example. 6 TXT "x" "y"']],
  ['semicolons and parentheses in quotes', 'a 6 TXT "x ; y ( z )" "" ; c\n', ['a.example. 6 TXT "x ; y ( z )" ""']],
  ['comments without a space before', 'a 6 TXT x;c\n;c\nb TXT y', ['a.example. 6 TXT "x"', 'b.example. 6 TXT "y"']],
  ['escapes', 'a\\.b\\032 6 TXT a\\ b \\065\\;\\"\n', ['a\\.b\\032.example. 6 TXT "a b" "A;\\""']],
  ['no line end at the end', 'a 6 TXT x', ['a.example. 6 TXT "x"']],
  [
    'lines that end as on Windows',
    'a 6 TXT x\r\n\r\n  TXT ( y\r\n z ) ; c\r\n',
    ['a.example. 6 TXT "x"', 'a.example. 6 TXT "y" "z"'],
  ],
  ['a byte order mark', '\ufeff$TTL 6\na TXT x\n', ['a.example. 6 TXT "x"']],
  ['nothing', '', []],
  ['nothing but comments and blanks', '; c\n\n \t \n ( ) ;\n', []],
  ['directives of any case', '$ttl 6\n$Origin b.\na TXT x\n', ['a.b. 6 TXT "x"']],
  [
    'generic types and RDATA, RFC 3597',
    'a 6 TYPE65280 \\# 4 0a000001\na TYPE1 \\# 4 ( 0a00\n0001 )\na CLASS1 TYPE1 10.0.0.1\n',
    ['a.example. 6 TYPE65280 \\# 4 0a000001', 'a.example. 6 A 10.0.0.1', 'a.example. 6 A 10.0.0.1'],
  ],
  [
    'an owner that looks like a TTL, a class or a type',
    '6 6 A 192.0.2.1\nIN 6 A 192.0.2.1\nA A 192.0.2.1\n',
    ['6.example. 6 A 192.0.2.1', 'IN.example. 6 A 192.0.2.1', 'A.example. 6 A 192.0.2.1'],
  ],
  ['bytes beyond ASCII in strings', 'a 6 TXT é "é"\n', ['a.example. 6 TXT "\\195\\169" "\\195\\169"']],
  [
    'a wildcard and an underscore',
    '* 6 TXT x\n_a._tcp SRV 1 2 3 b\n',
    ['*.example. 6 TXT "x"', '_a._tcp.example. 6 SRV 1 2 3 b.example.'],
  ],
  [
    'names in every place of RDATA are relative',
    'a 6 RP b @\nc NAPTR 1 2 "" "" "" d\ne HTTPS 1 f alpn="h2"\ng NSEC h A\n',
    [
      'a.example. 6 RP b.example. example.',
      'c.example. 6 NAPTR 1 2 "" "" "" d.example.',
      'e.example. 6 HTTPS 1 f.example. alpn="h2"',
      'g.example. 6 NSEC h.example. A',
    ],
  ],
];

for (const [what, text, records] of good) {
  t.test(`read: ${what}`, async (t) => {
    const reading = read(text);
    t.same(reading.errors, []);
    t.same(reading.records, records);
  });
}

/** Errors of a text, and how many records are read all the same. */
type Bad = readonly [what: string, text: string, errors: readonly RegExp[], records?: number];

const bad: readonly Bad[] = [
  [
    'a wrong address',
    'a 6 A 192.0.2.1\nb A  192.0.2\nc A 192.0.2.3\n',
    [/^2:6 rdata_invalid .*IPv4 address.*"192\.0\.2"/],
    2,
  ],
  ['too few words', 'a 6 MX 10\n', [/^1:8 rdata_invalid MX is written as <preference> <exchange>, too few/]],
  ['too many words', 'a 6 A 192.0.2.1 x\n', [/^1:17 rdata_invalid .*too many/]],
  ['no RDATA', 'a 6 A\n', [/^1:5 rdata_invalid .*too few words were given \(0\)/]],
  ['an unknown type', 'a 6 AA x\n', [/^1:5 type_unknown a record type .* not "AA"/]],
  ['no type', 'a 6 IN\n', [/^1:7 type_unknown a record type was expected behind "IN", not the end/]],
  ['an owner alone', 'a\n', [/^1:2 type_unknown/]],
  ['a type of questions', 'a 6 ANY x\n', [/^1:5 type_unknown a type that can be stored/]],
  ['type 0', 'a 6 TYPE0 \\# 0\n', [/^1:5 type_unknown a type that can be stored/]],
  ['a TTL and another', 'a 6 7 A 192.0.2.1\n', [/^1:5 type_unknown .*not "7"/]],
  [
    'another class',
    'a 6 CH TXT x\nb CLASS3 TXT x\nc HS TXT x\n',
    [/^1:5 class_unsupported class IN/, /^2:3 /, /^3:3 /],
  ],
  [
    'a TTL of no form',
    'a 1x A 192.0.2.1\na 1h30 A 192.0.2.1\n',
    [/^1:3 ttl_invalid .*1h30m.*"1x"/, /^2:3 ttl_invalid/],
  ],
  ['a TTL with its top bit, RFC 2181 §8', 'a 2147483648 A 192.0.2.1\n', [/^1:3 ttl_invalid .*at most 2147483647/]],
  ['a TTL beyond 32 bits', '$TTL 99999999999\na 7102w A 192.0.2.1\n', [/^1:6 ttl_invalid/, /^2:3 ttl_invalid/]],
  [
    'no TTL at all, said once',
    'a A 192.0.2.1\nb A 192.0.2.2\nc 6 A 192.0.2.3\nd A 192.0.2.4\n',
    [/^1:1 ttl_missing .*\$TTL/],
    3,
  ],
  ['no owner yet, said once', ' 6 A 192.0.2.1\n A 192.0.2.2\na 6 A 192.0.2.1\n', [/^1:2 owner_missing/], 1],
  [
    'a wrong owner, once for all its records',
    'a..b 6 A 192.0.2.1\n A 192.0.2.2\nc 6 A 192.0.2.3\n',
    [/^1:1 name_invalid .*label cannot be empty/],
    1,
  ],
  [
    'a mailbox in the SOA',
    '@ 6 SOA a me@example.com. 1 2 3 4 5\n',
    [/^1:13 rdata_invalid mailbox: "@".*mailbox with a dot/],
  ],
  ['an international name', 'bücher 6 A 192.0.2.1\n', [/^1:2 name_invalid .*"ü".*A-labels/]],
  [
    'a name too long for its origin',
    `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(60)} 6 A 192.0.2.1\n`,
    [/^1:1 name_invalid .*255 bytes.*with its origin has 262/],
  ],
  ['a quoted owner', '"a" 6 A 192.0.2.1\n', [/^1:1 name_invalid an owner name has no quotes/]],
  ['a quoted type', 'a 6 "A" 192.0.2.1\n', [/^1:5 type_unknown/]],
  [
    'quotes without an end',
    'a 6 TXT "x\nb 6 TXT y"\nc TXT z\n',
    [/^1:9 syntax_invalid .*closing quote/, /^2:10 syntax_invalid .*after a space|^2:9 syntax_invalid/],
    1,
  ],
  ['a closing parenthesis alone', 'a 6 TXT x )\nb 6 TXT y\n', [/^1:11 syntax_invalid a \) was found/], 1],
  [
    'no closing parenthesis',
    'a 6 TXT x\nb TXT (\n y\n',
    [/^2:7 syntax_invalid a \) was expected before the end of the file/],
    1,
  ],
  ['a parenthesis before the owner', '( a 6 TXT x )\n', [/^1:1 syntax_invalid an owner name.*not \(/]],
  [
    'a mistake in parentheses counts once',
    '@ 6 SOA a b ( 1\n x"y\n 2 3 4 5 )\nb TXT x\n',
    [/^2:3 syntax_invalid a quoted string/],
    1,
  ],
  ['a column behind characters of several bytes', 'a 6 TXT "éé" \\999\n', [/^1:14 rdata_invalid text: an escape/]],
  ['a place in a later line of an entry', '@ 6 SOA a b (\n  1 2 3\n  4 x )\n', [/^3:5 rdata_invalid minimum/]],
  ['a control character', 'a 6 TXT x\x00y\n', [/^1:10 syntax_invalid a control character/]],
  ['a lone carriage return', 'a 6 TXT x\rb 6 TXT y\n', [/^1:10 syntax_invalid a carriage return/]],
  [
    'an unknown directive',
    '$FOO x\na 6 TXT x\n',
    [/^1:1 directive_invalid \$ORIGIN, \$TTL, .* was expected, not "\$FOO"/],
    1,
  ],
  ['a directive behind a blank', ' $TTL 6\n', [/^1:2 owner_missing/]],
  ['$TTL without a value', '$TTL\n$TTL 6 7\n', [/^1:1 ttl_invalid \$TTL seconds.* was expected/, /^2:8 ttl_invalid/]],
  [
    'nothing can be read behind a wrong $ORIGIN',
    '$ORIGIN a..b\na 6 TXT x\nx\n',
    [/^1:9 directive_invalid a label cannot be empty/],
  ],
  [
    '$INCLUDE over the network',
    '$INCLUDE x\na 6 TXT x\n',
    [/^1:10 include_refused "x" is not included: \$INCLUDE is not possible here/],
  ],
];

for (const [what, text, errors, records = 0] of bad) {
  t.test(`refuse: ${what}`, async (t) => {
    const reading = read(text);
    t.equal(reading.errors.length, errors.length, reading.errors.join('\n'));
    for (const [index, error] of errors.entries()) t.match(reading.errors[index], error);
    t.equal(reading.records.length, records);
  });
}

t.test('the first twenty errors are listed, then reading stops', async (t) => {
  const reading = read(`${'a 6 A x\n'.repeat(21)}a 6 A 192.0.2.1\n`);
  t.equal(reading.errors.length, 20);
  t.match(reading.errors[19], /^20:7 /);
  t.same(reading.records, []);
});

t.test('records that follow each other share their owner; a record knows its line', async (t) => {
  const text = 'a 6 TXT x\na TXT (\n y )\n TXT z\n\nA TXT w\n';
  const records = [...readZoneFile(Buffer.from(text), { origin: Uint8Array.of(0) }, new Findings())];
  t.same(
    records.map(({ line }) => line),
    [1, 2, 4, 6],
  );
  t.equal(records[0].owner, records[1].owner);
  t.equal(records[0].owner, records[2].owner);
  t.not(records[0].owner, records[3].owner, 'the case is kept');
});

t.test('long RDATA, and so many records that they need several slabs, come out unharmed', async (t) => {
  const long = Array.from({ length: 256 }, (_, i) => `"${String(i).padStart(3, '0')}${'x'.repeat(251)}"`).join(' ');
  const lines = Array.from({ length: 5000 }, (_, i) => `host${i} 6 TXT "record ${i}"`);
  lines[2500] = `long 6 TXT ${long}`;
  const { records, errors } = read(`${lines.join('\n')}\n`);
  t.same(errors, []);
  t.equal(records[0], 'host0.example. 6 TXT "record 0"');
  t.equal(records[2500], `long.example. 6 TXT ${long}`);
  t.equal(records[4999], 'host4999.example. 6 TXT "record 4999"');
  const tooLong = read(`a 6 TXT ${long} "${'x'.repeat(255)}"\n`);
  t.match(tooLong.errors, [/^1:9 rdata_invalid RDATA has at most 65535 bytes, not 65536/]);
});
