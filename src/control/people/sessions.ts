/**
 * Who is signed in, in the memory of this process: a restart signs everybody out, and the provider signs most of them in
 * again without a word. A session is found by the digest of what its browser shows, as a token is.
 */
import { createHash } from 'node:crypto';
import type { Person } from '../../model/person.ts';
import type { Role } from '../../model/token.ts';
import type { RandomBytes } from '../clock.ts';
import type { Word } from './provider.ts';

export interface SessionTimes {
  /** Nobody has done anything for so long. */
  readonly idleMs: number;
  /** However busy. */
  readonly maxMs: number;
  /** What the provider said last is held for true for so long, where it cannot be asked again. */
  readonly trustMs: number;
}

export interface Session {
  readonly digest: string;
  person: Person;
  roles: readonly Role[];
  word: Word;
  readonly beganAtMs: number;
  activeAtMs: number;
  /** When the provider said it last. */
  saidAtMs: number;
  /** When it was asked last, whatever came of it. */
  askedAtMs: number;
  isAsking: boolean;
  /** Grows with each change of what the person may. */
  version: number;
  isOver: boolean;
}

/** 256 bits: beyond guessing. */
const SECRET_BYTES = 32;
/** A few KiB each, the tokens of the provider among them. Beyond that the one that is idle longest ends. */
const SESSIONS_MAX = 2000;
/** Browsers of one person; one more ends their oldest. */
const SESSIONS_PER_PERSON = 20;

export class Sessions {
  readonly #times: SessionTimes;
  readonly #randomBytes: RandomBytes;
  readonly #steadyMs: () => number;
  readonly #sessions = new Map<string, Session>();

  constructor(times: SessionTimes, randomBytes: RandomBytes, steadyMs: () => number) {
    this.#times = times;
    this.#randomBytes = randomBytes;
    this.#steadyMs = steadyMs;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Gives what the browser is to show; it is kept nowhere here. */
  begin(person: Person, roles: readonly Role[], word: Word): { readonly secret: string; readonly session: Session } {
    this.#sweep();
    const own = [...this.#sessions.values()].filter((each) => each.person.subject === person.subject);
    if (own.length >= SESSIONS_PER_PERSON) this.end(idlest(own));
    if (this.#sessions.size >= SESSIONS_MAX) this.end(idlest([...this.#sessions.values()]));
    const secret = this.#randomBytes(SECRET_BYTES).toString('base64url');
    const atMs = this.#steadyMs();
    const session: Session = {
      ...{ digest: digestOf(secret), person, roles, word, beganAtMs: atMs, activeAtMs: atMs },
      ...{ saidAtMs: atMs, askedAtMs: atMs, isAsking: false, version: 1, isOver: false },
    };
    this.#sessions.set(session.digest, session);
    return { secret, session };
  }

  /** The session of a secret; undefined: there is none, or it has ended. `isActive`: the person does something. */
  find(secret: string, isActive: boolean): Session | undefined {
    const session = this.#sessions.get(digestOf(secret));
    if (session === undefined || !this.isGood(session)) return undefined;
    if (isActive) session.activeAtMs = this.#steadyMs();
    return session;
  }

  isGood(session: Session): boolean {
    if (session.isOver) return false;
    const { idleMs, maxMs, trustMs } = this.#times;
    const nowMs = this.#steadyMs();
    const isLate = nowMs - session.activeAtMs >= idleMs || nowMs - session.beganAtMs >= maxMs;
    if (!isLate && nowMs - session.saidAtMs < trustMs) return true;
    this.end(session);
    return false;
  }

  end(session: Session): void {
    session.isOver = true;
    this.#sessions.delete(session.digest);
  }

  #sweep(): void {
    for (const session of this.#sessions.values()) this.isGood(session);
  }
}

function idlest(sessions: readonly Session[]): Session {
  return sessions.reduce((one, other) => (other.activeAtMs < one.activeAtMs ? other : one));
}

function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
