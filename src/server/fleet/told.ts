/** What the nodes of a fleet tell each other besides the log: what they counted, what their probes see, what their clocks show, who can sign. */
import type { Keyring } from '../../control/dnssec/keyring.ts';
import { SharedMarks } from '../../control/dnssec/shared-marks.ts';
import type { Signers } from '../../control/dnssec/signers.ts';
import { SharedCounts } from '../../control/drain/shared-counts.ts';
import type { Engine } from '../../control/engine.ts';
import { SharedViews } from '../../control/health/shared-views.ts';
import type { Keeper } from '../../control/log/keeper.ts';
import type { SeenHealth } from '../../control/observed/health.ts';
import { SharedClocks } from '../../control/shared-clocks.ts';
import type { Logger } from '../../log.ts';
import type { View } from '../../model/fleet/view.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Table } from '../../table/table.ts';
import { steadyClock } from '../steady-clock.ts';

interface ToldParts {
  readonly store: Store;
  readonly table: Table;
  readonly seen: SeenHealth;
  readonly keyring: Pick<Keyring, 'mark'>;
  readonly signers: Pick<Signers, 'unlike'>;
  readonly engine: Pick<Engine, 'onChange'>;
  readonly log: Logger;
}

export class Told {
  readonly counts: SharedCounts;
  readonly views: SharedViews;
  readonly clocks: SharedClocks;
  readonly marks: SharedMarks;

  constructor(
    { store, table, seen, keyring, signers, engine, log }: ToldParts,
    of: { readonly node: string; readonly incarnation: string; readonly keeper: Keeper; readonly view: () => View },
  ) {
    this.counts = new SharedCounts({ ...of, store, observed: table.observed, clock: steadyClock });
    const isVoted = (service: string): boolean => store.service(service)?.health?.quorum !== undefined;
    this.clocks = new SharedClocks({ view: of.view, clock: steadyClock, log });
    this.views = new SharedViews({ ...of, seen, isVoted, clocks: this.clocks, clock: steadyClock, log });
    let signed = store.allSignings().reduce((last, { revision }) => Math.max(last, revision), 0);
    engine.onChange((changes, { revision }) => {
      if (changes.some(({ op }) => op === 'putSigning')) signed = revision;
    });
    const word = () => ({ revision: signed, unfinished: signers.unlike() });
    this.marks = new SharedMarks({ ...of, word, mark: () => keyring.mark, clock: steadyClock });
  }

  start(): void {
    this.counts.start();
    this.views.start();
    this.marks.start();
  }

  stop(): void {
    this.counts.stop();
    this.views.stop();
    this.marks.stop();
  }
}
