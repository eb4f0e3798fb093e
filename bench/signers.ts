/** Who signs the bench zone: a key that is made for it. */
import { NO_SIGNERS, type ZoneSigners } from '../src/table/rrset-signer.ts';
import { TestSigner } from '../test/fixtures/dnssec/signer.ts';
import { APEX, STATIC_TTL_SECONDS } from './workload.ts';

const DNSKEY = 48;

export function benchSigners(): ZoneSigners {
  const signer = new TestSigner(APEX.split('.'));
  const apex = [{ type: DNSKEY, ttlSeconds: STATIC_TTL_SECONDS, rdata: [signer.key.dnskey] }];
  return {
    ...NO_SIGNERS,
    of: (zone) => (zone === APEX ? signer : undefined),
    apexOf: (zone) => (zone === APEX ? apex : []),
  };
}
