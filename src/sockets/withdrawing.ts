/** A responder for `fleet.whenStale: withdraw`: it answers nothing while its node may not claim to be current. */
import { Responder } from '../responder/answer.ts';
import type { ResponderOptions } from '../responder/options.ts';
import { isClaimed } from '../table/claim.ts';
import type { CounterView } from '../table/counters.ts';
import type { Lookup } from '../table/lookup.ts';
import type { Random } from '../table/picking/pick.ts';
import { WallClock } from './batch/wall-clock.ts';
import { LINUX, type Libc } from './libc.ts';

export class WithdrawingResponder extends Responder {
  readonly #control: Int32Array;
  readonly #clock: Pick<WallClock, 'now'>;
  #isSilent = true;

  constructor(
    parts: readonly [Lookup, CounterView, Random, ResponderOptions],
    control: SharedArrayBuffer,
    clock: Pick<WallClock, 'now'>,
  ) {
    super(...parts);
    this.#control = new Int32Array(control);
    this.#clock = clock;
  }

  /** Once for each receive, and after it: also a machine that slept in between claims nothing by what was so before. */
  override enter(nowMs: number): void {
    super.enter(nowMs);
    this.#isSilent = !isClaimed(this.#control, this.#clock.now());
  }

  override reply(i: number, bytes: Uint8Array, at: number, udp: boolean): number {
    return this.#isSilent ? 0 : super.reply(i, bytes, at, udp);
  }
}

/** The clock that the claim is of. */
export function claimClock(libc: Libc): WallClock {
  return new WallClock(libc, LINUX.CLOCK_BOOTTIME);
}
