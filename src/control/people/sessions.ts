/**
 * Who is signed in, in the memory of this process, and sealed in files for the one after it. A session is found by the
 * digest of what its browser shows, as a token is.
 */
import { createHash } from 'node:crypto';
import type { Person } from '../../model/person.ts';
import type { Role } from '../../model/token.ts';
import type { RandomBytes } from '../clock.ts';
import { openSession, type SessionFiles, sealingKey, sealSession } from './kept-sessions.ts';
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
  /** What its file is sealed by; absent: none is kept. */
  readonly key?: Uint8Array;
  /** When it was last put there. */
  keptAtMs: number;
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

/** What outlives this process, and what a session that is opened again comes to. */
export interface Keeping {
  readonly files: SessionFiles;
  /** Unix time, milliseconds. */
  readonly wallMs: () => number;
  /** Who vouches, and for which client. */
  readonly provider: string;
}

/** What is known of somebody by the provider's word. */
type Known = (word: Word) => { readonly person: Person; readonly roles: readonly Role[] };

/** That somebody does something is put into the file so often at most: a kill makes them idle for so much longer. */
const KEPT_EVERY_MS = 60_000;

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
  /** Digests of what has ended and whose file may still be there. */
  readonly #leaving = new Set<string>();
  readonly #kept: (Keeping & { readonly known: Known }) | undefined;

  constructor(
    times: SessionTimes,
    { randomBytes, steadyMs }: { randomBytes: RandomBytes; steadyMs: () => number },
    kept?: Keeping & { readonly known: Known },
  ) {
    this.#times = times;
    this.#randomBytes = randomBytes;
    this.#steadyMs = steadyMs;
    this.#kept = kept;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Gives what the browser is to show; it is kept nowhere here. */
  begin(person: Person, roles: readonly Role[], word: Word): { readonly secret: string; readonly session: Session } {
    this.#makeRoom(person);
    const secret = this.#randomBytes(SECRET_BYTES).toString('base64url');
    const atMs = this.#steadyMs();
    const session: Session = {
      digest: digestOf(secret),
      person,
      roles,
      word,
      beganAtMs: atMs,
      activeAtMs: atMs,
      saidAtMs: atMs,
      askedAtMs: atMs,
      isAsking: false,
      version: 1,
      isOver: false,
      keptAtMs: atMs,
      ...(this.#kept && { key: sealingKey(secret, this.#kept.provider) }),
    };
    this.#sessions.set(session.digest, session);
    this.keep(session);
    return { secret, session };
  }

  #makeRoom(person: Person): void {
    this.#sweep();
    const own = [...this.#sessions.values()].filter((each) => each.person.subject === person.subject);
    if (own.length >= SESSIONS_PER_PERSON) void this.end(idlest(own));
    if (this.#sessions.size >= SESSIONS_MAX) void this.end(idlest([...this.#sessions.values()]));
  }

  /** Puts it as it is now into its file. */
  keep(session: Session): void {
    const { key, word, beganAtMs, activeAtMs, saidAtMs, digest } = session;
    if (this.#kept === undefined || key === undefined || session.isOver) return;
    const nowMs = this.#steadyMs();
    const writtenAtMs = this.#kept.wallMs();
    const wall = (steadyMs: number): number => writtenAtMs - (nowMs - steadyMs);
    const times = { beganAtMs: wall(beganAtMs), activeAtMs: wall(activeAtMs), saidAtMs: wall(saidAtMs), writtenAtMs };
    session.keptAtMs = nowMs;
    void this.#kept.files.write(digest, sealSession({ word, ...times }, key, this.#randomBytes));
  }

  /** One of the process before, which only its own browser opens. */
  #open(secret: string): Session | undefined {
    const digest = digestOf(secret);
    // A request that was on its way when somebody signed out would bring the session back, and its file with it.
    if (this.#leaving.has(digest)) return undefined;
    const bytes = this.#kept?.files.read(digest);
    if (this.#kept === undefined || bytes === undefined) return undefined;
    const { wallMs, known, provider } = this.#kept;
    const key = sealingKey(secret, provider);
    const kept = openSession(bytes, key);
    const nowMs = this.#steadyMs();
    const ageMs = kept && wallMs() - kept.writtenAtMs;
    const { person, roles } = kept ? known(kept.word) : { person: undefined, roles: [] };
    // A clock that was put back would let it live longer; and the settings may name none of its groups any more.
    if (kept === undefined || ageMs === undefined || ageMs < 0 || person === undefined || roles.length === 0) {
      void this.#remove(digest);
      return undefined;
    }
    const steady = (atMs: number): number => nowMs - (wallMs() - atMs);
    const session: Session = {
      digest,
      key,
      person,
      roles,
      word: kept.word,
      keptAtMs: nowMs,
      isAsking: false,
      version: 1,
      isOver: false,
      beganAtMs: steady(kept.beganAtMs),
      activeAtMs: steady(kept.activeAtMs),
      saidAtMs: steady(kept.saidAtMs),
      // The provider is asked about it at once: much may have happened meanwhile.
      askedAtMs: Number.NEGATIVE_INFINITY,
    };
    this.#makeRoom(person);
    this.#sessions.set(digest, session);
    return session;
  }

  /** The session of a secret; undefined: there is none, or it has ended. `isActive`: the person does something. */
  find(secret: string, isActive: boolean): Session | undefined {
    const session = this.#sessions.get(digestOf(secret)) ?? this.#open(secret);
    if (session === undefined || !this.isGood(session)) return undefined;
    if (!isActive) return session;
    session.activeAtMs = this.#steadyMs();
    if (session.activeAtMs - session.keptAtMs >= KEPT_EVERY_MS) this.keep(session);
    return session;
  }

  isGood(session: Session): boolean {
    if (session.isOver) return false;
    const { idleMs, maxMs, trustMs } = this.#times;
    const nowMs = this.#steadyMs();
    const isLate = nowMs - session.activeAtMs >= idleMs || nowMs - session.beganAtMs >= maxMs;
    if (!isLate && nowMs - session.saidAtMs < trustMs) return true;
    void this.end(session);
    return false;
  }

  /** It is over at once; resolves when its file is gone for good too, or to false where that cannot be. Never rejects. */
  end(session: Session): Promise<boolean> {
    session.isOver = true;
    this.#sessions.delete(session.digest);
    return this.#remove(session.digest);
  }

  async #remove(digest: string): Promise<boolean> {
    if (this.#kept === undefined) return true;
    this.#leaving.add(digest);
    const isGone = await this.#kept.files.remove(digest);
    // One that cannot be taken away stays closed for as long as this process lives.
    if (isGone) this.#leaving.delete(digest);
    return isGone;
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
