/**
 * Tells parents that the CDS of a zone has changed (RFC 9859), so that they need not find it by looking now and then. What
 * it knows can be lost at any moment: it only hastens what the parent does anyway.
 */
import { inBackground } from '../../guard.ts';
import { apexRecords } from '../../model/dnssec/apex.ts';
import type { Notice, Telling } from '../../model/dnssec/notice.ts';
import { waitsForParent } from '../../model/dnssec/parent-says.ts';
import type { ZoneSigning } from '../../model/dnssec/signing.ts';
import { shown } from '../../shown.ts';
import { TYPE } from '../../wire/constants.ts';
import type { Clock } from '../clock.ts';
import type { Lines } from '../lines.ts';

/** RFC 1996 §3.6: a minute, and longer each time; five times. */
const RETRY_MS = 60_000;
const TRIES_MAX = 6;
/** A parent that has not done it after a day is told once more, and may have learnt by then where it wants to be told. */
const AGAIN_MS = 24 * 3_600_000;

interface NotifierParts {
  readonly tell: (zone: string) => Promise<Telling>;
  /** Whether every server of ours answers as the signing says: before, a parent would look in vain. */
  readonly inForce: (signing: ZoneSigning) => boolean;
  readonly note: (zone: string, notice: Notice) => void;
  readonly clock: Pick<Clock, 'wallMs' | 'steadyMs'>;
  readonly log: Pick<Lines, 'info' | 'warn'>;
}

interface Known {
  /** The CDS that it is about. */
  cds: string;
  tries: number;
  /** Steady clock, milliseconds; infinite: nothing is to be said. */
  nextMs: number;
  /** It was told, and is reminded for as long as it has not done it. */
  isReminder: boolean;
  isBusy: boolean;
}

export class ParentNotifier {
  readonly #parts: NotifierParts;
  readonly #known = new Map<string, Known>();

  constructor(parts: NotifierParts) {
    this.#parts = parts;
  }

  /** Tells those for whom that is due, without being waited for. */
  turn(signings: readonly ZoneSigning[]): void {
    const zones = new Set(signings.map(({ zone }) => zone));
    for (const zone of this.#known.keys()) if (!zones.has(zone)) this.#known.delete(zone);
    for (const signing of signings) {
      const known = this.#look(signing);
      if (known.isBusy || this.#parts.clock.steadyMs() < known.nextMs || !this.#isSeen(signing)) continue;
      known.isBusy = true;
      inBackground('telling a parent', this.#tell(signing, known));
    }
  }

  #look(signing: ZoneSigning): Known {
    const nowMs = this.#parts.clock.steadyMs();
    const cds = cdsOf(signing);
    const before = this.#known.get(signing.zone);
    if (before === undefined) {
      // Of what this process did not see, only what the parent has not done yet is to be said.
      const nextMs = waitsForParent(signing) ? nowMs : Number.POSITIVE_INFINITY;
      const fresh = { cds, tries: 0, nextMs, isReminder: false, isBusy: false };
      this.#known.set(signing.zone, fresh);
      return fresh;
    }
    if (before.cds !== cds) {
      const nextMs = cds === '' ? Number.POSITIVE_INFINITY : nowMs;
      Object.assign(before, { cds, tries: 0, nextMs, isReminder: false });
    }
    if (before.isReminder && !waitsForParent(signing)) before.nextMs = Number.POSITIVE_INFINITY;
    return before;
  }

  #isSeen(signing: ZoneSigning): boolean {
    return waitsForParent(signing) ? signing.inForceMs !== undefined : this.#parts.inForce(signing);
  }

  async #tell(signing: ZoneSigning, known: Known): Promise<void> {
    const { tell, note, clock, log } = this.#parts;
    const { zone } = signing;
    const { cds } = known;
    const telling = await tell(zone);
    note(zone, { atMs: clock.wallMs(), telling });
    known.isBusy = false;
    // It has changed meanwhile: the next turn tells of that.
    if (known.cds !== cds) return;
    known.tries += 1;
    const isError = telling !== 'none' && 'error' in telling;
    const isAgain = isError && known.tries < TRIES_MAX;
    known.nextMs = clock.steadyMs() + (isAgain ? RETRY_MS * 2 ** (known.tries - 1) : AGAIN_MS);
    known.isReminder = !isAgain;
    if (!isAgain) known.tries = 0;
    if (telling === 'none') return;
    if ('error' in telling)
      log.warn({ zone: shown(zone), reason: telling.error }, 'the parent was not told of the new CDS');
    else log.info({ zone: shown(zone), endpoint: telling.endpoint }, 'the parent was told of the new CDS');
  }
}

/** The CDS RRset, as one text; empty: there is none. */
function cdsOf(signing: ZoneSigning): string {
  const cds = apexRecords(signing).find(({ type }) => type === TYPE.CDS);
  return (cds?.rdata ?? []).map((rdata) => Buffer.from(rdata).toString('hex')).join();
}
