/** Records of every type that has a form: Teal takes them as text, serves them, and dig and kdig print what it means. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { readZone } from '../../src/model/zone-check.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { compressibleNames, formatRdata, lowerNames } from '../../src/wire/rdata.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal } from '../fixtures/process.ts';

const run = promisify(execFile);
const apex = '$ORIGIN rare.test.\n@ 3600 IN SOA ns1 host 1 2 3 4 5\n@ 3600 IN NS ns1\nns1 3600 IN A 192.0.2.1\n';

/** One record of each type, the names in it with capitals, so that what is compressed or lowered by mistake shows. */
const texts: { readonly [mnemonic in keyof typeof TYPE]?: string } = {
  MB: 'Host.Rare.test.',
  MG: 'Host.Rare.test.',
  MR: 'Host.Rare.test.',
  MINFO: 'Mail.Rare.test. Errors.Rare.test.',
  RT: '10 Relay.Rare.test.',
  X25: '311061700956',
  ISDN: '150862028003217 004',
  NSAP: '0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00',
  'NSAP-PTR': 'Foo.Rare.test.',
  KEY: '256 3 5 AQPSKmynfzW4',
  PX: '10 A.Rare.test. B.Rare.test.',
  GPOS: '-32.6882 116.8652 10.0',
  KX: '10 Kx.Rare.test.',
  APL: '1:192.168.32.0/21 !1:192.168.38.0/28 2:ff00::/8',
  IPSECKEY: '10 3 2 Gw.Rare.test. AQNR',
  DHCID: 'AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=',
  HIP: '2 200100107B1A74DF365639CC39F1D578 AwEAAbdx Rvs.Rare.test.',
  TALINK: 'A.Rare.test. B.Rare.test.',
  NID: '10 0014:4fff:ff20:ee64',
  L32: '10 10.1.2.0',
  L64: '10 2001:0db8:1140:1000',
  LP: '10 L64.Rare.test.',
  WKS: '192.0.2.1 6 25 80',
  EID: '12ab',
  NIMLOC: '12ab',
  ATMA: '39246f00',
  NULL: '\\# 2 abcd',
  A6: '64 ::1 B.Rare.test.',
  AMTRELAY: '10 1 3 Relay.Rare.test.',
  RESINFO: 'qnamemin exterr=15-17',
  WALLET: 'BTC 1x',
  DSYNC: 'CDS NOTIFY 5359 Scanner.Rare.test.',
  HHIT: 'gwqD',
  BRID: 'gwqD',
  AVC: 'x y',
  NINFO: 'x "y z"',
  RKEY: '0 3 5 AAAA',
  DOA: '1 2 3 "text/plain" AAAA',
  TA: `1 8 2 ${'ab'.repeat(32)}`,
  DLV: `1 8 2 ${'ab'.repeat(32)}`,
  CLA: '"TCP-v4-v6"',
  IPN: '123456789012',
  HTTPS: '1 . alpn=h2 ohttp tls-supported-groups=29,23 docpath=n,s pvd oots="dot:5"',
};

t.test('as text, over the wire, and as text again', async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  const lines = Object.entries(texts).map(
    ([mnemonic, text]) => `${mnemonic.toLowerCase()}.rare.test. 60 IN ${mnemonic} ${text}\n`,
  );
  const file = apex + lines.join('');
  const imported = await fetch(`${teal.admin}/v1/zones/rare.test/file`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' },
    body: file,
  });
  t.equal(imported.status, 201, await imported.text());
  const { content } = readZone('rare.test', Buffer.from(file));
  for (const mnemonic of Object.keys(texts) as (keyof typeof TYPE)[]) {
    const type = TYPE[mnemonic];
    const name = `${mnemonic.toLowerCase()}.rare.test`;
    const given = content.rrset(name, type)?.rdata[0] as Uint8Array;
    // A name that is compressed may have the capitals of what it leads to (RFC 1035 §4.1.4); others keep their own.
    const isCompressed = compressibleNames(type, given).length > 0;
    const shown = (rdata: Uint8Array): string => formatRdata(type, isCompressed ? lowerNames(type, rdata) : rdata);
    for (const [client, server] of [
      ['dig', ['@127.0.0.1', '-p', String(teal.dnsPort), '+noall', '+answer', '+tcp']],
      ['kdig', ['@127.0.0.1', '-p', String(teal.dnsPort), '+noall', '+answer', '+tcp']],
    ] as const) {
      const { stdout } = await run(client, [...server, name, `TYPE${type}`]);
      const read = readZone('rare.test', Buffer.from(apex + stdout)).content.rrset(name, type)?.rdata[0];
      t.equal(read && shown(read), shown(given), `${client}: ${stdout.trim()}`);
    }
  }
});
