/** RDATA of each type against the bytes that its RFC gives, or that follow from its layout there. */
import t, { type Test } from 'tap';
import { TYPE } from '../../src/wire/constants.ts';
import { Malformed } from '../../src/wire/malformed.ts';
import { formatRdata, parseRdata } from '../../src/wire/rdata.ts';

type Mnemonic = keyof typeof TYPE;

function hex(bytes: Uint8Array | Malformed): string {
  return bytes instanceof Malformed ? `refused: ${bytes.reason}` : Buffer.from(bytes).toString('hex');
}

/** The wire form of a name, for the expected side. */
function name(text: string): string {
  const labels = text.split('.').filter((label) => label !== '');
  return `${labels.map((label) => hex(Uint8Array.from([label.length, ...Buffer.from(label)]))).join('')}00`;
}

function ascii(text: string): string {
  return Buffer.from(text).toString('hex');
}

function string(text: string): string {
  return hex(Uint8Array.of(text.length)) + ascii(text);
}

/** The text, the bytes, and the text that is printed where it is not the same. */
type Vector = readonly [mnemonic: Mnemonic, text: string, bytes: string, printed?: string];

function check(t: Test, vectors: readonly Vector[]): void {
  for (const [mnemonic, text, bytes, printed = text] of vectors) {
    const rdata = parseRdata(TYPE[mnemonic], text);
    t.equal(hex(rdata), bytes.replaceAll(' ', ''), `${mnemonic} ${text}`);
    if (!(rdata instanceof Malformed)) t.equal(formatRdata(TYPE[mnemonic], rdata), printed);
  }
}

t.test('RFC 1035 and RFC 1183: plain types', async (t) => {
  check(t, [
    ['HINFO', '"DEC-2060" "TOPS20"', string('DEC-2060') + string('TOPS20')],
    ['HINFO', 'PC ""', '02504300', '"PC" ""'],
    ['RP', 'louie.trantor.umd.edu. LAM1.people.umd.edu.', name('louie.trantor.umd.edu') + name('LAM1.people.umd.edu')],
    ['AFSDB', '1 bigbird.toaster.com.', `0001${name('bigbird.toaster.com')}`],
    ['SPF', '"v=spf1 -all"', string('v=spf1 -all')],
    ['DNAME', 'example.com.', name('example.com')],
    [
      'SOA',
      'a. b. 1 1h30m 15M 1W2d 0',
      `${name('a')}${name('b')}00000001 00001518 00000384 000bdd80 00000000`,
      'a. b. 1 5400 900 777600 0',
    ],
  ]);
});

t.test('RFC 1876: LOC', async (t) => {
  check(t, [
    [
      'LOC',
      '42 21 54 N 71 06 18 W -24m 30m',
      '00331613 89172dd0 70be15f0 00988d20',
      '42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m',
    ],
    [
      'LOC',
      '52 14 05 N 00 08 50 E 10m',
      '00121613 8b3556c8 80081650 00989a68',
      '52 14 5.000 N 0 8 50.000 E 10.00m 1.00m 10000.00m 10.00m',
    ],
    [
      'LOC',
      '32 7 19 s 116 2 25 e 10 0.01 90000000m 0',
      '00109900 791b7d28 98e64868 00989a68',
      '32 7 19.000 S 116 2 25.000 E 10.00m 0.01m 90000000.00m 0.00m',
    ],
    [
      'LOC',
      '90 N 180 W 42849672.95m 15m',
      '00131613 934fd900 59604e00 ffffffff',
      '90 0 0.000 N 180 0 0.000 W 42849672.95m 10.00m 10000.00m 10.00m',
    ],
    [
      'LOC',
      '0 0 0.001 S 0 0 0.999 W -100000m',
      '00121613 7fffffff 7ffffc19 00000000',
      '0 0 0.001 S 0 0 0.999 W -100000.00m 1.00m 10000.00m 10.00m',
    ],
    // Versions of the future, of whose format nothing is known.
    ['LOC', '\\# 16 01ff1613934fd90059604e00ffffffff', '01ff1613 934fd900 59604e00 ffffffff'],
    ['LOC', '\\# 3 02abcd', '02abcd'],
  ]);
});

t.test('RFC 3403, RFC 7553 and RFC 2782: NAPTR, URI, SRV', async (t) => {
  check(t, [
    [
      'NAPTR',
      '100 50 "s" "z3950+I2L+I2C" "" _z3950._tcp.gatech.edu.',
      `00640032 ${string('s')} ${string('z3950+I2L+I2C')} 00 ${name('_z3950._tcp.gatech.edu')}`,
    ],
    [
      'NAPTR',
      '100 10 "" "" "!^urn:cid:.+@([^\\\\.]+\\\\.)(.*)$!\\\\2!i" .',
      `0064000a 00 00 ${string('!^urn:cid:.+@([^\\.]+\\.)(.*)$!\\2!i')} 00`,
    ],
    ['URI', '10 1 "ftp://ftp1.example.com/public"', `000a0001${ascii('ftp://ftp1.example.com/public')}`],
    ['SRV', '0 5 5060 sip.example.com.', `0000000513c4${name('sip.example.com')}`],
  ]);
});

t.test('RFC 8659: CAA', async (t) => {
  check(t, [
    ['CAA', '0 issue "ca1.example.net"', `00${string('issue')}${ascii('ca1.example.net')}`],
    ['CAA', '128 tbs Unknown', `80${string('tbs')}${ascii('Unknown')}`, '128 tbs "Unknown"'],
    ['CAA', '0 issue ";"', `00${string('issue')}3b`],
    ['CAA', '0 issuewild ""', `00${string('issuewild')}`],
    ['CAA', `0 iodef "${'x'.repeat(300)}"`, `00${string('iodef')}${'78'.repeat(300)}`],
  ]);
});

t.test('RFC 4255, RFC 6698, RFC 8162, RFC 7929, RFC 4398: keys and certificates', async (t) => {
  const sha256 = 'd2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971';
  check(t, [
    ['SSHFP', '2 1 123456789abcdef67890123456789abcdef67890', '0201123456789abcdef67890123456789abcdef67890'],
    [
      'TLSA',
      '0 0 1 D2ABDE24 0D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971',
      `000001${sha256}`,
      `0 0 1 ${sha256}`,
    ],
    ['SMIMEA', `3 1 1 ${sha256}`, `030101${sha256}`],
    ['OPENPGPKEY', 'mQ ENBA==', '99010d04', 'mQENBA=='],
    ['CERT', 'PKIX 12345 RSASHA256 AQIDBA==', '0001 3039 08 01020304', '1 12345 8 AQIDBA=='],
    ['CERT', '65534 0 0 AA==', 'fffe 0000 00 00'],
  ]);
});

t.test('RFC 4034: DNSKEY, RRSIG, NSEC, DS', async (t) => {
  const key =
    'AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTkF7H6RfoRqXQeogmMHfpftf6z' +
    'Mv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLijfUppn1UaNvv4w==';
  const signature =
    'oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMeDPKijVCHX3DDKdfb+v6oB9wfuh3DTJXUAfI/M0zmO/zz8bW0Rznl8O3tGNaz' +
    'PwQKkRN20XPXV6nwwfoXmJQbsLNrLfkGJ5D6fwFm8nN+6pBzeDQfsS3Ap3o=';
  const wireOf = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');
  check(t, [
    ['DNSKEY', `256 3 RSASHA1 ${key.slice(0, 70)} ${key.slice(70)}`, `01000305${wireOf(key)}`, `256 3 5 ${key}`],
    [
      'RRSIG',
      `A 5 3 86400 20030322173103 20030220173103 2642 example.com. ${signature}`,
      `0001 05 03 00015180 3e7c9dd7 3e5510d7 0a52 ${name('example.com')} ${wireOf(signature)}`,
    ],
    [
      'RRSIG',
      'type65280 0 0 0 4294967295 0 0 . AA==',
      'ff00 0000 00000000 ffffffff 00000000 0000 00 00',
      'TYPE65280 0 0 0 21060207062815 19700101000000 0 . AA==',
    ],
    [
      'NSEC',
      'host.example.com. A MX RRSIG NSEC TYPE1234',
      `${name('host.example.com')} 0006 400100000003 041b ${'00'.repeat(26)}20`,
    ],
    ['NSEC', 'a. NSEC A MX A', `${name('a')} 0006 400100000001`, 'a. A MX NSEC'],
    [
      'DS',
      '60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118',
      'ec450501 2bb183af5f22588179a53b0a98631fad1a292118',
      '60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118',
    ],
  ]);
  // Appendix B gives a key's tag as a checksum over the whole RDATA: the RRSIG of RFC 4034 §3.3 names it.
  const rdata = Buffer.from(parseRdata(TYPE.DNSKEY, `256 3 5 ${key}`) as Uint8Array);
  let sum = 0;
  for (let at = 0; at < rdata.length; at += 2) sum += rdata.readUInt16BE(at);
  t.equal((sum + (sum >> 16)) & 0xffff, 2642);
});

t.test('RFC 5155: NSEC3, NSEC3PARAM', async (t) => {
  check(t, [
    ['NSEC3PARAM', '1 0 12 aabbccdd', '0100000c04aabbccdd'],
    ['NSEC3PARAM', '1 0 0 -', '0100000000'],
    [
      'NSEC3',
      '1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR MX DNSKEY',
      '0101000c 04aabbccdd 14 174eb2409fe28bcb4887a1836f957f0a8425e27b 0007 00010000000080'.replace(
        '0007 00010000000000 80',
        '0007 00010000000080',
      ),
      '1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY',
    ],
    ['NSEC3', '1 0 0 - 00', '01000000 00 01 00', '1 0 0 - 00'],
  ]);
});

t.test(
  'RFC 7344, RFC 8078, RFC 7477, RFC 8976, RFC 7043: signals of a child, zone digests, hardware addresses',
  async (t) => {
    const digest = 'c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c';
    check(t, [
      ['CDS', '0 0 0 00', '0000000000'],
      ['CDNSKEY', '0 3 0 AA==', '0000030000'],
      ['CSYNC', '66 3 A NS AAAA', '00000042 0003 0004 60000008'],
      ['CSYNC', '66 3', '00000042 0003'],
      ['ZONEMD', `2018031900 1 1 ${digest}`, `7848b91c 01 01 ${digest}`],
      ['EUI48', '00-00-5E-00-53-2a', '00005e00532a', '00-00-5e-00-53-2a'],
      ['EUI64', '00-00-5e-ef-10-00-00-2a', '00005eef1000002a'],
    ]);
  },
);

t.test('RFC 9460, appendix D: SVCB', async (t) => {
  const foo = name('foo.example.com');
  const org = name('foo.example.org');
  check(t, [
    ['HTTPS', '0 foo.example.com.', `0000${foo}`],
    ['SVCB', '1 .', '000100'],
    ['SVCB', '16 foo.example.com. port=53', `0010${foo} 0003 0002 0035`],
    [
      'SVCB',
      '1 foo.example.com. key667=hello',
      `0001${foo} 029b 0005 ${ascii('hello')}`,
      '1 foo.example.com. key667="hello"',
    ],
    ['SVCB', '1 foo.example.com. key667="hello\\210qoo"', `0001${foo} 029b 0009 68656c6c6fd2716f6f`],
    [
      'SVCB',
      '1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"',
      `0001${foo} 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001`,
      '1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1',
    ],
    [
      'SVCB',
      '1 example.com. ipv6hint="2001:db8:122:344::192.0.2.33"',
      `0001${name('example.com')} 0006 0010 20010db8012203440000 0000c0000221`,
      '1 example.com. ipv6hint=2001:db8:122:344::c000:221',
    ],
    [
      'SVCB',
      '16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1',
      `0010${org} 0000 0004 00010004 0001 0009 02 6832 05 68332d3139 0004 0004 c0000201`,
      '16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1',
    ],
    [
      'SVCB',
      '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
      `0010${org} 0001 000c 08 ${ascii('f\\oo,bar')} 02 6832`,
    ],
    [
      'SVCB',
      '16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2',
      `0010${org} 0001 000c 08 ${ascii('f\\oo,bar')} 02 6832`,
      '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
    ],
    [
      'HTTPS',
      '1 . no-default-alpn alpn="h3" ech="AAA=" dohpath=/q{?dns} ohttp',
      `0001 00 0001 0003 02 6833 0002 0000 0005 0002 0000 0007 0008 ${ascii('/q{?dns}')} 0008 0000`,
      '1 . alpn="h3" no-default-alpn ech=AAA= dohpath="/q{?dns}" ohttp',
    ],
    ['SVCB', '1 . key65534 key3="\\000\\053"', '000100 0003 0002 0035 fffe 0000', '1 . port=53 key65534'],
  ]);
});

t.test('RFC 9460, appendix D.3, and more: parameters that are refused', async (t) => {
  const table: [string, RegExp][] = [
    ['key123=abc key123=def', /key123 is given twice/],
    ['mandatory', /mandatory must be a list of other keys/],
    ['alpn', /alpn must be a list of protocols/],
    ['port', /port must be an integer/],
    ['ipv4hint', /ipv4hint must be a list of IPv4 addresses/],
    ['ipv6hint', /ipv6hint must be a list of IPv6 addresses/],
    ['no-default-alpn=abc alpn=h2', /no-default-alpn must be without a value/],
    ['mandatory=key123', /mandatory parameter key123 must be given/],
    ['mandatory=mandatory', /list of other keys/],
    ['mandatory=key123,key123 key123=abc', /each once/],
    ['no-default-alpn', /needs alpn beside it/],
    ['alpn=h2,,h3', /list of protocols/],
    ['port=65536', /port must be an integer from 0 to 65535, not "port=65536"/],
    ['port=', /port must be an integer/],
    ['port="53', /closing quote was expected/],
    ['"port=53"', /a parameter such as alpn=h2 was expected/],
    ['key65535=a', /a parameter such as alpn=h2 was expected, not "key65535=a"/],
    ['key01=a', /a parameter such as/],
    ['nonsense=1', /a parameter such as/],
    ['ech=!', /ech must be base64/],
    ['dohpath=q', /URI template with the variable dns/],
    ['key3=1', /port must be an integer/],
  ];
  for (const [params, reason] of table) {
    t.match(parseRdata(TYPE.SVCB, `1 a. ${params}`), { reason }, params);
  }
});
