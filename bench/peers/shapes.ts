/** Zones of other shapes than names with an address each: what a registry, a host, or whoever maps addresses back has. */
import { hostAddress, type ShapedZone } from '../workload.ts';

/** Of SHA-256 (RFC 4509). */
const DIGEST = '49fd46e6c4b45c55d4ac69cbd3cd34ac1afe51de9b2e1a6a8c1a6a8c1a6a8c1a';
/** As long as a key of a mail host, more or less. */
const TEXT = 'v=DKIM1; k=rsa; p='.padEnd(200, 'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC');

/** The records of one owner by its number, or of a few that belong together: as many for each number. */
type Group = (i: number) => readonly string[];

const delegation: Group = (i) => [`d${i} NS ns1.host${i % 1000}.net.`, `d${i} NS ns2.host${i % 1000}.net.`];

const groups: Readonly<Record<string, Group>> = {
  flat: (i) => [`n${i} A ${hostAddress(i)}`],
  delegations: delegation,
  glue: (i) => [`d${i} NS ns.d${i}`, `ns.d${i} A ${hostAddress(i)}`],
  inside: (i) => [`d${i} NS ns1`, `d${i} NS mail`],
  ds: (i) => [...delegation(i), `d${i} DS ${i & 0xffff} 13 2 ${DIGEST}`],
  dname: (i) => [`d${i} DNAME target${i % 5000}.example.`],
  cname: (i) => [`c${i} CNAME target${i % 100}.example.`],
  alias: (i) => [`c${i} CNAME t${i}`, `t${i} A ${hostAddress(i)}`],
  mixed: (i) => [
    `m${i} A ${hostAddress(i)}`,
    ` AAAA 2001:db8::${(i & 0xffff).toString(16)}`,
    ` MX 10 m${i}`,
    ' TXT "v=spf1 mx -all"',
  ],
  ptr: (i) => [`${i & 255}.${(i >> 8) & 255}.${i >> 16} PTR host${i}.example.`],
  txt: (i) => [`t${i} TXT "${TEXT}${i}"`],
  srv: (i) => [`_sip._tcp.s${i} SRV 10 60 5060 s${i}`, `s${i} A ${hostAddress(i)}`],
  caa: (i) => [`c${i} CAA 0 issue "ca${i % 100}.example"`],
};

export const SHAPES: readonly string[] = Object.keys(groups);

/** The lines of a zone of one of the `SHAPES`: as many as records, or a few less. */
export function* shapeLines({ name, records }: ShapedZone): Generator<string> {
  const group = groups[name];
  const count = Math.floor(records / group(0).length);
  for (let i = 0; i < count; i++) yield `${group(i).join('\n')}\n`;
}
