/** Sign-ins that are under way: begun by a browser that went to the provider, and not back yet. Each is finished once. */
import type { RandomBytes } from '../clock.ts';
import type { Secrets } from './provider.ts';

/** Some hundred bytes each; a flood pushes out the oldest, and its person begins again. */
const SIGN_INS_MAX = 5000;
/** As long as somebody looks for a second factor. */
const SIGN_IN_MAX_MS = 15 * 60_000;
/** 256 bits: beyond guessing; as a PKCE verifier it is as long as it has to be (RFC 7636 §4.1). */
const SECRET_BYTES = 32;

interface SignIn extends Secrets {
  /** What its browser shows, and no other one has. */
  readonly browser: string;
  readonly beganAtMs: number;
}

export class SignIns {
  readonly #randomBytes: RandomBytes;
  readonly #steadyMs: () => number;
  /** By state, the oldest first. */
  readonly #signIns = new Map<string, SignIn>();

  constructor(randomBytes: RandomBytes, steadyMs: () => number) {
    this.#randomBytes = randomBytes;
    this.#steadyMs = steadyMs;
  }

  get size(): number {
    return this.#signIns.size;
  }

  begin(): SignIn {
    const nowMs = this.#steadyMs();
    for (const [state, { beganAtMs }] of this.#signIns) {
      if (nowMs - beganAtMs < SIGN_IN_MAX_MS && this.#signIns.size < SIGN_INS_MAX) break;
      this.#signIns.delete(state);
    }
    const secret = (): string => this.#randomBytes(SECRET_BYTES).toString('base64url');
    const signIn = { state: secret(), nonce: secret(), verifier: secret(), browser: secret(), beganAtMs: nowMs };
    this.#signIns.set(signIn.state, signIn);
    return signIn;
  }

  /** The sign-in of a state, which is over with that; undefined: there is none, it is too old, or another browser's. */
  finish(state: string, browser: string | undefined): Secrets | undefined {
    const signIn = this.#signIns.get(state);
    // Another browser does not end it: its own may still come.
    if (signIn === undefined || browser === undefined || signIn.browser !== browser) return undefined;
    this.#signIns.delete(state);
    return this.#steadyMs() - signIn.beganAtMs < SIGN_IN_MAX_MS ? signIn : undefined;
  }
}
