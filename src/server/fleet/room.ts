/** How full etcd is, looked at now and then: it is told before nothing can be changed any more. */
import type { EngineRoom } from '../../control/nodes.ts';
import type { Etcd } from '../../etcd/client.ts';
import { EtcdFailure } from '../../etcd/failure.ts';
import { everyMs, inBackground } from '../../guard.ts';
import type { Logger } from '../../log.ts';
import { roomFor } from '../../model/fleet/staging.ts';

/** Half of a quota takes hours to fill; an alarm of etcd is to be told soon. */
const LOOK_MS = 15_000;
const WHAT = 'the room in etcd';
/** What etcd takes where nothing else is said (`--quota-backend-bytes`), for members that do not tell what they have. */
const DEFAULT_QUOTA_BYTES = 2 * 2 ** 30;
const ALARM = /NOSPACE/;

const WORDS: Readonly<Record<EngineRoom['level'], string>> = {
  ample: 'etcd has room again',
  warn: 'etcd has used half of its quota or more: have it compact by itself, defragment it, or give it a larger quota',
  refuse: 'etcd has used four fifths of its quota or more: imports are refused until it is compacted and defragmented',
  full: 'etcd is full, and takes no change at all: compact it, defragment each member, and then disarm its alarm',
};

/** Of the member that has the least; undefined: none of them answered. */
export async function roomOf(etcd: Pick<Etcd, 'members'>): Promise<EngineRoom | undefined> {
  let tightest: EngineRoom | undefined;
  for (const member of await etcd.members()) {
    if (member instanceof EtcdFailure) continue;
    const { endpoint, databaseBytes, quotaBytes = DEFAULT_QUOTA_BYTES, errors } = member;
    const isFull = errors.some((error) => ALARM.test(error));
    const level = isFull ? 'full' : roomFor(databaseBytes, quotaBytes);
    const room: EngineRoom = { member: endpoint, databaseBytes, quotaBytes, level };
    if (tightest === undefined || isTighter(room, tightest)) tightest = room;
  }
  return tightest;
}

function isTighter(one: EngineRoom, other: EngineRoom): boolean {
  if ((one.level === 'full') !== (other.level === 'full')) return one.level === 'full';
  return one.databaseBytes / one.quotaBytes > other.databaseBytes / other.quotaBytes;
}

export class RoomWatch {
  readonly #etcd: Pick<Etcd, 'members'>;
  readonly #log: Pick<Logger, 'info' | 'warn' | 'error'>;
  #timer: NodeJS.Timeout | undefined;
  #seen: EngineRoom | undefined;
  #isLooking = false;

  constructor(etcd: Pick<Etcd, 'members'>, log: Pick<Logger, 'info' | 'warn' | 'error'>) {
    this.#etcd = etcd;
    this.#log = log;
  }

  start(): void {
    this.#timer = everyMs(WHAT, LOOK_MS, () => this.look());
    inBackground(WHAT, this.look());
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** As it was seen last; undefined: it never was. */
  get seen(): EngineRoom | undefined {
    return this.#seen;
  }

  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const room = await roomOf(this.#etcd);
      if (room === undefined) return;
      const before = this.#seen?.level ?? 'ample';
      this.#seen = room;
      if (room.level !== before) this.#tell(room);
    } finally {
      this.#isLooking = false;
    }
  }

  #tell({ level, ...where }: EngineRoom): void {
    const how = level === 'full' ? 'error' : level === 'ample' ? 'info' : 'warn';
    this.#log[how](where, WORDS[level]);
  }
}
