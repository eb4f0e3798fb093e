/** A node of a fleet, where the settings have one: its parts, and the client of etcd with them, are loaded only then. */
import type { Settings } from '../config.ts';
import type { Duties, FleetControl } from '../control/nodes.ts';
import type { Logger } from '../log.ts';
import type { MeasuredOutlook } from '../metrics/fleet.ts';
import type { MeasuredNode } from '../metrics/state.ts';
import type { Core } from './core.ts';
import type { NamedFiles } from './named-files.ts';

interface RunningNode extends FleetControl {
  /** From now on it does what one node does for all, whenever that is its turn. */
  perform(duties: Duties): void;
  /** All nodes, as this one has heard of them. */
  readonly nodes: MeasuredNode['nodes'];
  /** What it has noticed of them. */
  readonly outlook: MeasuredOutlook;
  stop(): Promise<void>;
}

/** To be called once the core is open, before anything changes it. */
export type MakeNode = (core: Pick<Core, 'store' | 'engine' | 'table' | 'seen' | 'keyring' | 'signers'>) => RunningNode;

/**
 * Finds the fleet's log, and fills an empty data directory from it: before the store is opened. Undefined: there is no
 * fleet in the settings. Throws StartError.
 */
export async function prepareNode(settings: Settings, log: Logger, files: NamedFiles): Promise<MakeNode | undefined> {
  if (settings.fleet === undefined) return undefined;
  const { prepareFleet } = await import('./fleet/prepare.ts');
  const { FleetNode } = await import('./fleet/node.ts');
  const own = log.child({ part: 'fleet' });
  const prepared = await prepareFleet(settings, own, { files });
  return (core) => new FleetNode(prepared, { ...core, dataDir: settings.dataDir, log: own });
}
