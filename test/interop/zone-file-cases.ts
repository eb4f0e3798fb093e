/** Zone files, good and bad, that Teal and other programs must judge alike; where they do not, a rule says why. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of $GENERATE.

/**
 * Who is asked. `text`: readers of zone files. `zone`: those that also check the zone (ldns-read-zone does not).
 * `bind`: what only BIND has.
 */
export type Jury = 'text' | 'zone' | 'bind';

export interface ZoneFileCase {
  readonly what: string;
  readonly text: string;
  readonly jury: Jury;
  /** Names the reason why Teal judges otherwise than most of the jury. */
  readonly rule?: keyof typeof rules;
  /** Names the reason why Teal reads other RRsets than named-checkzone. */
  readonly reading?: keyof typeof readings;
  /** Files beside it that it includes. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Why Teal judges a file otherwise than most of the jury. */
export const rules = {
  'raw bytes in names':
    'A name outside ASCII is written as A-labels (RFC 5890 §2.3.2.1); raw UTF-8 in a name is a mistake that no resolver would ever ask for.',
  'at sign in names':
    'In a name @ stands for the origin (RFC 1035 §5.1); within a word it is nearly always a mailbox that wants a dot (RFC 1035 §8).',
  'TTL beyond 31 bits':
    'RFC 2181 §8 ends at 2147483647. named-checkzone takes 0 for more, ldns and Knot the number as it is: refusing is the one reading that surprises nobody.',
  'no TTL known':
    'Neither RFC 1035 §5.1 nor RFC 2308 §4 gives a value where no TTL stands before; ldns and Knot make up 3600.',
  'quotes in the middle of a word':
    'named-checkzone reads a"b c" as two strings, ldns as parts of two others, Knot refuses: RFC 1035 §5.1 has strings with quotes begin with them.',
  'byte order mark': 'The mark has no meaning in UTF-8 (RFC 3629 §6) and editors put it there unasked.',
  'lengths of fingerprints and digests':
    'A fingerprint or digest of a wrong length never matches anything (RFC 4255 §3.1.3, RFC 6594, RFC 8976 §2.2.4).',
  'consistent parameters':
    'RFC 9460 §2.4.3 and §7.1.1 have zone-file readers refuse parameters that contradict each other, as named-checkzone does.',
  'empty URI': 'RFC 7553 §4.5: the length of the target is greater than zero.',
  'rare types':
    "A type with a form in IANA's registry is read in it, also where most peers are older than the type, or gave it up as obsolete.",
  'keys of today':
    'Parameters that came into the registry of RFC 9460 §14.3.2 after these peers; by number they all take them.',
  'keys left out': 'RFC 4025 §2.4 and RFC 2535 §3.1.2 have records without a key, which BIND or Knot and NSD take.',
  'stored types': 'Type 0 is reserved (RFC 6895 §3.1): nothing could ask for it.',
  'records of messages':
    'What a message says of itself (RFC 6895 §3.1: Meta-TYPEs) stands in what dig writes of a transfer: it is left out, with a warning.',
  'answers of 64 KiB': 'An RRset that no message can carry is never answered (RFC 2181 §9).',
  'nameservers come first':
    'A zone is made before its records, so the API cannot refuse it, and a file that says what the API took must be taken: a warning.',
  'quoted names': 'Quotes are for character-strings (RFC 1035 §5.1).',
} as const;

/** Why Teal reads other RRsets than named-checkzone. */
export const readings = {
  'lowest TTL': 'RFC 2181 §5.2 has differing TTLs of an RRset count as the lowest; named-checkzone takes the first.',
  'first spelling':
    'Of records that are equal but for the case of names (RFC 4343 §2) Teal keeps the first, named-checkzone the last.',
} as const;

const apex = '$ORIGIN example.\n@ 3600 IN SOA ns1 host 1 2 3 4 5\n@ 3600 IN NS ns1\nns1 3600 IN A 192.0.2.1\n';

type More = Partial<Pick<ZoneFileCase, 'rule' | 'reading' | 'files'>>;

/** A case whose lines follow those that make a zone whole. */
const lines =
  (jury: Jury) =>
  (what: string, text: string, more: More = {}): ZoneFileCase => ({ what, text: apex + text, jury, ...more });
const text = lines('text');
const zone = lines('zone');
const bind = lines('bind');
/** A case that is the whole file. */
const file = (jury: Jury, what: string, whole: string, more: More = {}): ZoneFileCase => ({
  what,
  text: `$ORIGIN example.\n${whole}`,
  jury,
  ...more,
});

const hex = (bytes: number): string => 'ab'.repeat(bytes);

const forms: readonly ZoneFileCase[] = [
  text(
    'class, TTL and type in any order and case',
    'a 60 IN A 192.0.2.1\nb in 60 a 192.0.2.1\nc 60 A 192.0.2.1\nd A 192.0.2.1\n',
  ),
  text('the owner before', 'a 6 A 192.0.2.1\n  A 192.0.2.2\n\tIN TXT x\n'),
  text('the owner before, past comments and directives', 'a 6 A 192.0.2.1\n\n; c\n   ; d\n$TTL 7\n A 192.0.2.2\n'),
  text('origins', '@ TXT x\n$ORIGIN sub.example.\n@ TXT y\na TXT z\nb.example. CNAME c\n'),
  text('$TTL', '$TTL 1h\na TXT x\nb 6 TXT x\nc TXT x\n$TTL 7\nd TXT x\n'),
  text('the last TTL', 'a 6 TXT x\nb TXT x\n'),
  text('units in any order', 'a 1w2d3h4m5s TXT x\nb 1m1h TXT x\nc 1H TXT x\n'),
  text('units and a bare rest', 'a 1h30 TXT x\n'),
  text('a unit that is none', 'a 1y TXT x\n'),
  text('the longest TTL', 'a 2147483647 TXT x\n'),
  text('a TTL with its top bit', 'a 2147483648 TXT x\n', { rule: 'TTL beyond 31 bits' }),
  text('a TTL beyond 32 bits', 'a 4294967296 TXT x\n'),
  text('a negative TTL', 'a -1 TXT x\n'),
  text('parentheses over lines', '@ 3600 SOA ns1 host ( 1 ; c )\n 2\n\n 3 4 5 )\nb TXT ( x\n y )\n'),
  text('nested parentheses', 'a TXT ( ( x ) )\n'),
  text('a parenthesis before the owner', '( a A 192.0.2.1 )\n'),
  text('no closing parenthesis', 'a TXT ( x\n'),
  text('no opening parenthesis', 'a TXT x )\n'),
  text('comments', 'a TXT x;c\nb TXT "x;c" ; d\n;\n'),
  text('an unclosed quote', 'a TXT "x\nb TXT y\n'),
  text('a string over two lines', 'a TXT "x\ny"\n'),
  text('strings without a space between', 'a TXT "x""y" "z"w\n'),
  text('quotes in the middle of a word', 'a TXT x"y z"\n', { rule: 'quotes in the middle of a word' }),
  text('a quoted value behind an equals sign', 'a TXT k="v w"\n', { rule: 'quotes in the middle of a word' }),
  text('escapes in strings', 'a TXT \\065\\;\\"\\\\ "\\000\\255\\"x"\n'),
  text('an escape beyond 255', 'a TXT \\256\n'),
  text('an escape of two digits', 'a TXT \\25x\n'),
  text('escapes in names', 'a\\.b TXT x\n\\065b TXT x\nc\\032d TXT x\n'),
  text('a string of 255 bytes', `a TXT "${'x'.repeat(255)}"\n`),
  text('a string of 256 bytes', `a TXT "${'x'.repeat(256)}"\n`),
  text('an empty string', 'a TXT ""\n'),
  text('no string', 'a TXT\n'),
  text('no line end at the end', 'a TXT x'),
  text('line ends of Windows', 'a TXT x\r\n  TXT y\r\n'),
  text('a lone carriage return', 'a A 192.0.2.1\rb A 192.0.2.2\n'),
  text('a NUL', 'a TXT x\0y\n'),
  text('UTF-8 in a string', 'a TXT "é"\n'),
  text('UTF-8 in an owner', 'bü TXT x\n', { rule: 'raw bytes in names' }),
  text('UTF-8 in a target', 'a CNAME bü.test.\n', { rule: 'raw bytes in names' }),
  text('a mailbox with @', 'a RP me@b.test. .\n', { rule: 'at sign in names' }),
  text('a quoted address', 'a A "192.0.2.1"\n'),
  text('a quoted number', 'a MX "10" ns1\n'),
  text('a quoted name', 'a CNAME "b"\n'),
  text('a quoted owner', '"a" TXT x\n', { rule: 'quoted names' }),
  text('a label of 63 bytes', `${'a'.repeat(63)} TXT x\n`),
  text('a label of 64 bytes', `${'a'.repeat(64)} TXT x\n`),
  text('a name of 255 bytes', `${`${'a'.repeat(62)}.`.repeat(3)}${'b'.repeat(55)} TXT x\n`),
  text('a name of 256 bytes', `${`${'a'.repeat(62)}.`.repeat(3)}${'b'.repeat(57)} TXT x\n`),
  text('an empty label', 'a..b TXT x\n'),
  text('a leading dot', '.a TXT x\n'),
  text('class CH', 'a CH TXT x\n'),
  text('an unknown type', 'a NOSUCH x\n'),
  text('a type of questions', 'a ANY \\# 0\n'),
  text('type OPT', 'a OPT \\# 0\n', { rule: 'records of messages' }),
  text(
    'what dig writes of a transfer',
    '@ 3600 SOA ns1 host 1 2 3 4 5\nkey. 0 ANY TSIG hmac-sha256. 1700000000 300 4 AAAAAA== 1 NOERROR 0\n',
    {
      rule: 'records of messages',
    },
  ),
  text('typographic quotes', 'a TXT “x y”\n'),
  text('type 0', 'a TYPE0 \\# 0\n', { rule: 'stored types' }),
  text(
    'generic RDATA',
    'a TYPE65280 \\# 4 0a000001\nb TYPE65280 \\# 0\nc TYPE65280 \\# 3 ( ab\n cdef )\nd A \\# 4 C0000201\n',
  ),
  text('generic RDATA shorter than said', 'a TYPE65280 \\# 4 0a0000\n'),
  text('generic RDATA longer than said', 'a TYPE65280 \\# 2 0a0000\n'),
  text('generic RDATA of half a byte', 'a TYPE65280 \\# 1 a\n'),
  text('generic RDATA that A cannot have', 'a A \\# 3 010203\n'),
  text('an unknown type in a form of its own', 'a TYPE65280 x\n'),
  text('an unknown directive', '$NOSUCH x\n'),
  text('a directive behind a blank', ' $TTL 5\n'),
  text('directives of small letters', '$ttl 5\na TXT x\n'),
  text('$TTL without a value', '$TTL\n'),
  text('$TTL with a bad value', '$TTL x\na TXT x\n'),
  text('$ORIGIN with a bad name', '$ORIGIN a..b.\n'),
  { what: 'a byte order mark', text: `\ufeff${apex}`, jury: 'text', rule: 'byte order mark' },
  file(
    'text',
    'a blank before the first record',
    '  3600 A 192.0.2.7\n@ 3600 SOA ns1 host 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n',
  ),
  file('text', 'no TTL but in the SOA', '@ SOA ns1 host 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n'),
  file('text', 'no TTL before the SOA', '@ NS ns1\n@ SOA ns1 host 1 2 3 4 5\nns1 A 192.0.2.1\n', {
    rule: 'no TTL known',
  }),
  file('text', 'units in the SOA', '@ 1d SOA ns1 host 1 2h 3m 4w 1h30m\n@ NS ns1\nns1 A 192.0.2.1\n'),
  file('text', 'the SOA is not first', '$TTL 5\nns1 A 192.0.2.1\n@ NS ns1\n@ SOA ns1 host 1 2 3 4 5\n'),
];

const rdata: readonly ZoneFileCase[] = [
  text(
    'addresses',
    'a A 192.0.2.255\na AAAA 2001:db8::1\nb AAAA ::ffff:192.0.2.1\nc AAAA 1:2:3:4:5:6:7:8\nd AAAA ::\n',
  ),
  text('an octet too large', 'a A 192.0.2.256\n'),
  text('an address of three parts', 'a A 192.0.2\n'),
  text('an IPv6 address with two gaps', 'a AAAA 1::2::3\n'),
  text(
    'plain types',
    'a NS b\nc CNAME d\ne PTR f\ng DNAME h\ni MX 10 j\nk SRV 0 5 5060 l\nm HINFO "a b" c\nn RP o p\nq AFSDB 1 r\n',
  ),
  text('a preference beyond 16 bits', 'a MX 65536 b\n'),
  text('HINFO of one string', 'a HINFO x\n'),
  text('NAPTR', 'a NAPTR 100 50 "s" "z3950+I2L" "" _a._tcp\nb NAPTR 1 2 u sip+E2U "!^.*$!sip:a@b.test!" .\n'),
  text('URI', 'a URI 10 1 "ftp://ftp1.example.com/public"\n'),
  text('an empty URI', 'a URI 10 1 ""\n', { rule: 'empty URI' }),
  text('CAA', 'a CAA 0 issue "ca.example.net"\na CAA 128 tbs Unknown\nb CAA 0 issue ";"\n'),
  text('a CAA tag with a hyphen', 'a CAA 0 is-sue "x"\n'),
  text('SPF', 'a SPF "v=spf1 -all"\na TXT "v=spf1 -all"\n'),
  text(
    'LOC',
    'a LOC 42 21 54 N 71 06 18 W -24m 30m\nb LOC 52 14 05.123 N 00 08 50 E 10m 1m 2m 3m\nc LOC 1 N 2 E 0\nd LOC 90 S 180 W 42849672.95m 90000000m\n',
  ),
  text('LOC of another version', 'a LOC \\# 16 01aabbccddeeff001122334455667788\n'),
  text('LOC with 60 minutes', 'a LOC 42 60 54 N 71 6 18 W -24m 30m\n'),
  text('LOC beyond the pole', 'a LOC 91 N 71 W 0\n'),
  text(
    'SSHFP, TLSA, SMIMEA',
    `a SSHFP 2 1 ${hex(20)}\na SSHFP 4 2 ${hex(32)}\n_443._tcp TLSA 3 1 1 ( ${hex(16)}\n ${hex(16)} )\nb SMIMEA 3 0 0 abcd\n`,
  ),
  text('SSHFP of a wrong length', 'a SSHFP 1 1 aabb\n', { rule: 'lengths of fingerprints and digests' }),
  text('TLSA of a wrong length', 'a TLSA 3 1 1 aabb\n'),
  text('hex of an odd length', 'a TLSA 3 1 0 abc\n'),
  text('OPENPGPKEY, CERT', 'a OPENPGPKEY mQEN BA==\nb CERT PKIX 12345 RSASHA256 AQIDBA==\nc CERT 65534 0 0 AA==\n'),
  text('base64 with stray bits', 'a OPENPGPKEY mQENBB==\n'),
  text('base64 without padding', 'a OPENPGPKEY mQENBA\n'),
  text(
    'SVCB and HTTPS',
    'a HTTPS 0 b\nc HTTPS 1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint="2001:db8::1"\nd SVCB 16 e mandatory=ipv4hint,alpn ipv4hint=192.0.2.1 alpn="f\\\\\\\\oo\\\\,bar,h2"\nf SVCB 1 g key667="hello\\210qoo" ech=AAAA\nh HTTPS 1 . alpn=h2 no-default-alpn\n',
  ),
  text('the same parameter twice', 'a SVCB 1 b key123=a key123=b\n'),
  text('a mandatory parameter that is missing', 'a SVCB 1 b mandatory=key123\n'),
  text('no-default-alpn without alpn', 'a HTTPS 1 b no-default-alpn\n', { rule: 'consistent parameters' }),
  text('a port beyond 16 bits', 'a HTTPS 1 b port=65536\n'),
  text('an unknown parameter name', 'a HTTPS 1 b nosuch=1\n'),
  text(
    'DS, CDS, DNSKEY, CDNSKEY',
    `a NS ns1\na DS 60485 5 1 ${hex(20)}\na DS 1 RSASHA256 2 ${hex(32)}\n@ CDS 0 0 0 00\n@ CDNSKEY 0 3 0 AA==\nb DNSKEY 256 3 RSASHA1 AQPSKmyn\n`,
  ),
  text('DS of a wrong length', 'a NS ns1\na DS 1 1 1 aabb\n'),
  text(
    'RRSIG',
    'a TXT x\na RRSIG TXT 5 2 3600 20380119031407 20030220173103 2642 example. AAAA\nb RRSIG TYPE65280 8 2 3600 1893456000 1577836800 1 example. AAAA\n',
  ),
  text('RRSIG on 30 February', 'a RRSIG TXT 5 2 3600 20380230031407 20030220173103 2642 example. AAAA\n'),
  text(
    'NSEC, NSEC3, NSEC3PARAM',
    'a NSEC b A MX RRSIG NSEC TYPE1234\n2t7b4g4vsa5smi47k61mv5bv1a22bojr NSEC3 1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG\nc NSEC3PARAM 1 0 12 aabbccdd\nd NSEC3PARAM 1 0 0 -\n',
  ),
  text('NSEC without types', 'a NSEC b\n'),
  text('CSYNC', '@ CSYNC 66 3 A NS AAAA\n'),
  text('ZONEMD', `b ZONEMD 1 1 1 ${hex(48)}\n`),
  text('ZONEMD of a wrong length', 'b ZONEMD 1 1 1 abcd\n', { rule: 'lengths of fingerprints and digests' }),
  text('hardware addresses', 'a EUI48 00-00-5e-00-53-2a\na EUI64 00-00-5e-ef-10-00-00-2a\n'),
  text('a hardware address with colons', 'a EUI48 00:00:5e:00:53:2a\n'),
];

/** Types that not every zone has; those that all of them take first. */
const rare: readonly ZoneFileCase[] = [
  text(
    'APL',
    'a APL 1:192.168.32.0/21 !1:192.168.38.0/28\nb APL 1:224.0.0.0/4 2:FF00:0:0:0:0:0:0:0/8\nc APL 1:192.168.33.7/21\nd APL\n',
  ),
  text('APL of another family', 'a APL 3:abcd/8\n'),
  text('APL beyond its family', 'a APL 1:192.0.2.0/33\n'),
  text(
    'IPSECKEY',
    'a IPSECKEY 10 1 2 192.0.2.38 AQNR\na IPSECKEY 10 0 2 . AQNR\nb IPSECKEY 10 3 2 gw.example.com. AQNR\nc IPSECKEY 10 2 2 2001:db8::1 AQNR\nd IPSECKEY 10 3 2 rel AQNR\n',
  ),
  text('IPSECKEY of an unknown kind', 'a IPSECKEY 10 4 2 . AQNR\n'),
  text('IPSECKEY with a name that its kind has not', 'a IPSECKEY 10 0 2 b. AQNR\n'),
  text('IPSECKEY without a key', 'a IPSECKEY 10 0 0 .\n', { rule: 'keys left out' }),
  text('KX, RT, LP', 'a KX 10 b\na RT 10 b\na LP 10 b\n'),
  text('DHCID', 'a DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=\nb DHCID AAIB Y2/A\n'),
  text('NID, L32, L64', 'a NID 10 0014:4fff:ff20:ee64\na L32 10 10.1.2.0\na L64 10 2001:0DB8:1140:1000\n'),
  text('L64 as an address', 'a L64 10 2001:db8::\n'),
  text('KEY', 'a KEY 256 3 5 AQPS KmynfzW4\n'),
  text('KEY without a key', 'a KEY 49152 3 5\n', { rule: 'keys left out' }),
  text('MINFO', 'a MINFO b c\n'),
  text('MB, MG, MR', 'a MB b\na MG b\na MR b\n'),
  text('MD, MF', 'a MD b\na MF b\n', { rule: 'rare types' }),
  text('PX', 'a PX 10 b c\n'),
  text('X25', 'a X25 311061700956\nb X25 "311061700956"\n'),
  text('ISDN', 'a ISDN 150862028003217 004\nb ISDN "150862028003217"\n'),
  text('ISDN of three strings', 'a ISDN 1 2 3\n'),
  text('NSAP', 'a NSAP 0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00\n'),
  text('NSAP without 0x', 'a NSAP 47000580005a\n'),
  bind('NSAP-PTR', 'a NSAP-PTR b\n'),
  text('GPOS', 'a GPOS -32.6882 116.8652 10.0\n'),
  text(
    'HIP',
    'a HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc rvs.example.com. rvs2\nb HIP 2 200100107B1A74DF365639CC39F1D578 AwEA\n',
  ),
  text('TALINK', 'a TALINK b c\n'),
  text('SIG', 'a SIG A 5 2 3600 20380119031407 20030220173103 2642 example. AAAA\n'),
  text('WKS', 'a WKS 192.0.2.1 6 25 80\n'),
  text('EID, NIMLOC', 'a EID 12 ab\na NIMLOC 12ab\n'),
  text('ATMA', 'a ATMA 39246f00\n'),
  text('NULL', 'a NULL \\# 2 abcd\n'),
  text('NULL in a form of its own', 'a NULL x\n'),
  bind(
    'AMTRELAY',
    'a AMTRELAY 10 0 1 203.0.113.15\na AMTRELAY 10 1 2 2001:db8::15\nb AMTRELAY 128 1 3 c\nd AMTRELAY 0 0 0 .\n',
  ),
  bind('AMTRELAY without a relay', 'a AMTRELAY 0 0 0\n'),
  bind('AMTRELAY of an unknown kind', 'a AMTRELAY 10 0 100 .\n'),
  bind('RESINFO, WALLET, AVC, NINFO', 'a RESINFO qnamemin exterr=15-17\na WALLET BTC 1x\na AVC x y\na NINFO x "y z"\n'),
  bind('DSYNC', 'a DSYNC CDS NOTIFY 5359 b\nb DSYNC CSYNC 1 5359 b\nc DSYNC CDS 129 5359 b\n'),
  bind('HHIT, BRID', 'a HHIT gwqD\na BRID gwqD\n'),
  bind('NXT', 'a NXT b A MX SIG NXT\nc NXT b\n'),
  bind('A6', 'a A6 0 2001:db8::1\na A6 64 ::1 b\na A6 128 b\n'),
  bind('ATMA by telephone', 'a ATMA +358.400.1234567\n'),
  bind('RKEY, TA, DLV', `a RKEY 0 3 5 AAAA\na TA 1 8 2 ${hex(32)}\na DLV 1 8 2 ${hex(32)}\n`),
  bind('DOA', 'a DOA 1 2 3 "text/plain" AAAA\nb DOA 1 2 3 "" -\n'),
  bind('CLA, IPN', 'a CLA "TCP-v4-v6"\na IPN 123456789012\n', { rule: 'rare types' }),
  text('NXNAME', 'a NXNAME \\# 0\nb TXT x\n'),
  text('tls-supported-groups', 'a HTTPS 1 . tls-supported-groups=29,23\n', { rule: 'keys of today' }),
  text('docpath', 'a SVCB 1 . docpath=n,s\n', { rule: 'keys of today' }),
  text('ohttp and pvd', 'a HTTPS 1 . ohttp pvd\n', { rule: 'keys of today' }),
  text('oots', 'a SVCB 1 . oots="do53:100,dot:20"\n', { rule: 'keys of today' }),
  text('base64 with a blank in a group', 'a OPENPGPKEY mQ ENBA= =\n'),
  text('base64 that ends twice', 'a OPENPGPKEY AQID== AQID\n'),
  text('hex with a blank in a pair', `a TLSA 3 1 1 a ${hex(31)}b\n`),
  text('a salt with a blank', 'a NSEC3PARAM 1 0 12 aa bb\n'),
  text('% in a name', 'a%b A 192.0.2.1\nc CNAME d%e\n'),
  text('$ in a name', 'a$b A 192.0.2.1\nc CNAME d$e\n\\$f A 192.0.2.1\ng CNAME $f\n'),
];

const zones: readonly ZoneFileCase[] = [
  zone('the same record twice', 'a TXT x\na TXT x\nb MX 10 ns1\nb MX 10 ns1\n'),
  zone('TTLs that differ', 'a 20 TXT x\na 10 TXT y\na 30 TXT z\n', { reading: 'lowest TTL' }),
  zone('records of another zone', 'a.other. TXT x\n'),
  zone('CNAME and other data', 'a CNAME b\na TXT x\n'),
  zone('other data and CNAME', 'a TXT x\na CNAME b\n'),
  zone('a CNAME at the apex', '@ CNAME b\n'),
  zone('two CNAMEs', 'a CNAME b\na CNAME c\n'),
  zone('the same CNAME twice', 'a CNAME b\na CNAME b\n'),
  zone('the same record twice but for case', 'b MX 10 NS1\nb MX 10 ns1\n', { reading: 'first spelling' }),
  zone('a CNAME with NSEC', 'a CNAME b\na NSEC b CNAME NSEC\n'),
  zone('two DNAMEs', 'a DNAME b\na DNAME c\n'),
  zone('names below a DNAME', 'a DNAME b\nx.a TXT x\n'),
  zone('names below the DNAME of the apex', '@ DNAME b.other.\n'),
  zone('DNAME beside NS', 'a DNAME b\na NS ns1\n'),
  zone('DNAME beside CNAME', 'a DNAME b\na CNAME c\n'),
  zone('two SOA', '@ SOA ns1 host 2 2 3 4 5\n'),
  zone('the same SOA twice', '@ SOA ns1 host 1 2 3 4 5\n'),
  zone('an SOA below the apex', 'a SOA ns1 host 1 2 3 4 5\n'),
  file('zone', 'no SOA', '$TTL 5\n@ NS ns1\nns1 A 192.0.2.1\n'),
  file('zone', 'no NS', '$TTL 5\n@ SOA ns1 host 1 2 3 4 5\n'),
  file('zone', 'nothing at all', ''),
  zone('a nameserver without an address', '@ NS ns2\n', { rule: 'nameservers come first' }),
  zone('a nameserver in a delegated child', '@ NS ns.sub\nsub NS ns.other.\n'),
  zone('a nameserver in a delegated child, with glue', '@ NS ns.sub\nsub NS ns.sub\nns.sub A 192.0.2.3\n'),
  file(
    'zone',
    'a DNAME at the apex',
    '$TTL 5\n@ SOA ns.other. host 1 2 3 4 5\n@ NS ns.other.\n@ DNAME b.other.\n@ TXT x\n',
  ),
  file(
    'zone',
    'hashed names below a DNAME at the apex',
    '$TTL 5\n@ SOA ns.other. host 1 2 3 4 5\n@ NS ns.other.\n@ DNAME b.other.\nscpjclod9nh4snis80bpp1jk8edjg6t9 NSEC3 1 0 0 AABB scpjclod9nh4snis80bpp1jk8edjg6t9 NS SOA DNAME\n',
  ),
  file(
    'zone',
    'data below a DNAME at the apex',
    '$TTL 5\n@ SOA ns.other. host 1 2 3 4 5\n@ NS ns.other.\n@ DNAME b.other.\na TXT x\n',
  ),
  zone('a nameserver that is an alias', '@ NS ns2\nns2 CNAME ns1\n'),
  zone('a delegation', 'sub NS ns.sub\nns.sub A 192.0.2.1\nns.sub AAAA ::1\nsub DS 1 8 2 '.concat(hex(32), '\n')),
  zone('a delegation without glue', 'sub NS ns.sub\n'),
  zone('a delegation to a nameserver without an address', 'sub NS ns2\n'),
  zone('data below a delegation', 'sub NS ns1\nx.sub TXT x\nsub TXT y\n'),
  zone('DS without NS', `a DS 1 8 2 ${hex(32)}\n`),
  zone('DS at the apex', `@ DS 1 8 2 ${hex(32)}\n`),
  zone('a mail server that is an alias', 'a MX 10 c\nc CNAME ns1\n'),
  zone('a mail server without an address', 'a MX 10 c\n'),
  zone('a service that is an alias', 'a SRV 1 1 1 c\nc CNAME ns1\n'),
  zone('wildcards', '* TXT x\n*.a TXT x\nb.*.c TXT x\n'),
  zone('NS at a wildcard', '* NS ns1\n'),
  zone('an RRset beyond 64 KiB', Array.from({ length: 300 }, (_, i) => `a TXT "${i}${'x'.repeat(250)}"\n`).join(''), {
    rule: 'answers of 64 KiB',
  }),
  zone('underscores', '_dmarc TXT x\na_b A 192.0.2.1\n'),
];

const generated: readonly ZoneFileCase[] = [
  bind('$GENERATE', '$GENERATE 1-3 a$ A 192.0.2.$\n$GENERATE 0-9/4 b$ 7 IN TXT "x $"\n'),
  bind(
    '$GENERATE with modifiers',
    '$GENERATE 9-11 a${0,3,d} A 192.0.2.${1}\n$GENERATE 9-11 b${0,4,x} CNAME c${-9,3,X}\n$GENERATE 8-9 d${0,0,o} TXT $$\n',
  ),
  bind(
    '$GENERATE with nibbles',
    '$GENERATE 171-171 ${0,7,n}.a TXT x\n$GENERATE 171-171 b${0,8,N}c TXT ${0,0,n}\n$GENERATE 70000-70000 ${0,2,n}.d TXT x\n',
  ),
  bind('$GENERATE of several words', '$GENERATE 1-2 a$ MX "10 ns$"\n$GENERATE 1-2 b$ TXT "\\"x $\\" y"\n'),
  bind('$GENERATE with more words than one', '$GENERATE 1-2 a$ MX 10 ns$\n'),
  bind('$GENERATE downwards', '$GENERATE 3-2 a$ TXT x\n'),
  bind('$GENERATE by no step', '$GENERATE 1-2/0 a$ TXT x\n'),
  bind('$GENERATE below zero', '$GENERATE 1-2 a A 192.0.2.${-2}\n'),
  bind('$GENERATE with an open brace', '$GENERATE 1-2 a${0,3 TXT x\n'),
  bind('$GENERATE and the owner before it', 'a TXT x\n$GENERATE 1-1 b$ 7 TXT x\n TXT y\n'),
  bind('$INCLUDE', '$TTL 8\na TXT x\n$INCLUDE more\n A 192.0.2.2\nb TXT z\n$INCLUDE more sub\n', {
    files: { more: 'm TXT x\n$TTL 9\n$ORIGIN deep\nn TXT x\n' },
  }),
  bind('$INCLUDE of a file that is not there', '$INCLUDE absent\n'),
  bind('$INCLUDE that begins with a blank', 'a TXT x\n$INCLUDE more\n', { files: { more: ' TXT y\n' } }),
];

export const cases: readonly ZoneFileCase[] = [...forms, ...rdata, ...rare, ...zones, ...generated];
