/** The key that seals the private keys of zones: from the settings, a file, a systemd credential, or made beside the store. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LINES_MAX_BYTES, readBounded, unreadable } from '../bounded-file.ts';
import type { Settings } from '../config.ts';
import { Keyring } from '../control/dnssec/keyring.ts';
import type { Logger } from '../log.ts';
import { Problem } from '../model/errors.ts';
import { ALGORITHM } from '../wire/dnssec/key.ts';
import { writePrivate } from './private-file.ts';

/** Of AES-256. */
const WRAPPING_KEY_BYTES = 32;
/** In the data directory. */
const FILE = 'dnssec.key';
/** As systemd's LoadCredential= names it. */
const CREDENTIAL = 'teal-dnssec-key';

/** Keys of zones; the wrapping key is read when it is first needed. */
export function openKeyring({ dataDir, dnssec }: Settings, env: NodeJS.ProcessEnv, log: Logger): Keyring {
  const { wrappingKey, wrappingKeyFile } = dnssec;
  const credential = env.CREDENTIALS_DIRECTORY && join(env.CREDENTIALS_DIRECTORY, CREDENTIAL);
  const given = wrappingKeyFile ?? (credential && existsSync(credential) ? credential : undefined);
  const file = given ?? join(dataDir, FILE);
  let known: Uint8Array | undefined = wrappingKey === undefined ? undefined : Buffer.from(wrappingKey, 'hex');
  const read = (mayMake: boolean): Uint8Array | Problem => {
    if (known !== undefined) return known;
    if (mayMake && given === undefined && !existsSync(file)) {
      writePrivate(file, `${randomBytes(WRAPPING_KEY_BYTES).toString('hex')}\n`);
      log.warn(
        { file },
        'a key that seals the keys of zones was made; without it a backup cannot sign: keep a copy of this file too',
      );
    }
    const found = readKey(file);
    if (!(found instanceof Problem)) known = found;
    return found;
  };
  return new Keyring(read, {
    randomBytes,
    makeKey: (algorithm) =>
      algorithm === ALGORITHM.ED25519
        ? generateKeyPairSync('ed25519').privateKey
        : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  });
}

/** 64 hexadecimal digits, or 32 bytes as they are. */
function readKey(file: string): Uint8Array | Problem {
  let bytes: Buffer;
  try {
    bytes = readBounded(file, LINES_MAX_BYTES);
  } catch (error) {
    return new Problem('signing_refused', `The wrapping key of zones' keys: ${file} ${unreadable(error)}.`);
  }
  if (bytes.length === WRAPPING_KEY_BYTES) return bytes;
  const text = bytes.toString('latin1').trim();
  if (/^[0-9A-Fa-f]{64}$/.test(text)) return Buffer.from(text, 'hex');
  const detail = `The wrapping key of zones' keys in ${file} is ${WRAPPING_KEY_BYTES} bytes, or ${2 * WRAPPING_KEY_BYTES} hexadecimal digits.`;
  return new Problem('signing_refused', detail);
}
