/**
 * Keeps what signed zones are answered with signed: looks through a zone, name by name, and has made anew what is due, is
 * missing, or is by keys of before. A few names at a time, so that nobody waits for it; what is too much for that is left
 * to who builds zones aside.
 */
import type { Problem } from '../../model/errors.ts';
import { nameToWire } from '../../model/name.ts';
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

  /**
   * While a zone is built aside that lacks signatures: makes those first that most answers need, and then the others, so
   * that nobody has to wait for all of them. It ends by itself, or (`isOver`) when what was built has taken its place.
   */
  aid(zone: string, isOver: () => boolean): Promise<void> {
    return inSlices(this.#aid(zone, isOver), this.#parts.pause);
  }

  stop(): void {
    this.#isStopped = true;
  }

  *#aid(zone: string, isOver: () => boolean): Sliced<void> {
    const { signers, looks } = this.#parts;
    const mark = signers.markOf(zone);
    const isEnough = (): boolean => this.#isStopped || isOver() || signers.markOf(zone) !== mark;
    if (signers.of(zone) === undefined || isEnough()) return;
    yield* this.#renewNeeded(zone, isEnough, true);
    if ((yield* this.#resignServices(zone, isEnough)) !== undefined || isEnough()) return;
    // A hash does not say whose it is.
    if (signers.isHashed(zone)) return;
    let after: Uint8Array | undefined;
    do {
      const found = isEnough() ? undefined : looks.names(zone, after, LOOKED_AT_ONCE);
      if (found === undefined || (yield* this.#renew(zone, found.stale, isEnough, true)) !== undefined) return;
      after = found.last;
      yield;
    } while (after !== undefined);
  }

  /** What most answers need: the apex, and the names of services. A Problem: why something of it could not be signed. */
  *#renewNeeded(zone: string, isEnough: () => boolean, isPassing = false): Sliced<Problem | undefined> {
    const { looks } = this.#parts;
    const services = looks.services(zone);
    for (let at = 0; (at === 0 || at < services.length) && !isEnough(); at += LOOKED_AT_ONCE) {
      const names = looks.needed(zone, services.slice(at, at + LOOKED_AT_ONCE));
      const problem = yield* this.#renew(zone, names, isEnough, isPassing);
      if (problem !== undefined) return problem;
      yield;
    }
    return undefined;
  }

  /** What services answer with. */
  *#resignServices(zone: string, isEnough: () => boolean): Sliced<Problem | undefined> {
    const { looks, engine } = this.#parts;
    const services = looks.services(zone);
    for (let at = 0; at < services.length; at += LOOKED_AT_ONCE) {
      for (const name of looks.unlike(zone, services.slice(at, at + LOOKED_AT_ONCE))) {
        const problem = isEnough() ? undefined : engine.resign({ op: 'resignService', name });
        if (problem !== undefined) return problem;
        yield;
        if (isEnough()) return undefined;
      }
      yield;
    }
    return undefined;
  }

  /** Signs names anew. A Problem: why that cannot be. */
  *#renew(
    zone: string,
    names: readonly Uint8Array[],
    isEnough: () => boolean,
    isPassing = false,
  ): Sliced<Problem | undefined> {
    const { kept } = this.#parts.signers.ground;
    for (let at = 0; at < names.length; at += RENEWED_AT_ONCE) {
      const some = names.slice(at, at + RENEWED_AT_ONCE);
      const resign = (): Problem | undefined => this.#parts.engine.resign({ op: 'renewNames', zone, names: some });
      const problem = isPassing ? kept.passing(resign) : kept.inZone(nameToWire(zone), resign);
      if (problem !== undefined) return problem;
      yield;
      if (isEnough()) return undefined;
    }
    return undefined;
  }

  *#look(zone: string): Sliced<Problem | undefined> {
    const { signers, looks } = this.#parts;
    const mark = signers.markOf(zone);
    // Where it cannot be built, what it is answered with until then must not end.
    const isComing = (): boolean => signers.wanted.has(zone) && !signers.failures.has(zone);
    const isChanged = (): boolean => this.#isStopped || isComing() || signers.markOf(zone) !== mark;
    signers.of(zone)?.beginLook();
    // First what most answers need: what a server answered with that stood still for two weeks has ended.
    const problem = yield* this.#renewNeeded(zone, isChanged);
    if (problem !== undefined) return problem;
    let renewed = 0;
    let after: Uint8Array | undefined;
    do {
      if (isChanged()) return undefined;
      const found = signers.of(zone) === undefined ? NOTHING : looks.names(zone, after, LOOKED_AT_ONCE);
      renewed += found?.stale.length ?? 0;
      // A hash does not say whose it is: such a zone is built aside, with all that is not due as it was.
      const isTooMuch = renewed > (signers.isHashed(zone) ? 0 : RENEWED_MAX);
      if (found === undefined || isTooMuch) return this.#leave(zone);
      const problem = yield* this.#renew(zone, found.stale, isChanged);
      if (problem !== undefined || isChanged()) return problem;
      after = found.last;
      yield;
    } while (after !== undefined);
    const unsigned = yield* this.#resignServices(zone, isChanged);
    if (unsigned !== undefined || isChanged()) return unsigned;
    signers.of(zone)?.endLook();
    signers.unfinished.delete(zone);
    // What it could not be built for is made.
    if (signers.isWantedAlike(zone)) signers.wanted.delete(zone);
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
