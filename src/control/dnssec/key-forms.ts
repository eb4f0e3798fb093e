/** Private keys as files have them: PKCS #8 in PEM, and BIND's pair of `.private` and `.key`. */
import { createECDH, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { SigningKey } from '../../model/dnssec/signing.ts';
import { Problem } from '../../model/errors.ts';
import { TYPE } from '../../wire/constants.ts';
import { ALGORITHM } from '../../wire/dnssec/key.ts';
import { formatRdata } from '../../wire/rdata.ts';

interface ParsedKey {
  readonly key: KeyObject;
  readonly algorithm: number;
}

/** As `dnssec-keygen` names them. */
const bindNames: Readonly<Record<number, string>> = {
  [ALGORITHM.ECDSAP256SHA256]: '13 (ECDSAP256SHA256)',
  [ALGORITHM.ED25519]: '15 (ED25519)',
};

/** Of both algorithms (RFC 6605 §4, RFC 8080 §3). */
const SECRET_BYTES = 32;

const refuse = (detail: string): Problem => new Problem('dnssec_invalid', detail, { pointer: '/privateKey' });
const EXPECTED = 'A private key is PKCS #8 in PEM, or BIND’s .private file, of ECDSA P-256 or Ed25519';

/** A private key from a file's text. */
export function parsePrivateKey(text: string): ParsedKey | Problem {
  if (/^\s*Private-key-format:/.test(text)) return parseBind(text);
  const wrong = whyNotPem(text);
  if (wrong !== undefined) return refuse(`${EXPECTED}${wrong}`);
  try {
    const key = createPrivateKey(text);
    const { crv } = key.export({ format: 'jwk' });
    if (key.asymmetricKeyType === 'ed25519') return { key, algorithm: ALGORITHM.ED25519 };
    if (crv === 'P-256') return { key, algorithm: ALGORITHM.ECDSAP256SHA256 };
    return refuse(`${EXPECTED}, not of ${crv ?? key.asymmetricKeyType}.`);
  } catch {
    return refuse(`${EXPECTED}: this could not be read as one.`);
  }
}

/** What PEM says of itself before it is opened: it is in the words of people, and OpenSSL's are not. */
function whyNotPem(text: string): string | undefined {
  const labels = [...text.matchAll(/^-----BEGIN ([A-Z0-9 ]+)-----/gm)].map(([, label = '']) => label);
  const keys = labels.filter((label) => label !== 'EC PARAMETERS');
  if (keys.length > 1) return `, and one alone: ${keys.length} blocks stand there (${keys.join(', ')}).`;
  if (keys[0] === 'PUBLIC KEY') return ': this is a public key.';
  if (/ENCRYPTED/.test(text)) return ': this one is encrypted; openssl pkey -in FILE writes it in the open.';
  return undefined;
}

/** Versions of the format, of which 1.3 has times besides (they are not read). */
const bindFormat = /^v1\.[23]$/;
/** `13`, or `13 (ECDSAP256SHA256)`. */
const bindAlgorithm = /^(\d{1,3})( \([^()]*\))?$/;
const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function parseBind(text: string): ParsedKey | Problem {
  const lines = text.split('\n').map((line) => line.split(':').map((part) => part.trim()));
  const values = new Map(lines.map(([key = '', value = '']) => [key, value]));
  const of = (key: string): string => values.get(key) ?? '';
  const isTwice = ['Private-key-format', 'Algorithm', 'PrivateKey'].some(
    (key) => lines.filter(([each]) => each === key).length > 1,
  );
  if (isTwice) return refuse(`${EXPECTED}, and one alone: more than one stands there.`);
  const format = of('Private-key-format');
  if (!bindFormat.test(format)) return refuse(`Private-key-format is v1.2 or v1.3, not ${JSON.stringify(format)}.`);
  const algorithm = Number(bindAlgorithm.exec(of('Algorithm'))?.[1]);
  const secret = base64.test(of('PrivateKey')) ? Buffer.from(of('PrivateKey'), 'base64') : undefined;
  if (bindNames[algorithm] === undefined) {
    const said = of('Algorithm');
    return refuse(said === '' ? `${EXPECTED}: Algorithm says none.` : `${EXPECTED}, not of algorithm ${said}.`);
  }
  if (secret === undefined) return refuse('PrivateKey is base64, in groups of four characters.');
  if (secret.length !== SECRET_BYTES)
    return refuse(`PrivateKey has ${SECRET_BYTES} bytes in base64, not ${secret.length}.`);
  try {
    return { key: algorithm === ALGORITHM.ED25519 ? ed25519Key(secret) : p256Key(secret), algorithm };
  } catch {
    return refuse('PrivateKey is no number that P-256 has.');
  }
}

function p256Key(secret: Buffer): KeyObject {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(secret);
  // 04, x, y (SEC 1 §2.3.3).
  const point = pair.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  const jwk = { kty: 'EC', crv: 'P-256', d: secret.toString('base64url'), x, y };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

/** PKCS #8 of Ed25519 (RFC 8410 §7): all but the secret is always the same. */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

function ed25519Key(secret: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([ED25519_PREFIX, secret]), format: 'der', type: 'pkcs8' });
}

/** The public key as a DNSKEY has it: x and y (RFC 6605 §4), or the key itself (RFC 8080 §3). */
export function publicBytes(key: KeyObject): Uint8Array {
  const { x = '', y = '' } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}

/** What an export holds. */
export interface ExportedKey {
  readonly tag: number;
  readonly algorithm: number;
  /** PKCS #8. */
  readonly pem: string;
  /** BIND's pair, and the name of both without their ends. */
  readonly bind: { readonly name: string; readonly private: string; readonly key: string };
}

/** `shownZone`: without the last dot. */
export function exportKey(shownZone: string, { algorithm, tag, dnskey }: SigningKey, key: KeyObject): ExportedKey {
  const owner = shownZone === '.' ? '.' : `${shownZone}.`;
  const secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url').toString('base64');
  const lines = ['Private-key-format: v1.3', `Algorithm: ${bindNames[algorithm]}`, `PrivateKey: ${secret}`, ''];
  const rdata = formatRdata(TYPE.DNSKEY, new Uint8Array(Buffer.from(dnskey, 'base64')));
  const number = (value: number, digits: number): string => String(value).padStart(digits, '0');
  return {
    tag,
    algorithm,
    pem: key.export({ format: 'pem', type: 'pkcs8' }) as string,
    bind: {
      name: `K${owner}+${number(algorithm, 3)}+${number(tag, 5)}`,
      private: lines.join('\n'),
      key: `${owner} IN DNSKEY ${rdata}\n`,
    },
  };
}
