/** A webhook: somebody who is told what happens, by a signed request to a URL. */
import { DNSSEC_TRIGGERS } from './dnssec/triggers.ts';
import { Problem } from './errors.ts';
import { parsePatterns } from './name-pattern.ts';
import { RELEASE_TRIGGERS } from './release-triggers.ts';
import type { SecretBody } from './secret.ts';

/** What a webhook can be told of: what happens to releases and to signed zones, or every revision. */
export const WEBHOOK_TRIGGERS = [...RELEASE_TRIGGERS, ...DNSSEC_TRIGGERS, 'on-revision'] as const;

export type WebhookTrigger = (typeof WEBHOOK_TRIGGERS)[number];

export interface Webhook {
  readonly name: string;
  readonly url: string;
  readonly triggers: readonly WebhookTrigger[];
  /** Canonical patterns; absent: whatever it is about. */
  readonly services?: readonly string[];
  /** The revision that made it: it is told of what comes after. */
  readonly since: number;
  /** The last revision that changed it. */
  readonly revision: number;
}

/** With the key that its requests are signed by, as Standard Webhooks writes it. */
export interface StoredWebhook extends Webhook {
  readonly secret: string;
}

/** What a user says of a webhook. */
export interface WebhookBody {
  readonly url: string;
  /** Left out, or marked as set: the one that it has. Left out for a new one: made. */
  readonly secret?: SecretBody;
  readonly triggers: readonly WebhookTrigger[];
  readonly services?: readonly string[];
}

/** Each has a queue, and a request on its way. */
export const WEBHOOKS_MAX = 50;

const SECRET_PREFIX = 'whsec_';
/** Standard Webhooks, "Signature scheme": 192 to 512 bits. */
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

export function makeWebhook(name: string, body: WebhookBody): Omit<Webhook, 'since' | 'revision'> | Problem {
  const refuse = (detail: string, pointer?: string) =>
    new Problem('webhook_invalid', detail, pointer === undefined ? {} : { pointer });
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    return refuse(`A webhook's name is 1 to 63 letters, digits and ._-, not ${JSON.stringify(name)}.`);
  }
  const url = URL.parse(body.url);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    const isLogin = url !== null && (url.username !== '' || url.password !== '');
    const found = isLogin ? 'one with them' : JSON.stringify(body.url);
    const detail = `An http or https URL without a user name or password was expected, not ${found}.`;
    return refuse(detail, '/url');
  }
  if (body.triggers.length === 0) return refuse('A webhook has at least one trigger.', '/triggers');
  if (typeof body.secret === 'string' && secretKey(body.secret) === undefined) {
    const detail = `A secret is ${SECRET_PREFIX} and ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes in base64; leave it out to get one.`;
    return refuse(detail, '/secret');
  }
  const services = body.services === undefined ? undefined : parsePatterns(body.services, '/services');
  if (services instanceof Problem) return services;
  const triggers = WEBHOOK_TRIGGERS.filter((trigger) => body.triggers.includes(trigger));
  return { name, url: url.href, triggers, ...(services && { services }) };
}

/** The key that a secret stands for; undefined: it is none. */
export function secretKey(secret: string): Uint8Array | undefined {
  const text = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Uint8Array.from(atob(text.padEnd(Math.ceil(text.length / 4) * 4, '=')), (char) => char.charCodeAt(0));
  return key.length >= SECRET_BYTES_MIN && key.length <= SECRET_BYTES_MAX ? key : undefined;
}

/** The webhook as the log tells of it: a path can be a secret too, so that only the place is named. */
export function webhookBody({ url, triggers, services }: Webhook): object {
  return { place: new URL(url).origin, triggers, ...(services && { services }) };
}

/** Requests that are sent at most before a delivery is dead: over some 29 hours. */
export const ATTEMPTS_MAX = 10;
const FIRST_DELAY_MS = 5000;
const DELAY_FACTOR = 4;
const DELAY_MAX_MS = 6 * 3600 * 1000;

/**
 * How long to wait after so many failed attempts; undefined: it is enough. Between half and all of what grows by a
 * factor each time, so that those who failed together do not come again together. `chance` is in [0, 1).
 */
export function retryDelayMs(attempts: number, chance: number): number | undefined {
  if (attempts >= ATTEMPTS_MAX) return undefined;
  const wholeMs = Math.min(FIRST_DELAY_MS * DELAY_FACTOR ** (attempts - 1), DELAY_MAX_MS);
  return Math.round(wholeMs * (0.5 + chance / 2));
}
