/** Texts and values in zone files that were hardly meant as they stand: taken, as RFC 1035 has it, and told. */
import t from 'tap';
import { readZone } from '../../src/model/zone-check.ts';

const whole = '@ 3600 SOA ns1 host 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n';

/** A line, and the codes of what is told of it. */
const cases: readonly (readonly [string, ...string[]])[] = [
  ['@ TXT v=spf1 include:x.test -all', 'text_joined'],
  ['@ TXT "v=spf1" "include:x.test" "-all"', 'text_joined'],
  ['@ TXT "v=spf1 include:x.test" "-all"', 'text_joined'],
  ['@ TXT "v=spf1 " "include:x.test " "-all"'],
  ['@ TXT "v=spf1" " include:x.test" " -all"'],
  ['@ TXT "v=spf1 include:x.test -all"'],
  [`@ TXT "v=spf1 ${'ip4:192.0.2.1 '.repeat(16)}ip4:192.0" ".2.2 -all"`],
  [`@ TXT "v=spf1 ${'ip4:192.0.2.1 '.repeat(16)}ip4:192.0.2.2" "-all"`, 'text_joined'],
  ['@ SPF v=spf1 -all', 'spf_obsolete', 'text_joined'],
  ['_dmarc TXT v=DMARC1; p=reject', 'text_cut_off'],
  ['_dmarc TXT "v=DMARC1" "p=reject"', 'text_joined'],
  ['_dmarc TXT "v=DMARC1;" "p=reject"'],
  ['_dmarc TXT "v=DMARC1; p=reject; rua=mailto:a@x." "test"'],
  ['s._domainkey TXT "v=DKIM1; k=rsa; p=MIIBIjANBgkqhki" "G9w0BAQEFAAOCAQ8AMIIB=="'],
  ['s._domainkey TXT "v=DKIM1" "k=rsa" "p=MIIB"', 'text_joined'],
  ['s._domainkey TXT v=DKIM1; p=MIIB', 'text_cut_off'],
  ['_mta-sts TXT v=STSv1; id=1', 'text_cut_off'],
  ['a TXT hello world'],
  ['a TXT "\\"token\\""', 'quotes_within'],
  ['a TXT "say \\"hi\\""'],
  ['a TXT "v=spf1\u00a0-all"', 'text_unusual'],
  ['a TXT "v=spf1 \u2013all"', 'text_unusual'],
  ['a TXT "token\u200b"', 'text_unusual'],
  ['a TXT "grüße"'],
  ['@ TXT "v=spf1 -all"\n@ TXT "v=spf1 a -all"', 'spf_several'],
  ['@ TXT "v=spf1 -all"\n@ TXT "v=spf10"'],
  ['@ CAA 0 issue "letsencrypt.org"'],
  ['@ CAA 0 issue "letsencrypt.org; validationmethods=dns-01"'],
  ['@ CAA 0 issue ";"'],
  ['@ CAA 128 issuewild ""'],
  ['@ CAA 0 iodef "mailto:a@example.test"'],
  ['@ CAA 1 issue "letsencrypt.org"', 'caa_unusual'],
  ['@ CAA 0 isue "letsencrypt.org"', 'caa_unusual'],
  ['@ CAA 0 issue "https://letsencrypt.org"', 'caa_unusual'],
  ['@ CAA 0 issue "Let\'s Encrypt"', 'caa_unusual'],
  ['@ CAA 0 iodef "a@example.test"', 'caa_unusual'],
  ['a CNAME 192.0.2.1', 'target_is_address'],
  ['a CNAME 192.0.2.1.', 'target_is_address'],
  ['a HTTPS 1 192.0.2.1. alpn=h2', 'target_is_address'],
  ['a CNAME https://x.test./', 'name_unusual'],
  ['a CNAME 1.0/25.2.0.192.in-addr.arpa.'],
  ['a MX 10 192.0.2.1.', 'target_is_address'],
];

t.test('what was hardly meant is told, and nothing else', async (t) => {
  for (const [lines, ...codes] of cases) {
    const { findings } = readZone('example.test', Buffer.from(`${whole}${lines}\n`));
    t.same(
      [...findings.errors, ...findings.warnings].map(({ code }) => code),
      codes,
      lines,
    );
  }
});

t.test('the message says what is read', async (t) => {
  const { findings } = readZone('example.test', Buffer.from(`${whole}@ TXT v=spf1 include:x.test -all\n`));
  t.match(findings.warnings, [{ line: 4, message: /3 strings that are read as "v=spf1include:x\.test-all"/ }]);
});
