/** Names of a zone file that the checks are spared, told as their records are read; and those that they are not. */
import t from 'tap';
import { readZone } from '../../src/model/zone-check.ts';
import { TYPE } from '../../src/wire/constants.ts';

const HEAD = '$TTL 60\n@ SOA ns.other. a.other. 1 2 3 4 5\n@ NS ns.other.\n';

function read(lines: string, services: readonly string[] = [], zone = 'example.test'): ReturnType<typeof readZone> {
  const names = new Set(services);
  return readZone(zone, Buffer.from(HEAD + lines), { services: names, aliases: names });
}

/** Names with records of these types that are doubted in any zone, but for the apex. */
function doubted(lines: string, zone?: string): string[] {
  const { content } = read(lines, [], zone);
  const { A, AAAA, CNAME, PTR, NS, MX, TXT, SRV, DS } = TYPE;
  const names = new Set([...content.ofTypes([A, AAAA, CNAME, PTR, NS, MX, TXT, SRV, DS])].map(({ name }) => name));
  return [...names].filter((name) => name !== content.zone);
}

function codes(lines: string, services?: readonly string[]): string[] {
  const { errors, warnings } = read(lines, services).findings;
  return [...errors, ...warnings].map(({ code }) => code);
}

t.test('what large zones are made of is not doubted', async (t) => {
  for (const lines of [
    'a A 192.0.2.1\n A 192.0.2.2\n AAAA 2001:db8::1\n',
    'a CNAME b.other.\n',
    'c.b.a PTR host.other.\n',
    'a NS ns1.other.\n NS ns2.other.\n',
    'a A 192.0.2.1\n MX 10 a\n TXT "v=spf1 mx -all"\n',
    'a MX 10 mail.other.\n MX 20 mail2.other.\n',
    'a CNAME other-example.test.\n',
    'a CNAME test.\n',
  ])
    t.strictSame(doubted(lines), [], lines);
  t.strictSame(doubted('a CNAME b.other.test.\n', 'test'), ['a.test']);
});

t.test('what something may be said of is', async (t) => {
  for (const lines of [
    'a CNAME b\n',
    'a CNAME B.Example.TEST.\n',
    'a CNAME 192.0.2.1.\n',
    'a CNAME http\\:.other.\n',
    'a CNAME b.other.\n CNAME c.other.\n',
    'a CNAME b.other.\na A 192.0.2.1\n',
    'a A 192.0.2.1\na CNAME b.other.\n',
    'a NS ns.other.\n TXT x\n',
    'a TXT x\n NS ns.other.\n',
    'a TXT "v=spf1 -all"\n TXT "v=spf1 mx -all"\n',
    'a TXT "v=DMARC1"\n',
    'a MX 10 a\n A 192.0.2.1\n',
    'a A 192.0.2.1\n MX 10 b\n',
    'a A 192.0.2.1\n MX 10 A\n',
    'a A 192.0.2.1\na TXT x\nb A 192.0.2.1\na MX 10 b\n',
    'a SRV 1 2 3 b.other.\n',
    `a DS 1 8 2 ${'ab'.repeat(32)}\n`,
  ])
    t.strictSame(doubted(lines), ['a.example.test'], lines);
  t.strictSame(doubted('*.a CNAME b.other.\n'), ['*.a.example.test']);
  t.strictSame(doubted('a.example.test CNAME b.other.\n'), ['a.example.test.example.test']);
});

t.test('below delegations, and beside services that are aliases, more is', async (t) => {
  const cut = 'cut NS ns.other.\n';
  t.strictSame(codes(`a.cut TXT x\n${cut}`), ['occluded']);
  t.strictSame(codes(`a.cut TXT x\n AAAA ::1\n${cut}`), ['occluded'], 'whatever comes after it');
  t.strictSame(codes(`a.cut A 192.0.2.1\n MX 10 a.cut\n${cut}`), ['occluded']);
  t.strictSame(codes(`b.a.cut CNAME b.other.\n${cut}`), ['occluded']);
  t.strictSame(codes(`a.cut NS ns.other.\n${cut}`), ['occluded']);
  const mail = 'a A 192.0.2.1\n MX 10 a\n';
  t.strictSame(codes(mail), []);
  t.strictSame(codes(mail, ['a.example.test']), ['target_is_alias']);
});

t.test('of the zone itself everything is looked at', async (t) => {
  t.strictSame(codes(' CNAME b.other.\n'), ['cname_and_other_data']);
});

t.test('RRsets that no message carries are told of, whatever they are of', async (t) => {
  const long = ['a', 'b', 'c'].map((letter) => letter.repeat(60)).join('.');
  const records = (count: number): string =>
    `a NS n.${long}.\n${Array.from({ length: count - 1 }, (_, i) => ` NS n${i}.${long}.\n`).join('')}`;
  t.strictSame(codes(records(200)), []);
  t.strictSame(codes(records(400)), ['rrset_too_large']);
  const texts = (count: number): string => ` "${'x'.repeat(255)}"`.repeat(count);
  t.strictSame(codes(`a TXT${texts(60)}\n`), []);
  t.strictSame(codes(`a TXT${texts(255)} "${'x'.repeat(250)}"\n`), ['rrset_too_large']);
});
