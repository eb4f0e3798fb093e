/** RDATA as people type it: what would silently be another thing is refused, with what would be right. */
import fc from 'fast-check';
import t from 'tap';
import { TYPE } from '../../src/wire/constants.ts';
import { Malformed } from '../../src/wire/malformed.ts';
import { parseName } from '../../src/wire/name.ts';
import { formatOf } from '../../src/wire/rdata/registry.ts';
import { formatRdata, parseRdata, parseType } from '../../src/wire/rdata.ts';
import { parseTypedRdata, undottedNames } from '../../src/wire/typed-rdata.ts';
import { rdataOf } from '../fixtures/rdata.ts';
import { runs } from '../fixtures/runs.ts';

const zone = parseName('example.com') as Uint8Array;
const typed = (type: string, text: string, within = zone): Uint8Array | Malformed =>
  parseTypedRdata(parseType(type) as number, text, within);

/** Type, text, and what the refusal says; or the text that it is taken as. */
const cases: readonly (readonly [string, string, RegExp | string])[] = [
  ['TXT', 'v=spf1 include:x -all', /3 strings.*write "v=spf1 include:x -all"$/],
  ['TXT', 'google-site-verification=abc def', /write "google-site-verification=abc def"$/],
  ['TXT', 'v=DMARC1; p=none', /write "v=DMARC1; p=none"$/],
  ['TXT', 'k=v;', /write "k=v;"$/],
  ['TXT', 'a (b)', /write "a \(b\)"$/],
  ['TXT', '"v=spf1" include:x', /: "v=spf1" "include:x" if that is meant$/],
  ['TXT', '  two\twords ', /2 strings/],
  ['TXT', '“v=spf1 -all”', /write "v=spf1 -all"$/],
  ['TXT', "'v=spf1 -all'", /write "v=spf1 -all"$/],
  ['TXT', `v=DKIM1 p=${'A'.repeat(300)}`, /write "v=DKIM1 p=A+" "A+"$/],
  ['SPF', 'v=spf1 -all', /write "v=spf1 -all"$/],
  ['NINFO', 'a b', /write "a b"$/],
  ['AVC', 'a b', /write "a b"$/],
  ['RESINFO', 'qnamemin exterr=15', /write/],
  ['WALLET', 'ETH 0x1', /write "ETH 0x1"$/],
  ['CLA', 'a b', /write/],
  ['TXT', 'token', '"token"'],
  ['TXT', '"a" "b"', '"a" "b"'],
  ['TXT', 'a\\ b', '"a b"'],
  ['TXT', '\\# 2 0161', '"a"'],
  ['HINFO', 'Intel Xeon Linux', /too many words/],
  ['HINFO', 'PC Linux', '"PC" "Linux"'],
  ['NAPTR', '1 1 "u" "E2U+sip" !^.*$!sip:a b! .', /too many words/],
  ['CAA', '0 issue letsencrypt.org; accounturi=x', /put the string in quotes/],
  ['ISDN', '150862028003217 004', '"150862028003217" "004"'],
  ['MX', '10 mail', /mail\. at the top of all names.*mail\.example\.com\. or, if it is meant, mail\.$/],
  ['MX', '10 @', /write example\.com\.$/],
  ['MX', '10 192.0.2.1', /is an address/],
  ['MX', '10 mail.', '10 mail.'],
  ['MX', '0 .', '0 .'],
  ['MX', '10 mail.example.net', '10 mail.example.net.'],
  ['CNAME', '@', /write example\.com\.$/],
  ['CNAME', 'web', /web\.example\.com\./],
  ['CNAME', 'https://web.example.net/', /no scheme, port or path/],
  ['CNAME', 'web.example.net:8080', /no scheme, port or path/],
  ['CNAME', '2001:db8::1', /is an address/],
  ['CNAME', 'a\\.b', /a\\\.b\.example\.com\./],
  ['NS', 'ns1', /ns1\.example\.com\./],
  ['PTR', 'host', /host\.example\.com\./],
  ['DNAME', 'other', /other\.example\.com\./],
  ['SRV', '0 5 5060 sip', /sip\.example\.com\./],
  ['SRV', '0 0 0 .', '0 0 0 .'],
  ['HTTPS', '1 web alpn=h2', /web\.example\.com\./],
  ['HTTPS', '1 . alpn=h2', '1 . alpn="h2"'],
  ['SVCB', '0 web', /web\.example\.com\./],
  ['RP', 'admin .', /admin\.example\.com\./],
  ['RP', 'admin@example.com .', /a mailbox with a dot for its @/],
  ['RP', 'admin.example.com. txt', /txt\.example\.com\./],
  ['AFSDB', '1 afs', /afs\.example\.com\./],
  ['KX', '10 kx', /kx\.example\.com\./],
  ['NAPTR', '1 1 "s" "SIP+D2U" "" _sip', /_sip\.example\.com\./],
  ['LP', '10 l64', /l64\.example\.com\./],
  ['IPSECKEY', '1 3 2 gw AAAA', /gw\.example\.com\./],
  ['AMTRELAY', '10 0 3 relay', /relay\.example\.com\./],
  ['A6', '64 ::1 prefix', /prefix\.example\.com\./],
  ['MINFO', 'a b', /a\.example\.com\./],
  ['A', '192.0.2.010', /IPv4 address/],
  ['A', '192.0.2.1/32', /IPv4 address/],
  ['A', '192.0.2', /IPv4 address/],
  ['AAAA', 'fe80::1%eth0', /IPv6 address/],
  ['AAAA', '[2001:db8::1]', /IPv6 address/],
];

t.test('what is typed is what is meant, or is refused', async (t) => {
  for (const [type, text, expected] of cases) {
    const result = typed(type, text);
    const what = `${type} ${text}`;
    if (typeof expected === 'string') {
      t.equal(
        result instanceof Malformed ? result.reason : formatRdata(parseType(type) as number, result),
        expected,
        what,
      );
    } else t.match(result, { reason: expected }, what);
  }
});

t.test('a name in the zone needs no final dot, and the zone may be of one label, or the root', async (t) => {
  const names = (within: Uint8Array, text: string) => undottedNames(TYPE.CNAME, text, within);
  t.same(names(zone, 'web.example.com'), []);
  t.same(names(zone, 'WEB.Example.COM'), []);
  t.same(names(zone, 'web.example.net.'), []);
  t.same(names(zone, 'web.sub'), [{ taken: 'web.sub.', within: 'web.sub.example.com.' }]);
  t.same(names(zone, 'notexample.com').length, 1);
  const test = parseName('test') as Uint8Array;
  t.ok(typed('CNAME', 'test', test) instanceof Uint8Array);
  t.match(typed('CNAME', 'web', test), { reason: /web\.test\. or/ });
  t.ok(typed('CNAME', 'web', new Uint8Array(1)) instanceof Uint8Array);
});

const types = Object.entries(rdataOf) as [keyof typeof TYPE, fc.Arbitrary<Uint8Array>][];

t.test('what is shown of any type can be typed again', async (t) => {
  t.ok(types.length > 60);
  for (const [mnemonic, arbitrary] of types) {
    const type = TYPE[mnemonic];
    fc.assert(
      fc.property(arbitrary, (rdata) => {
        const again = parseTypedRdata(type, formatRdata(type, rdata), zone);
        return again instanceof Uint8Array && Buffer.compare(again, rdata) === 0;
      }),
      { numRuns: runs(40) },
    );
    t.pass(mnemonic);
  }
});

t.test('a forgotten final dot, in any type that has names, changes nothing unsaid', async (t) => {
  let [refused, told] = [0, 0];
  for (const [mnemonic, arbitrary] of types) {
    const type = TYPE[mnemonic];
    fc.assert(
      fc.property(arbitrary, fc.nat(5), (rdata, which) => {
        const words = formatRdata(type, rdata).split(' ');
        const dotted = words.flatMap((word, i) => (/[^\\]\.$/.test(word) ? [i] : []));
        const at = dotted[which % Math.max(1, dotted.length)];
        if (at === undefined || words[0] === '\\#') return true;
        const text = words.map((word, i) => (i === at ? word.slice(0, -1) : word)).join(' ');
        const taken = parseTypedRdata(type, text, zone);
        const within = parseRdata(type, text);
        // In quotes, or no name: then the dot was no final one.
        if (within instanceof Malformed || Buffer.compare(within, rdata) !== 0) return true;
        if (taken instanceof Malformed) {
          refused++;
          return true;
        }
        told += undottedNames(type, text, zone).length;
        return undottedNames(type, text, zone).length > 0;
      }),
      { numRuns: runs(40) },
    );
  }
  t.ok(refused > 20 && told > 20, `${refused} refused, ${told} told`);
});

t.test('bare words are never a text of several strings, and what is offered is the text', async (t) => {
  const word = fc.stringMatching(/^[!#-'*+,.\-/0-9:<-Z[\]^-~]{1,30}$/);
  for (const mnemonic of ['TXT', 'SPF', 'NINFO', 'AVC', 'RESINFO', 'WALLET', 'CLA'] as const) {
    const type = TYPE[mnemonic];
    t.ok(formatOf(type)?.fields.some(({ isText }) => isText));
    fc.assert(
      fc.property(fc.array(word, { minLength: 2, maxLength: 30 }), (words) => {
        fc.pre(words[0] !== '\\#' && words.every((each) => !/^'|'$/.test(each)));
        const text = words.join(' ');
        const refusal = parseTypedRdata(type, text, zone);
        if (!(refusal instanceof Malformed)) return false;
        const offered = parseTypedRdata(type, refusal.reason.slice(refusal.reason.indexOf('write "') + 6), zone);
        return offered instanceof Uint8Array && joined(offered) === text;
      }),
      { numRuns: runs(60) },
    );
  }
});

function joined(rdata: Uint8Array): string {
  let text = '';
  for (let at = 0; at < rdata.length; at += 1 + rdata[at]) {
    text += Buffer.from(rdata.subarray(at + 1, at + 1 + rdata[at])).toString('latin1');
  }
  return text;
}
