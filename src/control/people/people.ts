/** People: signed in by a provider of identities, with what their groups let them do, and asked about again while they stay. */
import { inBackground } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import { type Person, personOf, rolesOf } from '../../model/person.ts';
import type { Role } from '../../model/token.ts';
import type { RandomBytes } from '../clock.ts';
import type { Lines } from '../lines.ts';
import { NoWord, type Provider, type Word } from './provider.ts';
import { type Keeping, type Session, Sessions, type SessionTimes } from './sessions.ts';
import { SignIns } from './sign-ins.ts';

export interface PeopleSettings extends SessionTimes {
  readonly nameClaim: string;
  readonly groupsClaim: string;
  readonly byGroup: ReadonlyMap<string, Role>;
  /** How often the provider is asked whether all of it still holds. */
  readonly recheckMs: number;
}

interface PeopleParts {
  readonly settings: PeopleSettings;
  readonly provider: Pick<Provider, 'issuer' | 'signInUrl' | 'redeem' | 'again' | 'signOutUrl'>;
  readonly randomBytes: RandomBytes;
  readonly steadyMs: () => number;
  readonly log: Pick<Lines, 'info' | 'warn'>;
  /** Where sessions outlive this process; absent: nowhere. */
  readonly keeping?: Keeping;
}

/** A sign-in that came to nothing, and why. `powerless`: the provider knows them, and none of their groups is named here. */
export interface Failed {
  readonly kind: NoWord['kind'] | 'powerless' | 'busy';
  readonly reason: string;
}

/** Codes that are being redeemed at once: each waits for the provider. */
const REDEEMING_MAX = 50;

export class People {
  readonly #parts: PeopleParts;
  readonly #signIns: SignIns;
  readonly #sessions: Sessions;
  #redeeming = 0;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
    this.#signIns = new SignIns(parts.randomBytes, parts.steadyMs);
    const kept = parts.keeping && { ...parts.keeping, known: (word: Word) => this.#known(word) };
    this.#sessions = new Sessions(parts.settings, parts, kept);
  }

  get issuer(): string {
    return this.#parts.provider.issuer;
  }

  /** Where the browser is to go, and what it is to show when it comes back. */
  async begin(): Promise<{ readonly url: string; readonly browser: string } | Failed> {
    // One is begun only where the provider can be asked.
    const signIn = this.#signIns.begin();
    const url = await this.#parts.provider.signInUrl(signIn);
    if (!(url instanceof NoWord)) return { url: url.href, browser: signIn.browser };
    this.#signIns.finish(signIn.state, signIn.browser);
    return this.#failed(url);
  }

  /** What comes of a browser that came back with a query. */
  async finish(query: string, browser: string | undefined): Promise<{ readonly secret: string } | Failed> {
    const signIn = this.#signIns.finish(new URLSearchParams(query).get('state') ?? '', browser);
    if (signIn === undefined) {
      const reason = 'it was not begun in this browser, is finished already, or took longer than a quarter of an hour';
      return this.#failed({ kind: 'stale', reason });
    }
    if (this.#redeeming >= REDEEMING_MAX)
      return this.#failed({ kind: 'busy', reason: 'many sign in at this moment already' });
    this.#redeeming++;
    try {
      const word = await this.#parts.provider.redeem(query, signIn);
      return word instanceof NoWord ? this.#failed(word) : this.#welcome(word);
    } finally {
      this.#redeeming--;
    }
  }

  find(secret: string, isActive: boolean): Session | undefined {
    const session = this.#sessions.find(secret, isActive);
    if (session !== undefined) this.#recheck(session);
    return session;
  }

  /** Whether a session is what it was at a version: a stream that was opened by it goes on as long. */
  isGood(session: Session, version: number): boolean {
    if (!this.#sessions.isGood(session) || session.version !== version) return false;
    this.#recheck(session);
    return true;
  }

  /** Ends it here, for good; gives where to end it at the provider too. */
  async end(session: Session): Promise<{ readonly goOnAt?: string } | Problem> {
    const isGone = await this.#sessions.end(session);
    this.#parts.log.info({ person: session.person.name }, 'a person signed out');
    if (!isGone) return new Problem('store_unavailable', NOT_FORGOTTEN);
    const href = (await this.#parts.provider.signOutUrl(session.word.idToken))?.href;
    return href === undefined ? {} : { goOnAt: href };
  }

  #welcome(word: Word): { readonly secret: string } | Failed {
    const { person, roles } = this.#known(word);
    if (roles.length === 0) {
      const groups = person.groups.length === 0 ? 'no group' : `only ${person.groups.slice(0, 20).join(', ')}`;
      return this.#failed({ kind: 'powerless', reason: `${person.title} is in ${groups}` }, person);
    }
    const { secret } = this.#sessions.begin(person, roles, word);
    const { name, subject, groups } = person;
    this.#parts.log.info({ person: name, subject, groups: groups.length }, 'a person signed in');
    return { secret };
  }

  #known({ claims }: Word): { readonly person: Person; readonly roles: readonly Role[] } {
    const person = personOf(claims, this.#parts.settings);
    return { person, roles: rolesOf(person.groups, this.#parts.settings.byGroup) };
  }

  /** Asks in the background: no request waits for the provider. */
  #recheck(session: Session): void {
    const nowMs = this.#parts.steadyMs();
    if (session.isAsking || nowMs - session.askedAtMs < this.#parts.settings.recheckMs) return;
    session.isAsking = true;
    session.askedAtMs = nowMs;
    inBackground('a look at who is signed in', this.#askAgain(session));
  }

  async #askAgain(session: Session): Promise<void> {
    const { provider, log, steadyMs } = this.#parts;
    const askedAtMs = steadyMs();
    try {
      const word = await provider.again(session.word);
      if (session.isOver) return;
      const who = { person: session.person.name };
      if (word instanceof NoWord) {
        const isOver = word.kind === 'refused' || word.kind === 'stale';
        if (isOver) void this.#sessions.end(session);
        const what = isOver ? 'a session ended: the provider does not vouch for it any more' : NOT_ASKED;
        return log.warn({ ...who, reason: word.reason }, what);
      }
      const { person, roles } = this.#known(word);
      session.word = word;
      session.saidAtMs = askedAtMs;
      this.#sessions.keep(session);
      const isSame = JSON.stringify([session.person, session.roles]) === JSON.stringify([person, roles]);
      if (isSame) return;
      session.person = person;
      session.roles = roles;
      session.version++;
      if (roles.length > 0) return log.info(who, 'what a person may has changed at the provider');
      void this.#sessions.end(session);
      log.info(who, 'a session ended: none of its groups is named in the settings any more');
    } finally {
      session.isAsking = false;
    }
  }

  #failed({ kind, reason }: Failed, person?: Person): Failed {
    const line = { kind, reason, ...(person && { person: person.name, subject: person.subject }) };
    this.#parts.log.warn(line, 'a sign-in failed');
    return { kind, reason };
  }
}

const NOT_FORGOTTEN =
  'The session is over, but the server could not delete what it keeps of it: a restart may bring it back to whoever has its cookie. Tell whoever runs the server; it ends by itself in time.';
const NOT_ASKED = 'the provider could not be asked about somebody who is signed in; their session ends in time';
