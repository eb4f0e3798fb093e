/**
 * Zones that are served with the signatures that they brought: nobody here makes those anew, so it is said in time when
 * they end. They are looked at when they come, at each start, and each hour after that.
 */
import { inBackground } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import type { Clock } from '../clock.ts';
import type { Engine } from '../engine.ts';
import type { Lines } from '../lines.ts';
import { shown } from '../names.ts';

/** What became of a look at a zone. */
interface KeptLook {
  /** Unix time, seconds, when the first of its signatures ends. */
  readonly endsSeconds: number;
  /** Why validators refuse something of it; undefined: nothing speaks for that. */
  readonly fault?: string | undefined;
}

interface KeptParts {
  readonly store: Pick<Store, 'allZones' | 'signing' | 'rrset'>;
  readonly engine: Pick<Engine, 'onChange'>;
  /** Reads the zone whole; undefined: there is no such zone, or it brings no signatures. */
  readonly look: (zone: string, nowSeconds: number) => Promise<KeptLook | undefined | Problem>;
  readonly clock: Clock;
  readonly log: Pick<Lines, 'warn'>;
}

/** As with what is signed here, where signatures are made anew with a week left. */
const SOON_SECONDS = 7 * 86_400;
const AGAIN_MS = 3_600_000;
/** It is said once a day. */
const SAID_MS = 86_400_000;

export class KeptZones {
  readonly #parts: KeptParts;
  readonly #zones = new Map<string, KeptLook>();
  /** To be looked at. */
  readonly #due = new Set<string>();
  /** When it was said last of a zone that its signatures end; steady time. */
  readonly #saidMs = new Map<string, number>();
  #isBusy = false;
  #isStopped = false;
  #cancelTimer: () => void = () => {};

  constructor(parts: KeptParts) {
    this.#parts = parts;
    parts.engine.onChange((changes) => {
      for (const change of changes) {
        if (change.op === 'deleteZone' || change.op === 'putSigning') this.#forget(zoneOf(change));
        if (change.op === 'importZone') this.#begin(change.zone.name);
      }
    });
  }

  /** To be called when the engine has loaded. */
  start(): void {
    for (const { name } of this.#parts.store.allZones()) if (this.#isKept(name)) this.#due.add(name);
    this.#run();
    this.#arm();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  /** All of them, those that end first before others. */
  all(): (KeptLook & { readonly zone: string })[] {
    const all = [...this.#zones].map(([zone, look]) => ({ zone, ...look }));
    return all.sort((one, other) => one.endsSeconds - other.endsSeconds);
  }

  #isKept(zone: string): boolean {
    const { store } = this.#parts;
    return store.signing(zone) === undefined && store.rrset(zone, zone, TYPE.RRSIG) !== undefined;
  }

  #forget(zone: string): void {
    this.#zones.delete(zone);
    this.#saidMs.delete(zone);
    this.#due.delete(zone);
  }

  #begin(zone: string): void {
    this.#forget(zone);
    if (!this.#isKept(zone)) return;
    this.#due.add(zone);
    this.#run();
  }

  /** Time alone may end a signature. */
  #arm(): void {
    this.#cancelTimer = this.#parts.clock.after(AGAIN_MS, () => {
      if (this.#isStopped) return;
      for (const [zone, look] of this.#zones) this.#tell(zone, look);
      this.#arm();
    });
  }

  #run(): void {
    if (this.#isBusy || this.#isStopped) return;
    this.#isBusy = true;
    inBackground('a look at zones that are kept', this.#lookAtAll());
  }

  async #lookAtAll(): Promise<void> {
    const { look, clock, log } = this.#parts;
    try {
      for (const zone of this.#due) {
        if (this.#isStopped) return;
        this.#due.delete(zone);
        const found = await look(zone, Math.floor(clock.wallMs() / 1000));
        if (found instanceof Problem) {
          log.warn({ zone: shown(zone), code: found.code }, `its signatures could not be looked at: ${found.detail}`);
        } else if (found !== undefined && this.#isKept(zone)) {
          this.#zones.set(zone, found);
          this.#tell(zone, found);
        }
      }
    } finally {
      this.#isBusy = false;
    }
  }

  #tell(zone: string, { endsSeconds, fault }: KeptLook): void {
    const { clock, log } = this.#parts;
    const left = endsSeconds - clock.wallMs() / 1000;
    const saidMs = this.#saidMs.get(zone);
    if ((left >= SOON_SECONDS && fault === undefined) || (saidMs !== undefined && clock.steadyMs() - saidMs < SAID_MS))
      return;
    this.#saidMs.set(zone, clock.steadyMs());
    const ends = new Date(endsSeconds * 1000).toISOString();
    const why = fault === undefined ? '' : `, and validators refuse it: ${fault}`;
    const what = `the first of the signatures that it was imported with ${left > 0 ? 'ends' : 'ended'} on ${ends}${why}`;
    log.warn({ zone: shown(zone), ends }, `${what}; whoever signs the zone has to send it again`);
  }
}

function zoneOf(
  change:
    | { readonly op: 'deleteZone'; readonly zone: string }
    | { readonly op: 'putSigning'; readonly signing: { readonly zone: string } },
): string {
  return change.op === 'deleteZone' ? change.zone : change.signing.zone;
}
