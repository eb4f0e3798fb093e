/**
 * Zones that are served with the signatures that they brought: nobody here makes those anew, so it is said in time when
 * they end. They are looked at when they come, at each start, and each hour after that.
 */
import { inBackground, tellFault } from '../../guard.ts';
import type { SignaturesEvent, SignaturesTrigger } from '../../model/dnssec/triggers.ts';
import { Problem } from '../../model/errors.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import type { Clock } from '../clock.ts';
import type { Engine } from '../engine.ts';
import type { Lines } from '../lines.ts';

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
  /** Tells those who listen; as often as the log. */
  readonly tell?: (event: SignaturesEvent) => void;
  readonly clock: Clock;
  readonly log: Pick<Lines, 'warn'>;
}

const WHAT = 'a look at zones that are kept';
/** As with what is signed here, where signatures are made anew with a week left. */
const SOON_SECONDS = 7 * 86_400;
const AGAIN_MS = 3_600_000;
/** It is said once a day: who leads a fleet, and sends webhooks, may have changed since. */
const SAID_MS = 86_400_000;

export class KeptZones {
  readonly #parts: KeptParts;
  readonly #zones = new Map<string, KeptLook>();
  /** To be looked at. */
  readonly #due = new Set<string>();
  /** What was said last of a zone, and when; steady time. */
  readonly #said = new Map<string, { readonly trigger: SignaturesTrigger; readonly atMs: number }>();
  #isBusy = false;
  #isStopped = false;
  #cancelTimer: () => void = () => {};

  constructor(parts: KeptParts) {
    this.#parts = parts;
    parts.engine.onChange((changes) => {
      for (const change of changes) {
        if (change.op === 'deleteZone' || change.op === 'putSigning') this.#end(zoneOf(change));
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
    this.#said.delete(zone);
    this.#due.delete(zone);
  }

  /** It is served no more, or Teal signs it. */
  #end(zone: string): void {
    const look = this.#zones.get(zone);
    const wasSaid = this.#said.has(zone);
    this.#forget(zone);
    if (look !== undefined && wasSaid) this.#over(zone, look, 'is not served with the signatures of its file any more');
  }

  #begin(zone: string): void {
    if (!this.#isKept(zone)) {
      this.#end(zone);
      return;
    }
    // What was said of the file before is over once this one is found to be good.
    this.#due.add(zone);
    this.#run();
  }

  /** Time alone may end a signature. */
  #arm(): void {
    this.#cancelTimer = this.#parts.clock.after(AGAIN_MS, () => {
      if (this.#isStopped) return;
      // Before what may fail: there is a next time.
      this.#arm();
      this.#run();
      for (const [zone, look] of this.#zones) this.#tell(zone, look);
    });
  }

  #run(): void {
    if (this.#isBusy || this.#isStopped) return;
    this.#isBusy = true;
    inBackground(WHAT, this.#lookAtAll());
  }

  async #lookAtAll(): Promise<void> {
    // The store cannot be read, say: the others are looked at all the same, and these in an hour.
    const failed: string[] = [];
    try {
      for (const zone of this.#due) {
        if (this.#isStopped) return;
        this.#due.delete(zone);
        try {
          if (!(await this.#lookAt(zone))) failed.push(zone);
        } catch (fault) {
          tellFault(fault, WHAT);
          failed.push(zone);
        }
      }
    } finally {
      for (const zone of failed) this.#due.add(zone);
      this.#isBusy = false;
    }
  }

  /** False: it could not be looked at. */
  async #lookAt(zone: string): Promise<boolean> {
    const { look, clock, log } = this.#parts;
    const found = await look(zone, Math.floor(clock.wallMs() / 1000));
    if (found instanceof Problem) {
      log.warn({ zone: shown(zone), code: found.code }, `its signatures could not be looked at: ${found.detail}`);
      return false;
    }
    if (found !== undefined && this.#isKept(zone)) {
      const wasSaid = this.#said.delete(zone);
      this.#zones.set(zone, found);
      if (!this.#tell(zone, found) && wasSaid)
        this.#over(zone, found, `was imported again: the first of its signatures ends on ${timeOf(found)}`);
    }
    return true;
  }

  /** True: something is to be said of the zone; it is, unless it was within a day and has not become worse. */
  #tell(zone: string, look: KeptLook): boolean {
    const { clock, log, tell } = this.#parts;
    const { endsSeconds, fault } = look;
    const left = endsSeconds - clock.wallMs() / 1000;
    if (left >= SOON_SECONDS && fault === undefined) return false;
    const trigger = left > 0 && fault === undefined ? 'on-signatures-ending' : 'on-signatures-ended';
    const said = this.#said.get(zone);
    if (said?.trigger === trigger && clock.steadyMs() - said.atMs < SAID_MS) return true;
    this.#said.set(zone, { trigger, atMs: clock.steadyMs() });
    const ends = timeOf(look);
    const why = fault === undefined ? '' : `, and validators refuse it: ${fault}`;
    const what = `the first of the signatures that it was imported with ${left > 0 ? 'ends' : 'ended'} on ${ends}${why}`;
    const todo = 'whoever signs the zone has to send it again';
    log.warn({ zone: shown(zone), ends }, `${what}; ${todo}`);
    tell?.({ trigger, zone, endsSeconds, message: `${shown(zone)}: ${what}; ${todo}.` });
    return true;
  }

  #over(zone: string, { endsSeconds }: KeptLook, what: string): void {
    const trigger = 'on-signatures-renewed';
    this.#parts.tell?.({ trigger, zone, endsSeconds, message: `${shown(zone)} ${what}.` });
  }
}

const timeOf = ({ endsSeconds }: KeptLook): string => new Date(endsSeconds * 1000).toISOString();

function zoneOf(
  change:
    | { readonly op: 'deleteZone'; readonly zone: string }
    | { readonly op: 'putSigning'; readonly signing: { readonly zone: string } },
): string {
  return change.op === 'deleteZone' ? change.zone : change.signing.zone;
}
