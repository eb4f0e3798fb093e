/** Zones with something of everything that answers depend on, in lines that every server reads alike. */

const label63 = 'l'.repeat(63);
/** With `.a.test` behind it a name of 255 bytes in wire form, the longest there is (RFC 1035 §3.1). */
const longest = [label63, label63, label63, 'm'.repeat(53)].join('.');

const many = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

/** Lines of `owner [TTL] TYPE rdata` after `$ORIGIN` of the zone; SOA apart. Servers refuse data below a DNAME: none. */
export const richZones: Readonly<Record<string, string>> = {
  'a.test': `
    @ 3600 NS ns1.a.test.
    @ 3600 NS ns.b.test.
    @ 3600 NS ns.elsewhere.invalid.
    @ MX 10 mail.a.test.
    @ MX 20 mail.a.test.
    @ MX 30 wild.mx.a.test.
    @ MX 40 mail.b.test.
    @ MX 50 inside.child.a.test.
    @ MX 60 alias.a.test.
    @ TXT "v=spf1 -all"
    @ A 192.0.2.1
    @ AAAA 2001:db8::1
    @ CAA 0 issue "ca.example"
    ns1 A 192.0.2.53
    ns1 AAAA 2001:db8::53
    mail A 192.0.2.25
    mail 0 AAAA 2001:db8::25
    *.mx 77 A 192.0.2.26

    www A 192.0.2.80
    www A 192.0.2.81
    www A 192.0.2.82
    www AAAA 2001:db8::80
    WwW TXT "mixed case of the owner"
    types PTR www.a.test.
    types NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@a.test!" .
    types HINFO "CPU" "OS"
    types RP hostmaster.a.test. www.a.test.
    types AFSDB 1 mail.a.test.
    types SSHFP 1 1 dd465c09cfa51fb45020cc83316fff21b9ec74ac
    types TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    types SMIMEA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    types OPENPGPKEY mQENBFmA
    types CERT 1 0 0 mQENBFmA
    types URI 10 1 "https://a.test/"
    types LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
    types EUI48 00-00-5e-00-53-2a
    types EUI64 00-00-5e-ef-10-00-00-2a
    types SPF "v=spf1 -all"
    types TYPE65280 \\# 4 0a000001
    types SVCB 1 mail.a.test. port=853
    types HTTPS 1 . alpn=h2
    types A 192.0.2.7
    alias-mode HTTPS 0 mail.a.test.
    _sip._udp SRV 10 60 5060 mail.a.test.
    _sip._udp SRV 20 60 5060 www.a.test.
    _sip._udp SRV 30 60 5060 inside.child.a.test.
    _none._tcp SRV 0 0 0 .
    zero 0 A 192.0.2.9
    huge 2147483647 TXT "the longest TTL"

    one.two.three.four A 192.0.2.2
    ent.below A 192.0.2.3
    * TXT "the wildcard of the apex"
    * MX 5 mail.a.test.
    sub TXT "stops the wildcard"
    *.wild A 192.0.2.4
    *.wild AAAA 2001:db8::4
    exact.wild TXT "no address here"
    deep.ent.wild TXT "an empty non-terminal below a wildcard"
    *.cwild CNAME www.a.test.
    *.lwild CNAME x.lwild.a.test.
    *.dwild CNAME nope.sub.a.test.
    under.*.star TXT "a star that only exists through this"
    *.star.star2 A 192.0.2.5
    x.*.inner A 192.0.2.6

    alias CNAME www.a.test.
    chain1 CNAME chain2.a.test.
    chain2 60 CNAME chain3.a.test.
    chain3 CNAME www.a.test.
    to-nothing CNAME nope.sub.a.test.
    to-nodata CNAME mail.a.test.
    to-wild CNAME q.wild.a.test.
    to-ent CNAME two.three.four.a.test.
    to-child CNAME www.child.a.test.
    to-cut CNAME www.cut.a.test.
    to-b CNAME www.b.test.
    to-b-nothing CNAME nope.b.test.
    to-out CNAME www.elsewhere.invalid.
    to-dname CNAME www.old.a.test.
    self CNAME self.a.test.
    loop1 CNAME loop2.a.test.
    loop2 CNAME loop3.a.test.
    loop3 CNAME loop1.a.test.

    new.tree A 192.0.2.30
    www.tree A 192.0.2.31
    *.w.tree TXT "behind a DNAME"
    old 600 DNAME tree.a.test.
    old TXT "the owner of a DNAME keeps its own"
    old2 DNAME old.a.test.
    far DNAME b.test.
    gone DNAME nope.sub.a.test.
    out DNAME elsewhere.invalid.
    dself DNAME dself.a.test.
    tail DNAME a.test.
    grow DNAME x.grow.a.test.
    long DNAME ${label63}.${label63}.b.test.

    child 900 NS ns.child.a.test.
    child 900 NS ns1.a.test.
    child 900 DS 12345 8 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    ns.child A 192.0.2.40
    inside.child A 192.0.2.41
    cut NS ns.cut.a.test.
    cut NS ns2.cut.a.test.
    cut NS ns.sibling.a.test.
    cut NS ns.elsewhere.invalid.
    cut DS 54321 8 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    ns.cut A 192.0.2.42
    ns.cut AAAA 2001:db8::42
    ns2.cut AAAA 2001:db8::43
    hidden.cut TXT "occluded"
    sibling NS ns.sibling.a.test.
    ns.sibling A 192.0.2.44
    lame NS ns.elsewhere.invalid.
    bare NS ns1.a.test.
    in.deep.cut2 A 192.0.2.45
    deep.cut2 NS in.deep.cut2.a.test.
    wcut.wild NS ns.b.test.
    ${many(13, (i) => `crowd NS server-number-${i}.crowd.a.test.\nserver-number-${i}.crowd A 192.0.2.${i}\nserver-number-${i}.crowd AAAA 2001:db8::a:${i}`)}

    ${many(40, (i) => `big TXT "number ${i} ${'x'.repeat(90)}"`)}
    ${many(25, (i) => `medium TXT "number ${i} ${'y'.repeat(8)}"`)}
    ${many(12, (i) => `bigmx MX ${i} host${i}.a.test.\nhost${i} A 198.51.100.${i}\nhost${i} A 203.0.113.${i}\nhost${i} AAAA 2001:db8::b:${i}`)}
    to-big CNAME big.a.test.

    ${label63} A 192.0.2.60
    ${longest} A 192.0.2.61
    \\000\\255 A 192.0.2.62
    a\\.b A 192.0.2.63
    a.b A 192.0.2.64
    sp\\032ace TXT "a space in the owner"
    \\@at\\"quote\\;semi TXT "signs that mean something in a file"
    _under_score A 192.0.2.65`,

  // Delegated by a.test and served beside it.
  'child.a.test': `
    @ 3600 NS ns.child.a.test.
    @ TXT "the child's own"
    ns A 192.0.2.40
    www A 192.0.2.90
    back CNAME www.a.test.
    up DNAME tree.a.test.
    grand NS ns.grand.child.a.test.
    ns.grand A 192.0.2.91`,

  'b.test': `
    @ 3600 NS ns.b.test.
    @ 3600 NS ns1.a.test.
    ns A 192.0.2.54
    www A 192.0.2.100
    mail A 192.0.2.101
    to-a CNAME www.a.test.
    to-child CNAME www.child.a.test.
    round CNAME to-b.a.test.
    over DNAME old.a.test.
    *.w CNAME alias.a.test.`,
};

/** The same as a file. */
export function zoneFile(apex: string): string {
  const soa = `@ 3600 SOA ns1.${apex}. hostmaster.${apex}. 1 7200 3600 1209600 60`;
  return `$ORIGIN ${apex}.\n$TTL 300\n${[soa, ...lines(richZones[apex])].join('\n')}\n`;
}

export function lines(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
}
