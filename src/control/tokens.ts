/** Who may use the admin API: the stored tokens, and those that the settings bring. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Problem } from '../model/errors.ts';
import type { ModelChange } from '../model/revision.ts';
import { isExpired, isMaster, type Token } from '../model/token.ts';
import type { Store } from '../store/sqlite.ts';
import type { RandomBytes } from './clock.ts';
import { SELF } from './commands/command.ts';
import type { Engine } from './engine.ts';

/** 256 bits: beyond guessing, and beyond any need for a slow hash. */
const SECRET_BYTES = 32;

/** The first token of a data directory. */
const FIRST_TOKEN = 'admin';

export interface SettingsTokens {
  readonly admin?: string;
  readonly read?: string;
}

/** What opening needs. */
interface OpenParts {
  readonly engine: Pick<Engine, 'execute' | 'onChange'>;
  readonly store: Pick<Store, 'tokens'>;
  readonly settings: SettingsTokens;
  readonly atMs: number;
  readonly randomBytes: RandomBytes;
  /** Is given the secret of a token that had to be made, before its digest is stored. */
  readonly keep: (secret: string) => void;
}

type KnownToken = Token & { readonly digest: Uint8Array };

export class Tokens {
  readonly #tokens: Map<string, KnownToken>;
  /** True where the settings bring a token that may do everything. */
  readonly settingsAdmin: boolean;

  private constructor(engine: Pick<Engine, 'onChange'>, tokens: readonly KnownToken[], settingsAdmin: boolean) {
    this.#tokens = new Map(tokens.map((token) => [token.name, token]));
    this.settingsAdmin = settingsAdmin;
    engine.onChange((changes) => this.#see(changes));
  }

  /**
   * Reads the tokens. Where neither the store nor the settings have one that may do everything, makes one and hands
   * its secret to `keep` before its digest is stored: a crash in between only leads to another one at the next start.
   */
  static async open(parts: OpenParts): Promise<Tokens | Problem> {
    const { engine, store, settings } = parts;
    if (settings.admin === undefined && !store.tokens().some(isMaster)) {
      const failed = await makeFirst(parts);
      if (failed !== undefined) return failed;
    }
    const { admin, read } = settings;
    const fromSettings: KnownToken[] = [
      ...(admin === undefined ? [] : [{ name: 'settings-admin', scope: 'admin', digest: digestOf(admin) } as const]),
      ...(read === undefined ? [] : [{ name: 'settings-read', scope: 'read', digest: digestOf(read) } as const]),
    ];
    return new Tokens(engine, [...store.tokens(), ...fromSettings], admin !== undefined);
  }

  /** The token of a secret, expired or not. Every digest is compared, each in constant time, whatever is found. */
  find(secret: string): Token | undefined {
    const digest = digestOf(secret);
    let found: Token | undefined;
    for (const token of this.#tokens.values()) if (timingSafeEqual(token.digest, digest)) found = token;
    return found;
  }

  /** Whether a token that `find` gave is still good: it may have expired since, or been revoked. */
  isGood(token: Token, atMs: number): boolean {
    return this.#tokens.get(token.name) === token && !isExpired(token, atMs);
  }

  /** A change is answered when it is in force here: a revoked token is refused at its next request. */
  #see(changes: readonly ModelChange[]): void {
    for (const change of changes) {
      if (change.op === 'putToken') this.#tokens.set(change.token.name, change.token);
      if (change.op === 'deleteToken') this.#tokens.delete(change.name);
    }
  }
}

/** A new secret. The prefix lets scanners of published code find it. */
export function makeSecret(randomBytes: RandomBytes): string {
  return `teal_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

export function digestOf(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}

/** After a loss of every key the server is started again. A token of the name may be there, but limited or with an end. */
async function makeFirst({ engine, store, atMs, randomBytes, keep }: OpenParts): Promise<Problem | undefined> {
  const taken = new Set(store.tokens().map(({ name }) => name));
  let name = FIRST_TOKEN;
  for (let n = 2; taken.has(name); n++) name = `${FIRST_TOKEN}-${n}`;
  const secret = makeSecret(randomBytes);
  keep(secret);
  const command = { kind: 'token.create', body: { name, scope: 'admin' }, digest: digestOf(secret) } as const;
  const made = await engine.execute(command, { actor: SELF, atMs });
  return made instanceof Problem ? made : undefined;
}
