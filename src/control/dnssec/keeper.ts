/**
 * Keeps what signed zones are answered with signed: looks through a zone, name by name, and has made anew what is due, is
 * missing, or is by keys of before. A few names at a time, so that nobody waits for it; what is too much for that is left
 * to who builds zones aside.
 */
import type { Problem } from '../../model/errors.ts';
import type { Store } from '../../store/sqlite.ts';
import type { SignatureLooks } from '../../table/proofs/signature-look.ts';
import type { Engine } from '../engine.ts';
import { inSlices, type Sliced } from '../slices.ts';
import type { Signers } from './signers.ts';

/** Names that are looked at in one slice: about a millisecond. */
const LOOKED_AT_ONCE = 200;
/** Names that are signed anew in one slice: two signatures each, and what else a publication takes. */
const RENEWED_AT_ONCE = 16;
/** Names that are signed anew in one look; a zone that wants more is built aside. */
const RENEWED_MAX = 50_000;

interface KeeperParts {
  readonly store: Pick<Store, 'signing'>;
  readonly engine: Pick<Engine, 'resign'>;
  readonly looks: SignatureLooks;
  readonly signers: Signers;
  /** What is waited for between two slices; left out: everybody else. */
  readonly pause?: () => Promise<void>;
}

export class SignatureKeeper {
  readonly #parts: KeeperParts;
  #isStopped = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** Looks through one zone (canonical name), whether it is signed or was. A Problem: why something of it could not be signed. */
  look(zone: string): Promise<Problem | undefined> {
    return inSlices(this.#look(zone), this.#parts.pause);
  }

  stop(): void {
    this.#isStopped = true;
  }

  *#look(zone: string): Sliced<Problem | undefined> {
    const { signers, looks, engine } = this.#parts;
    const mark = signers.markOf(zone);
    const isChanged = (): boolean => this.#isStopped || signers.wanted.has(zone) || signers.markOf(zone) !== mark;
    signers.of(zone)?.beginLook();
    let renewed = 0;
    let after: Uint8Array | undefined;
    do {
      if (isChanged()) return undefined;
      const found = signers.of(zone) === undefined ? NOTHING : looks.names(zone, after, LOOKED_AT_ONCE);
      renewed += found?.stale.length ?? 0;
      // A hash does not say whose it is: such a zone is built aside, with all that is not due as it was.
      const isTooMuch = renewed > (signers.isHashed(zone) ? 0 : RENEWED_MAX);
      if (found === undefined || isTooMuch) return this.#leave(zone);
      for (let at = 0; at < found.stale.length; at += RENEWED_AT_ONCE) {
        const problem = engine.resign({ op: 'renewNames', zone, names: found.stale.slice(at, at + RENEWED_AT_ONCE) });
        if (problem !== undefined) return problem;
        yield;
        if (isChanged()) return undefined;
      }
      after = found.last;
      yield;
    } while (after !== undefined);
    for (const service of looks.services(zone)) {
      if (isChanged()) return undefined;
      const problem = engine.resign({ op: 'resignService', name: service });
      if (problem !== undefined) return problem;
      yield;
    }
    if (isChanged()) return undefined;
    signers.of(zone)?.endLook();
    signers.unfinished.delete(zone);
    return undefined;
  }

  /** All of the zone is to be signed. */
  #leave(zone: string): Problem | undefined {
    const { signers, store, engine } = this.#parts;
    const signing = store.signing(zone);
    if (signing === undefined) return undefined;
    if (Number.isFinite(signers.namesAtOnce)) {
      signers.want(zone, signing);
      return undefined;
    }
    signers.isRefreshing = true;
    try {
      return engine.resign({ op: 'putSigning', signing });
    } finally {
      signers.isRefreshing = false;
    }
  }
}

const NOTHING = { stale: [], last: undefined } as const;
