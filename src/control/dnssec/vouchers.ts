/**
 * Has nameservers' zones vouch for the zones that they serve (RFC 9615), as those come and go with their CDS. It compares
 * what is wanted with what is there, some zones at a time, so that whatever it missed is made good.
 */
import type { ZoneSigning } from '../../model/dnssec/signing.ts';
import { vouchedFor, vouchersFor } from '../../model/dnssec/vouching.ts';
import { Problem } from '../../model/errors.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Clock } from '../clock.ts';
import { SELF } from '../commands/command.ts';
import type { Engine } from '../engine.ts';
import type { Lines } from '../lines.ts';

interface VoucherParts {
  readonly engine: Pick<Engine, 'execute'>;
  readonly store: Pick<Store, 'lastRevision' | 'zone' | 'zoneOf' | 'signing' | 'rrset'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Pick<Lines, 'warn'>;
}

/** Zones that are looked at in one turn: some milliseconds. */
const ZONES_AT_ONCE = 200;

export class Vouchers {
  readonly #parts: VoucherParts;
  #next = 0;
  /** Until this revision all is as it should be. */
  #settled = -1;
  #begun = -1;

  constructor(parts: VoucherParts) {
    this.#parts = parts;
  }

  /** Looks at some more of the signed zones. */
  async turn(signings: readonly ZoneSigning[]): Promise<void> {
    const { store } = this.#parts;
    if (this.#next === 0) {
      if (store.lastRevision === this.#settled) return;
      this.#begun = store.lastRevision;
    }
    const some = signings.slice(this.#next, this.#next + ZONES_AT_ONCE);
    this.#next += some.length;
    for (const [zone, of] of some.flatMap((signing) => this.#unlike(signing))) await this.#vouch(zone, of);
    if (this.#next < signings.length) return;
    this.#next = 0;
    this.#settled = this.#begun;
  }

  /** Pairs of a zone that vouches and what for, where that is not as it should be. */
  #unlike(signing: ZoneSigning): [string, string][] {
    const { store } = this.#parts;
    const pairs = new Map<string, [string, string]>();
    const add = (zone: string, of: string): void => void pairs.set(`${zone}/${of}`, [zone, of]);
    for (const { zone, name, type, ttlSeconds, rdata } of vouchersFor(signing, store)) {
      const there = store.rrset(zone, name, type);
      const isThere = there?.ttlSeconds === ttlSeconds && textOf(there.rdata) === textOf(rdata);
      if (!isThere || store.signing(zone)?.vouches?.includes(name) !== true) add(zone, signing.zone);
    }
    for (const name of signing.vouches ?? []) {
      const of = vouchedFor(name) ?? '';
      const vouched = store.signing(of);
      const wanted = vouched === undefined ? [] : vouchersFor(vouched, store);
      if (!wanted.some((each) => each.zone === signing.zone && each.name === name)) add(signing.zone, of);
    }
    return [...pairs.values()];
  }

  async #vouch(zone: string, of: string): Promise<void> {
    const { engine, clock, log } = this.#parts;
    const result = await engine.execute({ kind: 'dnssec.vouch', zone, of }, { actor: SELF, atMs: clock.wallMs() });
    if (!(result instanceof Problem)) return;
    log.warn({ zone: shown(zone), of: shown(of), code: result.code }, `it does not vouch: ${result.detail}`);
  }
}

const textOf = (rdata: readonly Uint8Array[]): string => rdata.map((each) => Buffer.from(each).toString('hex')).join();
