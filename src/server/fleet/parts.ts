/** What of its process a node of a fleet works with. */
import type { Keyring } from '../../control/dnssec/keyring.ts';
import type { Signers } from '../../control/dnssec/signers.ts';
import type { Engine } from '../../control/engine.ts';
import type { SeenHealth } from '../../control/observed/health.ts';
import type { Logger } from '../../log.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Table } from '../../table/table.ts';

export interface FleetParts {
  readonly store: Store;
  readonly engine: Engine;
  readonly table: Table;
  readonly seen: SeenHealth;
  readonly keyring: Keyring;
  readonly signers: Pick<Signers, 'unsigned' | 'unlike' | 'noteHeldUp' | 'following'>;
  readonly dataDir: string;
  readonly log: Logger;
}
