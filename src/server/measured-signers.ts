/** Who signs, as it is measured. */
import type { KeptZones } from '../control/dnssec/kept-zones.ts';
import type { Signers } from '../control/dnssec/signers.ts';
import type { Signings } from '../control/dnssec/signings.ts';
import type { MeasuredSigners } from '../metrics/dnssec.ts';

export function measuredSigners(signers: Signers, signings: Signings, kept: KeptZones): MeasuredSigners {
  return {
    lookOf: (zone) => signings.lookOf(zone),
    nextExpiry: () => signers.nextExpiry(),
    refusing: () => signers.refusing(),
    kept: () => kept.all(),
    undigested: () => signers.undigested,
    signing: () => signers.signing().length,
    get made() {
      const { made, madeAside } = signers.ground.kept;
      return made + madeAside;
    },
  };
}
