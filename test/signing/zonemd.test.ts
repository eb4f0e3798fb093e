/** Digests of zones, against the examples of RFC 8976 appendix A. */
import t from 'tap';
import { nameToWire } from '../../src/model/name.ts';
import type { ViewRRset } from '../../src/signing/view.ts';
import { viewWithDigest } from '../../src/signing/zonemd.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { lowerName, parseName } from '../../src/wire/name.ts';
import { formatRdata, parseRdataWithin, parseType } from '../../src/wire/rdata.ts';

const apex = nameToWire('example');

/** `owner TTL type data`, names without a final dot relative to the zone. */
function rrsets(lines: string): ViewRRset[] {
  return lines
    .trim()
    .split('\n')
    .map((line) => {
      const [owner = '', ttl, mnemonic = '', ...rest] = line.trim().split(/\s+/);
      const type = parseType(mnemonic) as number;
      const name = owner === '@' ? apex : lowerName(parseName(`${owner}.example.`) as Uint8Array);
      const data = parseRdataWithin(type, rest.join(' '), apex);
      if (!(data instanceof Uint8Array)) throw new Error(data.reason);
      return { owner: name, type, ttlSeconds: Number(ttl), rdata: [data] };
    });
}

function zonemdOf(lines: string): string {
  const options = { apex, signer: undefined, denial: 'nsec', denialTtlSeconds: 86_400 } as const;
  const made = viewWithDigest(rrsets(lines), options).filter(
    ({ owner, type }) => type === TYPE.ZONEMD && owner.length === apex.length,
  );
  return made.map(({ rdata }) => formatRdata(TYPE.ZONEMD, rdata[0] as Uint8Array).toLowerCase()).join();
}

const simple = `
  @      86400 SOA  ns1 admin 2018031900 1800 900 604800 86400
  @      86400 NS   ns1
  @      86400 NS   ns2
  ns1    3600  A    203.0.113.63
  ns2    3600  AAAA 2001:db8::63`;

t.test('A.1, a simple zone', async (t) => {
  const digest = 'c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c';
  t.equal(zonemdOf(simple), `2018031900 1 1 ${digest}`);
  t.equal(
    zonemdOf(`${simple}\n @ 86400 ZONEMD 1 1 1 ${'00'.repeat(48)}`),
    `2018031900 1 1 ${digest}`,
    'an old one goes',
  );
  t.not(zonemdOf(simple.replace('203.0.113.63', '203.0.113.64')), `2018031900 1 1 ${digest}`);
});

t.test('A.2, a zone with all that is easily done wrong', async (t) => {
  const lines = `
    @      86400 SOA  ns1 admin 2018031900 1800 900 604800 86400
    @      86400 NS   ns1
    @      86400 NS   ns2
    ns1    3600  A    203.0.113.63
    NS2    3600  AAAA 2001:db8::63
    occluded.sub 7200 TXT "I'm occluded but must be digested"
    sub    7200  NS   ns1
    duplicate 300 TXT "I must be digested just once"
    duplicate 300 TXT "I must be digested just once"
    UPPERCASE 3600 TXT "canonicalize uppercase owner names"
    *      777   PTR  dont-forget-about-wildcards
    mail   3600  MX   20 MAIL1
    mail   3600  MX   10 Mail2.Example.
    sortme 3600  AAAA 2001:db8::5:61
    sortme 3600  AAAA 2001:db8::3:62
    sortme 3600  AAAA 2001:db8::4:63
    sortme 3600  AAAA 2001:db8::1:65
    sortme 3600  AAAA 2001:db8::2:64
    non-apex 900 ZONEMD 2018031900 1 1 616c6c6f776564206275742069676e6f7265642e20616c6c6f776564206275742069676e6f7265642e20616c6c6f7765`;
  t.equal(
    zonemdOf(lines),
    '2018031900 1 1 a3b69bad980a3504e1cffcb0fd6397f93848071c93151f552ae2f6b1711d4bd2d8b39808226d7b9db71e34b72077f8fe',
  );
});
