/** What imports of a fleet need of this process: who applies, and who takes away what is left. */
import type { Signers } from '../../control/dnssec/signers.ts';
import type { Engine } from '../../control/engine.ts';
import { ContentSweeper } from '../../control/log/content-sweep.ts';
import type { FleetLogParts } from '../../control/log/fleet-parts.ts';
import { type Keeper, Lost } from '../../control/log/keeper.ts';
import { SNAPSHOT_KEY } from '../../model/fleet/keys.ts';
import { reading } from '../../model/fleet/transaction.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Table } from '../../table/table.ts';
import { steadyClock } from '../steady-clock.ts';
import { parsePointer } from './snapshot.ts';

export function applierOf(
  engine: Engine,
  store: Pick<Store, 'lastRevision'>,
  signers: Pick<Signers, 'noteHeldUp' | 'following'>,
  table: Pick<Table, 'content'>,
): FleetLogParts['applier'] {
  return {
    get lastRevision() {
      return store.lastRevision;
    },
    apply: (entry) => {
      const problem = signers.following(() => engine.apply(entry, steadyClock.wallMs()));
      signers.noteHeldUp(problem);
      return problem;
    },
    staged: engine.staged,
    leftOut: () => table.content.leftOut(),
    get isInDoubt() {
      return engine.isInDoubt;
    },
  };
}

/** For the leader: takes away contents that the log has lost the entries of, and those of imports that were cut off. */
export function sweeperOf(keeper: Keeper, store: Pick<Store, 'packedRevision'>): () => Promise<void> {
  const revisionOf = (content: string): number => store.packedRevision(content);
  const sweeper = new ContentSweeper({ keeper, steadyMs: steadyClock.steadyMs, revisionOf });
  return async () => {
    const reply = await keeper.transact(reading([{ key: SNAPSHOT_KEY }]));
    if (reply instanceof Lost) return;
    const pointer = parsePointer(reply.found[0]?.value);
    // What is in the last snapshot but one is in the log no longer.
    if (typeof pointer !== 'string') await sweeper.look(pointer.previous ?? 0);
  };
}
