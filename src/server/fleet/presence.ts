/** A sign of life of this process in etcd, for display and to find a name that is in use twice; nothing rests on it. */
import type { Etcd } from '../../etcd/client.ts';
import { EtcdFailure } from '../../etcd/failure.ts';
import { everyMs, inBackground } from '../../guard.ts';

/** It is gone so long after the process. */
export const PRESENCE_SECONDS = 5;
const KEEP_MS = 1500;
const WHAT = 'the presence in the fleet';

export class Presence {
  readonly #etcd: Etcd;
  readonly #key: string;
  readonly #value: string;
  #lease: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isKeeping = false;

  constructor(etcd: Etcd, key: string, value: string) {
    this.#etcd = etcd;
    this.#key = key;
    this.#value = value;
  }

  start(): void {
    this.#timer = everyMs(WHAT, KEEP_MS, () => this.#keep());
    inBackground(WHAT, this.#keep());
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#lease !== undefined) await this.#etcd.revoke(this.#lease);
  }

  async #keep(): Promise<void> {
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    try {
      if (this.#lease === undefined) await this.#begin();
      else if ((await this.#etcd.keepAlive(this.#lease)) === 0) this.#lease = undefined;
    } finally {
      this.#isKeeping = false;
    }
  }

  async #begin(): Promise<void> {
    const lease = await this.#etcd.grant(PRESENCE_SECONDS);
    if (lease instanceof EtcdFailure) return;
    const put = { put: this.#key, value: this.#value, lease };
    const reply = await this.#etcd.transact({ compare: [], success: [put] });
    // Where it was not put the lease ends by itself.
    if (!(reply instanceof EtcdFailure)) this.#lease = lease;
  }
}
