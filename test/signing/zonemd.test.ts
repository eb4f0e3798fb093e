/** Digests of zones, against the examples of RFC 8976 appendix A. */
import { createHash } from 'node:crypto';
import t from 'tap';
import { nameToWire } from '../../src/model/name.ts';
import type { ViewRRset } from '../../src/signing/sorted-rrsets.ts';
import { viewWithDigest, zonemdOf } from '../../src/signing/zonemd.ts';
import type { RRsetSigner } from '../../src/table/rrset-signer.ts';
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

function digestIn(lines: string): string {
  const options = { apex, signer: undefined, denial: 'nsec', denialTtlSeconds: 86_400 } as const;
  const made = [...viewWithDigest(rrsets(lines), options)].filter(
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
  t.equal(digestIn(simple), `2018031900 1 1 ${digest}`);
  t.equal(
    digestIn(`${simple}\n @ 86400 ZONEMD 1 1 1 ${'00'.repeat(48)}`),
    `2018031900 1 1 ${digest}`,
    'an old one goes',
  );
  t.not(digestIn(simple.replace('203.0.113.63', '203.0.113.64')), `2018031900 1 1 ${digest}`);
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
    digestIn(lines),
    '2018031900 1 1 a3b69bad980a3504e1cffcb0fd6397f93848071c93151f552ae2f6b1711d4bd2d8b39808226d7b9db71e34b72077f8fe',
  );
});

t.test('read in passing or whole, in any order, by NSEC and by NSEC3: one digest', async (t) => {
  const lines = `
    @      86400 SOA  ns1 admin 2018031900 1800 900 604800 86400
    @      86400 NS   ns1
    ns1    3600  A    203.0.113.63
    deep.below.ent 60 TXT "two names that are empty"
    other.below.ent 60 TXT "the same ones"
    ent.below.x 60 TXT "x"
    cut    7200  NS   ns.cut
    ns.cut 7200  A    203.0.113.64
    zzz.ns.cut 7200 TXT "glue has names below it"
    cut-not 60 A 203.0.113.65
    safe   60    NS   ns.safe
    safe   60    DS   12345 13 2 49FD46E6C4B45C55D4AC69CBD3CD34AC1AFE51DE8A2F5F1D0D5C1E0E9C2A1F3B
    tree   60    DNAME example.net.
    x.tree 60    TXT  "occluded"
    *      777   PTR  dont-forget-about-wildcards`;
  const names = Array.from({ length: 300 }, (_, i) => `\n n${(i * 7919) % 300} 60 A 203.0.113.${i % 200}`).join('');
  for (const denial of ['nsec', 'nsec3', undefined] as const) {
    const ttlLimits = new Map([[Buffer.from(nameToWire('n7.example')).toString('latin1'), 5]]);
    const signer = denial && remembering();
    const options = { apex, signer, denial: denial ?? 'nsec', denialTtlSeconds: 86_400, ttlLimits } as const;
    const all = rrsets(`${lines}${names}`);
    const view = [...viewWithDigest(all, options)];
    const whole = view.find(({ type }) => type === TYPE.ZONEMD);
    t.same(zonemdOf(all, options).rdata, whole?.rdata, `${denial}`);
    t.same(zonemdOf(all.toReversed(), options).rdata, whole?.rdata, `${denial}, the other way round`);
    const chain = view.filter(({ type }) => type === (denial === 'nsec3' ? TYPE.NSEC3 : TYPE.NSEC));
    // By NSEC what lies beyond a cut has none; by NSEC3 the names that are empty have one too (ent, below.ent, x, below.x).
    const own = new Set(all.map(({ owner }) => Buffer.from(owner).toString('latin1'))).size - 3;
    t.equal(chain.length, denial === undefined ? 0 : own + (denial === 'nsec3' ? 4 : 0));
    t.equal(chain.filter(({ ttlSeconds }) => ttlSeconds === 5).length, denial === undefined ? 0 : 1);
  }
});

/** Signs by a hash: the same signature each time. */
function remembering(): RRsetSigner {
  return {
    sign: (owner, type, ttlSeconds, rdata) => {
      const hash = createHash('sha256').update(owner).update(`${type} ${ttlSeconds}`);
      for (const data of rdata) hash.update(data);
      return [new Uint8Array(Buffer.concat([Buffer.alloc(18), apex, hash.digest()]))];
    },
  };
}
