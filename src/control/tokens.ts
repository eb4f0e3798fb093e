/** Who may use the admin API: the stored tokens, and those that the settings bring. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Problem } from '../model/errors.ts';
import type { StoredToken, Token } from '../model/token.ts';
import type { Store } from '../store/sqlite.ts';

/** 256 bits: beyond guessing, and beyond any need for a slow hash. */
const SECRET_BYTES = 32;

export interface SettingsTokens {
  readonly admin?: string;
  readonly read?: string;
}

export class Tokens {
  readonly #tokens: readonly (Token & { readonly digest: Uint8Array })[];

  private constructor(tokens: readonly (Token & { readonly digest: Uint8Array })[]) {
    this.#tokens = tokens;
  }

  /**
   * Reads the tokens. Where neither the store nor the settings have an admin token, makes one and hands its secret to
   * `keep` before its digest is stored: a crash in between only leads to another one at the next start.
   */
  static open(store: Store, settings: SettingsTokens, nowMs: number, keep: (secret: string) => void): Tokens | Problem {
    const stored: StoredToken[] = store.tokens();
    if (settings.admin === undefined && !stored.some((token) => token.scope === 'admin')) {
      const secret = `teal_${randomBytes(SECRET_BYTES).toString('base64url')}`;
      keep(secret);
      const token: StoredToken = { name: 'admin', scope: 'admin', digest: digestOf(secret), createdAtMs: nowMs };
      const failed = store.addToken(token);
      if (failed !== undefined) return failed;
      stored.push(token);
    }
    const fromSettings = [
      ...(settings.admin === undefined
        ? []
        : [{ name: 'settings-admin', scope: 'admin', secret: settings.admin } as const]),
      ...(settings.read === undefined
        ? []
        : [{ name: 'settings-read', scope: 'read', secret: settings.read } as const]),
    ];
    const more = fromSettings.map(({ name, scope, secret }) => ({ name, scope, digest: digestOf(secret) }));
    return new Tokens([...stored, ...more]);
  }

  /** The token of a secret. Every digest is compared, each in constant time, whatever is found. */
  authenticate(secret: string): Token | undefined {
    const digest = digestOf(secret);
    let found: Token | undefined;
    for (const token of this.#tokens) {
      if (timingSafeEqual(token.digest, digest)) found = { name: token.name, scope: token.scope };
    }
    return found;
  }
}

function digestOf(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}
