/**
 * Carries out what was proposed for a time when that has come, and ends what can never be done. Its memory can be lost at
 * any moment: what waits is in the store, and each word of its own names the revision that waited, so that nothing is
 * done twice. It goes by the wall clock, as whoever planned it does.
 */
import { inBackground } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import type { Proposed } from '../../model/proposed.ts';
import type { ModelChange } from '../../model/revision.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Clock } from '../clock.ts';
import { SELF } from '../commands/command.ts';
import type { Engine } from '../engine.ts';
import type { Lines } from '../lines.ts';

/** The wall clock may be set, so that what waits is looked at this often; a time that comes sooner is met. */
const LOOK_MS = 30_000;
/** How soon what failed is tried again: the store may be full. */
const RETRY_MS = 1000;

interface RunnerParts {
  readonly engine: Pick<Engine, 'execute' | 'onChange'>;
  readonly store: Pick<Store, 'openProposals' | 'service'>;
  readonly clock: Clock;
  readonly log: Pick<Lines, 'warn' | 'error'>;
}

export class ProposalRunner {
  readonly #parts: RunnerParts;
  #cancelTimer: () => void = () => {};
  #isRunning = false;
  #isBusy = false;
  /** Names of services that something waits for, so that other changes cost nothing. */
  #awaited: ReadonlySet<string> = new Set();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    parts.engine.onChange((changes) => this.#see(changes));
  }

  /** To be called when the engine has loaded, and in a fleet when this node leads; also again, after a stop. */
  start(): void {
    this.#isRunning = true;
    this.#wakeIn(0);
  }

  stop(): void {
    this.#isRunning = false;
    this.#cancelTimer();
  }

  #see(changes: readonly ModelChange[]): void {
    const isMeant = changes.some((change) => {
      if (change.op === 'putProposal' || change.op === 'deleteZone') return true;
      if (change.op === 'putService') return this.#awaited.has(change.service.name);
      return change.op === 'deleteService' && this.#awaited.has(change.name);
    });
    if (isMeant) this.#wakeIn(0);
  }

  #wakeIn(ms: number): void {
    this.#cancelTimer();
    if (!this.#isRunning) return;
    this.#cancelTimer = this.#parts.clock.after(ms, () => inBackground('proposals', this.#turn()));
  }

  async #turn(): Promise<void> {
    if (this.#isBusy) return this.#wakeIn(RETRY_MS);
    this.#isBusy = true;
    let nextMs = RETRY_MS;
    try {
      nextMs = await this.#look();
    } catch (err) {
      this.#parts.log.error({ err }, 'what was proposed could not be looked at');
    } finally {
      this.#isBusy = false;
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#wakeIn(nextMs);
  }

  /** Milliseconds until there is something to do; infinite: nothing waits. */
  async #look(): Promise<number> {
    const { store, clock } = this.#parts;
    const open = store.openProposals();
    this.#awaited = new Set(open.flatMap(({ services }) => services.map(({ name }) => name)));
    let nextMs = open.length === 0 ? Number.POSITIVE_INFINITY : LOOK_MS;
    for (const proposed of open) {
      const leftMs = (proposed.schedule?.atMs ?? Number.POSITIVE_INFINITY) - clock.wallMs();
      if (leftMs > 0 && !this.#hasChanged(proposed)) nextMs = Math.min(nextMs, leftMs);
      else if (!(await this.#carryOut(proposed))) nextMs = RETRY_MS;
      if (!this.#isRunning) break;
    }
    return nextMs;
  }

  #hasChanged({ services }: Proposed): boolean {
    return services.some(({ name, revision }) => this.#parts.store.service(name)?.revision !== revision);
  }

  async #carryOut({ id, revision, why }: Proposed): Promise<boolean> {
    const { engine, clock, log } = this.#parts;
    const command = { kind: 'proposal.due', id, revision } as const;
    const result = await engine.execute(command, { actor: SELF, atMs: clock.wallMs(), ...(why && { why }) });
    if (!(result instanceof Problem)) return true;
    // Somebody was faster: it is looked at again.
    if (result.code !== 'revision_stale') log.warn({ proposal: id, code: result.code }, `it waits: ${result.detail}`);
    return result.code === 'revision_stale';
  }
}
