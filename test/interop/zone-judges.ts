/** Programs that judge a signed zone as a file: ldns-verify-zone, dnssec-verify, kzonecheck and dnspython. */
import { spawnSync } from 'node:child_process';

/** The longest that a judge may take. */
const JUDGED_MS = 60_000;

/** dnspython checks each signature, and the digest of the zone where it has one. */
const DNSPYTHON = `
import sys, dns.zone, dns.dnssec, dns.rdatatype, dns.name
zone = dns.zone.from_file(sys.argv[1], origin=sys.argv[2] + '.', relativize=False, check_origin=True)
keys = {zone.origin: zone.find_rdataset(zone.origin, dns.rdatatype.DNSKEY)}
checked = 0
for name, node in zone.nodes.items():
    for rdataset in node:
        if rdataset.rdtype != dns.rdatatype.RRSIG: continue
        covered = zone.find_rrset(name, rdataset.covers)
        sigs = zone.find_rrset(name, dns.rdatatype.RRSIG, rdataset.covers)
        dns.dnssec.validate(covered, sigs, keys)
        checked += 1
if zone.get_rdataset(zone.origin, dns.rdatatype.ZONEMD) is not None: zone.verify_digest()
print(checked)
`;

interface Verdict {
  readonly isGood: boolean;
  readonly output: string;
}

function run(command: string, ...args: string[]): Verdict {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: JUDGED_MS });
  if (error !== undefined) throw error;
  return { isGood: status === 0, output: `${command} ${args.join(' ')}\n${stdout}${stderr}` };
}

/** By name; `zone`: without the last dot. `hasDigest`: a ZONEMD must be there (`-ZZ`). */
export const judges: Readonly<Record<string, (file: string, zone: string, hasDigest: boolean) => Verdict>> = {
  'ldns-verify-zone': (file, _zone, hasDigest) => run('ldns-verify-zone', ...(hasDigest ? ['-ZZ'] : []), file),
  // One key signs all: -z.
  'dnssec-verify': (file, zone) => run('dnssec-verify', '-z', '-o', zone, file),
  kzonecheck: (file, zone) => run('kzonecheck', '-d', 'on', '-o', zone, file),
  dnspython: (file, zone) => run('/usr/bin/python3', '-c', DNSPYTHON, file, zone),
};
