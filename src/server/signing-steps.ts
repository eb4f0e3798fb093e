/** Signed zones, as the control plane knows them and takes their steps. */

import type { Settings } from '../config.ts';
import type { KeptZones } from '../control/dnssec/kept-zones.ts';
import { ParentNotifier } from '../control/dnssec/notifier.ts';
import { makeParents } from '../control/dnssec/parents.ts';
import { SigningRunner } from '../control/dnssec/runner.ts';
import { Signings } from '../control/dnssec/signings.ts';
import { Vouchers } from '../control/dnssec/vouchers.ts';
import type { FleetControl } from '../control/nodes.ts';
import { Permits } from '../control/outbound/permits.ts';
import type { Logger } from '../log.ts';
import type { ZoneSigning } from '../model/dnssec/signing.ts';
import { formatEndpoint } from '../sockets/address.ts';
import type { DataPlane } from './data-plane.ts';
import { measuredSigners } from './measured-signers.ts';
import { systemClock } from './system-clock.ts';
import { networksOf } from './worker-options.ts';

export function makeSigning(
  dataPlane: DataPlane,
  settings: Settings,
  node: Pick<FleetControl, 'lateness' | 'nodes' | 'marks'> | undefined,
  { kept, log }: { readonly kept: KeptZones; readonly log: Logger },
): { readonly signings: Signings; readonly signing: SigningRunner } {
  const { store, engine, keyring, signers, metrics } = dataPlane;
  const { resolver, parentServers, notifyParents } = settings.dnssec;
  const fleet = () => ({
    late: node?.lateness?.late ?? [],
    nodes: node?.nodes ?? [],
    withoutKey: node === undefined ? [] : node.marks.unlike,
    others: node?.marks.others ?? [],
  });
  const signings = new Signings(store, keyring, {
    flush: () => signers.ground.kept.flush(),
    isBehind: (zone) => signers.isBehind(zone),
    heldUp: (zone) => signers.failures.get(zone),
    fleet,
    look: (zone) => parents.look(zone),
  });
  metrics.ofSigners(measuredSigners(signers, signings, kept));
  const inForce = (signing: ZoneSigning): boolean =>
    dataPlane.isSigned(signing) && signings.late(signing).length === 0 && fleet().withoutKey !== undefined;
  const { allow, deny } = settings.probes;
  const parents = makeParents(
    { resolver: resolver && formatEndpoint(resolver), parentServers: parentServers.map(formatEndpoint) },
    new Permits({ allow: networksOf(allow), deny: networksOf(deny) }),
  );
  const clock = systemClock;
  const own = log.child({ part: 'dnssec' });
  const note = signings.noteNotice.bind(signings);
  const notifier = notifyParents
    ? new ParentNotifier({ tell: parents.tell, inForce, note, clock, log: own })
    : undefined;
  const vouchers = new Vouchers({ engine, store, clock, log: own });
  const others = () => fleet().others;
  const steps = { others, engine, store, signings, look: parents.look, inForce, vouchers, notifier, clock };
  return { signings, signing: new SigningRunner({ ...steps, log: own }) };
}
