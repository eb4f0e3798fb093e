/** Types that few zones have: the examples of their RFCs, what is refused, and where names stand in them. */
import t, { type Test } from 'tap';
import { TYPE } from '../../src/wire/constants.ts';
import { Malformed } from '../../src/wire/malformed.ts';
import { compressibleNames, formatRdata, lowerNames, parseRdata, rdataNames } from '../../src/wire/rdata.ts';

type Mnemonic = keyof typeof TYPE;

const hex = (bytes: Uint8Array | Malformed): string =>
  bytes instanceof Malformed ? `refused: ${bytes.reason}` : Buffer.from(bytes).toString('hex');

/** The wire form of a name, for the expected side. */
function name(text: string): string {
  const labels = text.split('.').filter((label) => label !== '');
  return `${labels.map((label) => hex(Uint8Array.from([label.length, ...Buffer.from(label)]))).join('')}00`;
}

const string = (text: string): string => hex(Uint8Array.from([text.length, ...Buffer.from(text)]));
const ofBase64 = (text: string): string => hex(Buffer.from(text, 'base64'));

/** The text, the bytes, and the text that is printed where it is not the same. */
type Vector = readonly [mnemonic: Mnemonic, text: string, bytes: string, printed?: string];

function check(t: Test, vectors: readonly Vector[]): void {
  for (const [mnemonic, text, bytes, printed = text] of vectors) {
    const rdata = parseRdata(TYPE[mnemonic], text);
    t.equal(hex(rdata), bytes.replaceAll(' ', ''), `${mnemonic} ${text}`);
    if (!(rdata instanceof Malformed)) t.equal(formatRdata(TYPE[mnemonic], rdata), printed);
  }
}

t.test('APL (RFC 3123 §5)', async (t) => {
  check(t, [
    ['APL', '1:192.168.32.0/21 !1:192.168.38.0/28', '00011503c0a820 00011c83c0a826'],
    ['APL', '1:224.0.0.0/4 2:FF00:0:0:0:0:0:0:0/8', '00010401e0 00020801ff', '1:224.0.0.0/4 2:ff00::/8'],
    ['APL', '1:0.0.0.0/0 2:::/0', '00010000 00020000'],
    ['APL', '1:192.168.33.7/21', '00011504c0a82107'],
    ['APL', '', '', '\\# 0'],
  ]);
});

const key = 'AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==';
t.test('IPSECKEY (RFC 4025 §3.2)', async (t) => {
  check(t, [
    ['IPSECKEY', `10 1 2 192.0.2.38 ${key}`, `0a0102c0000226${ofBase64(key)}`],
    ['IPSECKEY', `10 0 2 . ${key}`, `0a0002${ofBase64(key)}`],
    ['IPSECKEY', `10 3 2 Gateway.example.com. ${key}`, `0a0302${name('Gateway.example.com')}${ofBase64(key)}`],
    [
      'IPSECKEY',
      '10 2 2 2001:0DB8:0:8002::2000:1 AQ NR',
      '0a020220010db8000080020000000020000001010351',
      '10 2 2 2001:db8:0:8002::2000:1 AQNR',
    ],
    ['IPSECKEY', '10 0 0 .', '0a0000'],
    ['IPSECKEY', '10 1 0 192.0.2.1', '0a0100c0000201'],
  ]);
});

t.test('AMTRELAY (RFC 8777 §4.3.2)', async (t) => {
  check(t, [
    ['AMTRELAY', '10 0 1 203.0.113.15', '0a01cb00710f'],
    ['AMTRELAY', '10 0 2 2001:db8::15', '0a0220010db8000000000000000000000015'],
    ['AMTRELAY', '128 1 3 amtrelays.example.com.', `8083${name('amtrelays.example.com')}`],
    ['AMTRELAY', '0 1 0 .', '0080'],
  ]);
});

t.test('HIP (RFC 8005 §6)', async (t) => {
  const tag = '200100107b1a74df365639cc39f1d578';
  check(t, [
    ['HIP', `2 ${tag} AQID`, `100200 03 ${tag} 010203`],
    [
      'HIP',
      `2 ${tag.toUpperCase()} AQID rvs1.example.com. rvs2.example.com.`,
      `10020003${tag}010203${name('rvs1.example.com')}${name('rvs2.example.com')}`,
      `2 ${tag} AQID rvs1.example.com. rvs2.example.com.`,
    ],
  ]);
});

t.test('identifiers and locators (RFC 6742), hosts, keys and mail', async (t) => {
  check(t, [
    ['NID', '10 0014:4fff:ff20:ee64', '000a00144fffff20ee64'],
    ['NID', '10 14:4fff:ff20:EE64', '000a00144fffff20ee64', '10 0014:4fff:ff20:ee64'],
    ['L32', '10 10.1.2.0', '000a0a010200'],
    ['L64', '20 2001:0DB8:1140:1000', '0014 20010db811401000', '20 2001:0db8:1140:1000'],
    ['LP', '10 l64-subnet1.example.com.', `000a${name('l64-subnet1.example.com')}`],
    ['KX', '2 rt1.rt.net.', `0002${name('rt1.rt.net')}`],
    ['RT', '10 relay.prime.com.', `000a${name('relay.prime.com')}`],
    [
      'DHCID',
      'AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=',
      ofBase64('AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA='),
    ],
    ['KEY', '256 3 5 AQPS Kmyn', '010003050103d22a6ca7', '256 3 5 AQPSKmyn'],
    ['KEY', 'NOCONF|ZONE DNSSEC RSASHA1 AQPS', '410003050103d2', '16640 3 5 AQPS'],
    ['KEY', '49152 3 5', 'c0000305'],
    ['MINFO', 'a. b.', `${name('a')}${name('b')}`],
    ['MB', 'a.', name('a')],
    ['DSYNC', 'CDS NOTIFY 5359 scanner.example.net.', `003b0114ef${name('scanner.example.net')}`],
    ['DSYNC', 'CSYNC 129 5359 a.', `003e8114ef${name('a')}`],
    ['DSYNC', 'CDS 1 5359 a.', `003b0114ef${name('a')}`, 'CDS NOTIFY 5359 a.'],
    ['RESINFO', 'qnamemin exterr=15-17', `${string('qnamemin')}${string('exterr=15-17')}`, '"qnamemin" "exterr=15-17"'],
    ['WALLET', '"BTC" "1x"', `${string('BTC')}${string('1x')}`],
    ['HHIT', 'gwqD gwqD', '830a83830a83', 'gwqDgwqD'],
    ['CLA', '"TCP-v4-v6"', string('TCP-v4-v6')],
    ['IPN', '18446744073709551615', 'ffffffffffffffff'],
  ]);
});

t.test('types of old zones', async (t) => {
  check(t, [
    ['PX', '10 net2.it. PRMD-net2.ADMD-p400.C-it.', `000a${name('net2.it')}${name('PRMD-net2.ADMD-p400.C-it')}`],
    ['X25', '311061700956', string('311061700956'), '"311061700956"'],
    ['ISDN', '150862028003217 004', `${string('150862028003217')}${string('004')}`, '"150862028003217" "004"'],
    ['ISDN', '"150862028003217"', string('150862028003217')],
    [
      'NSAP',
      '0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00',
      '47000580005a0000000001e133ffffff00016100',
      '0x47000580005a0000000001e133ffffff00016100',
    ],
    ['NSAP-PTR', 'foo.a.', name('foo.a')],
    [
      'GPOS',
      '-32.6882 116.8652 10.0',
      `${string('-32.6882')}${string('116.8652')}${string('10.0')}`,
      '"-32.6882" "116.8652" "10.0"',
    ],
    ['TALINK', 'a. b.', `${name('a')}${name('b')}`],
    ['WKS', '10.0.0.1 TCP smtp 80', '0a0000010600000040000000000000 80', '10.0.0.1 6 25 80'],
    ['WKS', '10.0.0.1 17', '0a00000111'],
    ['NXT', 'b. A MX SIG NXT', `${name('b')}40010082`],
    [
      'SIG',
      'A 5 2 3600 20380119031407 20030220173103 2642 example. AAAA',
      `0001 05 02 00000e10 7fffffff 3e5510d7 0a52 ${name('example')}000000`,
    ],
    ['A6', '0 2001:db8::1', '0020010db8000000000000000000000001'],
    ['A6', '64 ::1 b.', `40 0000000000000001 ${name('b')}`],
    ['A6', '128 b.', `80${name('b')}`],
    ['ATMA', '+358.400.1234567', `01${Buffer.from('3584001234567').toString('hex')}`, '+3584001234567'],
    ['ATMA', '39.246f.00', '0039246f00', '39246f00'],
    ['EID', '12 ab', '12ab', '12ab'],
    ['NINFO', '"x"', string('x')],
    ['RKEY', '0 3 5 AAAA', '00000305000000'],
    ['DOA', '1 2 3 "text/plain" AAAA', `00000001 00000002 03 ${string('text/plain')} 000000`],
    ['DOA', '1 2 3 "" -', '00000001 00000002 03 00'],
    ['SINK', '1 2 3 AAAA', '010203000000'],
    ['NULL', '\\# 2 abcd', 'abcd'],
    ['NSEC', 'b.', name('b')],
    ['NSEC', 'b. NXNAME RRSIG NSEC', `${name('b')}0011 0000000000030000000000000000000080`, 'b. RRSIG NSEC NXNAME'],
    ['NSEC3', '1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s', '01000000 00 14 17f3df17b2b2adaef615257de4d2020b80ac6c7c'],
  ]);
});

t.test('what is refused, and why', async (t) => {
  const table: readonly [Mnemonic, string, RegExp][] = [
    ['APL', '3:abcd/8', /prefixes such as 1:192\.0\.2\.0\/24/],
    ['APL', '1:192.0.2.0/33', /prefixes such as/],
    ['APL', '1:2001:db8::/32', /prefixes such as/],
    ['APL', '192.0.2.0/24', /prefixes such as/],
    ['IPSECKEY', '10 4 2 . AQNR', /kinds 0 \(none\), 1 \(IPv4\)/],
    ['IPSECKEY', '10 0 2 example. AQNR', /gateway of the kind 0 must be \./],
    ['IPSECKEY', '10 1 2 2001:db8::1 AQNR', /IPv4 address/],
    ['IPSECKEY', '10 3 2 example.', /left out only where the algorithm is 0/],
    ['AMTRELAY', '10 2 1 192.0.2.1', /discovery optional must be 0 or 1/],
    ['AMTRELAY', '10 0 4 .', /type must be an integer from 0 to 3/],
    ['AMTRELAY', '10 0 0', /<precedence> <discovery optional> <type> <relay>, too few words/],
    ['HIP', '2 2001 AQ ID', /public key must be base64 without blanks/],
    ['HIP', '2 20 01 AQID', /public key must be base64/],
    ['HIP', '2 2001', /<algorithm> <host identity tag> <public key> <rendezvous servers>/],
    ['NID', '10 2001:db8::1', /four groups of hex digits/],
    ['L64', '10 1:2:3', /four groups of hex digits/],
    ['KEY', '256 3 5', /left out only where the flags say NOKEY/],
    ['X25', '12a4', /at least four digits/],
    ['ISDN', '1 2 3', /a subaddress were expected, not 3/],
    ['NSAP', '47000580', /0x and pairs of hex digits/],
    ['A6', '64 ::1', /64 bits has 3 words/],
    ['A6', '129 b.', /0 to 128/],
    ['NXT', 'b. CAA', /types must be record types from 1 to 127/],
    ['WKS', '10.0.0.1 TCP nosuch', /ports from 0 to 65535/],
    ['IPN', '18446744073709551616', /0 to 18446744073709551615/],
    ['NULL', 'x', /NULL is written in the generic form/],
    ['DSYNC', 'CDS NOSUCH 1 a.', /scheme must be an integer from 0 to 255.*NOTIFY/],
    ['APL', '\\# 4 00012101', /runs past the end/],
    ['APL', '\\# 4 00012100', /at most 4 bytes and 32 bits/],
    ['HIP', '\\# 4 10020003', /runs past the end/],
  ];
  for (const [mnemonic, text, reason] of table) {
    const result = parseRdata(TYPE[mnemonic], text);
    t.match(
      result instanceof Malformed ? result.reason : formatRdata(TYPE[mnemonic], result),
      reason,
      `${mnemonic} ${text}`,
    );
  }
});

t.test('a blank may divide the last field at any character, and no other field (RFC 4034 §2.2)', async (t) => {
  for (const text of ['256 3 8 A Q P S', '256 3 8 AQPS Kmyn', '256 3 8 AQ= ='])
    t.notOk(parseRdata(TYPE.DNSKEY, text) instanceof Malformed, text);
  for (const text of ['256 3 8 AQ== AQ==', '256 3 8 AQPSK', '256 3 8 "AQPS"', '256 3 8 AQ\\PS', '256 3 8 AQ=S'])
    t.ok(parseRdata(TYPE.DNSKEY, text) instanceof Malformed, text);
  t.ok(parseRdata(TYPE.NSEC3PARAM, '1 0 0 aa bb') instanceof Malformed);
  t.ok(parseRdata(TYPE.HTTPS, '1 . ech="AA AA"') instanceof Malformed);
  t.ok(parseRdata(TYPE.HTTPS, '1 . ech=AA\\ AA') instanceof Malformed);
});

t.test('the parameters of today (IANA registry "SVCB Service Parameter Keys")', async (t) => {
  const params = (keyAndValue: string): string => `0001 00 ${keyAndValue}`;
  check(t, [
    ['HTTPS', '1 . tls-supported-groups=29,23', params('0009 0004 001d0017')],
    ['HTTPS', '1 . docpath', params('000a 0000')],
    ['HTTPS', '1 . docpath=', params('000a 0000'), '1 . docpath'],
    ['HTTPS', '1 . docpath=n,s', params('000a 0004 016e 0173'), '1 . docpath="n,s"'],
    ['HTTPS', '1 . key10=\\003dns', params('000a 0004 03646e73'), '1 . docpath="dns"'],
    ['HTTPS', '1 . pvd', params('000b 0000')],
    ['HTTPS', '1 . oots="do53:100,dot:10"', params('000c 000b 04646f353364 03646f740a')],
    [
      'HTTPS',
      '1 . mandatory=pvd,docpath pvd docpath',
      params('0000 0004 000a000b 000a 0000 000b 0000'),
      '1 . mandatory=docpath,pvd docpath pvd',
    ],
  ]);
  for (const bad of [
    'tls-supported-groups=',
    'tls-supported-groups=29,29',
    'tls-supported-groups=65536',
    'docpath=a,,b',
    'pvd=1',
    'oots=dot',
    'oots=dot:101',
    'oots="dot:1,DOT:2"',
    'oots=',
    'ohttp=1',
  ])
    t.ok(parseRdata(TYPE.HTTPS, `1 . ${bad}`) instanceof Malformed, bad);
});

t.test(
  'names: which are compressed (RFC 3597 §4), and that those in every place count as one in any case',
  async (t) => {
    const offsets = (mnemonic: Mnemonic, text: string): readonly (readonly number[])[] => {
      const rdata = parseRdata(TYPE[mnemonic], text) as Uint8Array;
      return [rdataNames(TYPE[mnemonic], rdata), compressibleNames(TYPE[mnemonic], rdata)];
    };
    for (const mnemonic of ['MB', 'MG', 'MR', 'MD', 'MF'] as const)
      t.same(offsets(mnemonic, 'A.'), [[0], [0]], mnemonic);
    t.same(offsets('MINFO', 'A. B.'), [
      [0, 3],
      [0, 3],
    ]);
    for (const [mnemonic, text, names] of [
      ['KX', '1 A.', [2]],
      ['RT', '1 A.', [2]],
      ['LP', '1 A.', [2]],
      ['PX', '1 A. B.', [2, 5]],
      ['NSAP-PTR', 'A.', [0]],
      ['SIG', 'A 5 2 3600 20380119031407 20030220173103 2642 A. AAAA', [18]],
      ['NXT', 'A. A', [0]],
      ['TALINK', 'A. B.', [0, 3]],
      ['DSYNC', 'CDS 1 1 A.', [5]],
      ['IPSECKEY', '1 3 2 A. AAAA', [3]],
      ['IPSECKEY', '1 1 2 192.0.2.1 AAAA', []],
      ['AMTRELAY', '1 0 3 A.', [2]],
      ['HIP', '2 20 AAAA A. B.', [8, 11]],
      ['A6', '64 ::1 A.', [9]],
      ['A6', '0 ::1', []],
    ] as const) {
      t.same(offsets(mnemonic, text), [names, []], `${mnemonic} ${text}`);
      const lower = lowerNames(TYPE[mnemonic], parseRdata(TYPE[mnemonic], text) as Uint8Array);
      for (const at of names) t.ok(lower[at + 1] === 0x61 || lower[at + 1] === 0x62, `${mnemonic} ${text}`);
    }
  },
);

t.test("bytes that an earlier version took for an unknown type are kept, shown, and in nobody's way", async (t) => {
  for (const mnemonic of ['APL', 'IPSECKEY', 'HIP', 'KX', 'MINFO', 'AMTRELAY', 'NID', 'A6', 'X25', 'DSYNC'] as const) {
    for (const bytes of [[], [0], [1, 2, 3], Array(40).fill(255)]) {
      const rdata = Uint8Array.from(bytes);
      const text = formatRdata(TYPE[mnemonic], rdata);
      t.ok(text.length > 0, `${mnemonic}: ${text}`);
      t.doesNotThrow(() => [compressibleNames, rdataNames, lowerNames].map((work) => work(TYPE[mnemonic], rdata)));
    }
  }
});
