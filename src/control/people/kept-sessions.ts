/**
 * What outlives the process of a session: a file each, sealed by a key that follows from what the browser shows and from
 * nothing that is kept here. Whoever reads the files lets nobody in by them, and speaks with no provider: only the browser
 * that comes back opens its own.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { RandomBytes } from '../clock.ts';
import type { Word } from './provider.ts';

/** Files by a name: the digest of what a browser shows. What goes wrong there is no concern of whoever signs in. */
export interface SessionFiles {
  read(name: string): Uint8Array | undefined;
  /** In the order in which they are asked for. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Resolves once it is gone from the disk for good; false: it could not be taken away. */
  remove(name: string): Promise<boolean>;
}

/** Unix times, milliseconds: a steady clock begins anew with each process. */
interface KeptSession {
  readonly word: Word;
  readonly beganAtMs: number;
  readonly activeAtMs: number;
  readonly saidAtMs: number;
  readonly writtenAtMs: number;
}

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** As long as GCM wants it (NIST SP 800-38D §5.2.1.1), and drawn anew each time. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Of what is in the file; one of another version is not read. */
const FORMAT = 1;

/** `provider`: who vouches, and for which client: of another one nothing is opened. */
export function sealingKey(secret: string, provider: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `teal session ${FORMAT} ${provider}`, KEY_BYTES));
}

export function sealSession(session: KeptSession, key: Uint8Array, randomBytes: RandomBytes): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv);
  const text = cipher.update(JSON.stringify(session), 'utf8');
  return Buffer.concat([iv, text, cipher.final(), cipher.getAuthTag()]);
}

/** undefined: it is not what was sealed by this key. */
export function openSession(bytes: Uint8Array, key: Uint8Array): KeptSession | undefined {
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
    return JSON.parse(Buffer.concat([text, decipher.final()]).toString()) as KeptSession;
  } catch {
    return undefined;
  }
}
