/** A webhook: somebody who is told what happens, by a signed request to a URL. */
import { DNSSEC_TRIGGERS, SIGNATURES_TRIGGERS } from './dnssec/triggers.ts';
import { Problem } from './errors.ts';
import { NODE_TRIGGERS } from './fleet/node-triggers.ts';
import { parsePatterns } from './name-pattern.ts';
import { RELEASE_TRIGGERS } from './release-triggers.ts';
import type { SecretBody } from './secret.ts';
import { templateFault } from './webhook-template.ts';

/** What a webhook can be told of: what happens to releases, proposals, signed zones and the nodes of a fleet, or every revision. */
export const WEBHOOK_TRIGGERS = [
  ...RELEASE_TRIGGERS,
  'on-proposal-done',
  'on-proposal-ended',
  'on-freeze-overridden',
  ...DNSSEC_TRIGGERS,
  ...SIGNATURES_TRIGGERS,
  ...NODE_TRIGGERS,
  'on-revision',
] as const;

export type WebhookTrigger = (typeof WEBHOOK_TRIGGERS)[number];

/**
 * How a receiver is told. `plain`: as Standard Webhooks says, or by a template of the user's own. The others are where
 * people are: each takes a body of its own, see control/webhooks/kinds.ts.
 */
export const WEBHOOK_KINDS = ['plain', 'slack', 'teams', 'pagerduty', 'email'] as const;

export type WebhookKind = (typeof WEBHOOK_KINDS)[number];

export interface Webhook {
  readonly name: string;
  /** Absent: plain. */
  readonly kind?: Exclude<WebhookKind, 'plain'>;
  /** Of e-mail, `mailto:` and addresses (RFC 6068). */
  readonly url: string;
  /** Of a plain one; absent: what Standard Webhooks says. */
  readonly template?: string;
  readonly triggers: readonly WebhookTrigger[];
  /** Canonical patterns; absent: whatever it is about. */
  readonly services?: readonly string[];
  /** The revision that made it: it is told of what comes after. */
  readonly since: number;
  /** The last revision that changed it. */
  readonly revision: number;
}

/** With the key that its requests are signed by, as Standard Webhooks writes it; PagerDuty's routing key; or nothing. */
export interface StoredWebhook extends Webhook {
  readonly secret: string;
}

/** What a user says of a webhook. */
export interface WebhookBody {
  readonly url: string;
  readonly kind?: WebhookKind;
  readonly template?: string;
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
  const { kind = 'plain', template } = body;
  const url = kind === 'email' ? makeMailUrl(body.url) : makeUrl(body.url);
  if (url instanceof Problem) return url;
  if (body.triggers.length === 0) return refuse('A webhook has at least one trigger.', '/triggers');
  const fault = typeof body.secret === 'string' ? secretFault(kind, body.secret) : undefined;
  if (fault !== undefined) return refuse(fault, '/secret');
  if (template !== undefined && kind !== 'plain')
    return refuse(`A template is for webhooks of the kind plain; ${kind} has messages of its own.`, '/template');
  const bad = template === undefined ? undefined : templateFault(template);
  if (bad !== undefined) return bad;
  const services = body.services === undefined ? undefined : parsePatterns(body.services, '/services');
  if (services instanceof Problem) return services;
  const triggers = WEBHOOK_TRIGGERS.filter((trigger) => body.triggers.includes(trigger));
  return {
    name,
    url,
    triggers,
    ...(kind !== 'plain' && { kind }),
    ...(template !== undefined && { template }),
    ...(services && { services }),
  };
}

function makeUrl(text: string): string | Problem {
  const url = URL.parse(text);
  const isLogin = url !== null && (url.username !== '' || url.password !== '');
  if (url !== null && /^https?:$/.test(url.protocol) && !isLogin) return url.href;
  const found = isLogin ? 'one with them' : JSON.stringify(text);
  const detail = `An http or https URL without a user name or password was expected, not ${found}.`;
  return new Problem('webhook_invalid', detail, { pointer: '/url' });
}

/** A message to more is one for a list of the mail server's. */
const RECIPIENTS_MAX = 20;

function makeMailUrl(text: string): string | Problem {
  const addresses = recipientsOf({ url: text });
  const isGood = addresses.length > 0 && addresses.length <= RECIPIENTS_MAX && addresses.every(isAddress);
  if (/^mailto:/i.test(text) && isGood) return `mailto:${addresses.join(',')}`;
  const detail = `For e-mail, mailto: and 1 to ${RECIPIENTS_MAX} addresses was expected, such as mailto:oncall@example.com,dns@example.com, not ${JSON.stringify(text)}.`;
  return new Problem('webhook_invalid', detail, { pointer: '/url' });
}

/** Of a webhook that is e-mail: to whom it goes. */
export function recipientsOf({ url }: Pick<Webhook, 'url'>): string[] {
  return url
    .replace(/^mailto:/i, '')
    .split(',')
    .map((address) => address.trim());
}

/** The addresses that people have (RFC 5321 §4.1.2, without quoted ones), with nothing that could end a header. */
function isAddress(text: string): boolean {
  return text.length <= 254 && /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$/.test(text);
}

/** Whether those of a kind have a secret: others have it in their URL, or none. */
export function hasSecret(kind: WebhookKind | undefined): boolean {
  return kind === undefined || kind === 'plain' || kind === 'pagerduty';
}

function secretFault(kind: WebhookKind, secret: string): string | undefined {
  if (kind === 'pagerduty') {
    if (/^[A-Za-z0-9]{20,64}$/.test(secret)) return undefined;
    return 'The secret of PagerDuty is the integration key (routing key) of a service, such as R0…, letters and digits.';
  }
  if (kind !== 'plain') return `A webhook of the kind ${kind} has no secret: leave it out.`;
  if (secretKey(secret) !== undefined) return undefined;
  return `A secret is ${SECRET_PREFIX} and ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes in base64; leave it out to get one.`;
}

/** The key that a secret stands for; undefined: it is none. */
export function secretKey(secret: string): Uint8Array | undefined {
  const text = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Uint8Array.from(atob(text.padEnd(Math.ceil(text.length / 4) * 4, '=')), (char) => char.charCodeAt(0));
  return key.length >= SECRET_BYTES_MIN && key.length <= SECRET_BYTES_MAX ? key : undefined;
}

/** The webhook as the log tells of it: a path can be a secret too, so that only the place is named. */
export function webhookBody({ kind, url, triggers, services }: Webhook): object {
  const place = kind === 'email' ? url : new URL(url).origin;
  return { ...(kind && { kind }), place, triggers, ...(services && { services }) };
}

/** Requests that are sent at most before a delivery is dead: over some 29 hours. */
export const ATTEMPTS_MAX = 10;
const FIRST_DELAY_MS = 5000;
const DELAY_FACTOR = 4;
/** The longest wait between two of them. */
export const DELAY_MAX_MS = 6 * 3600 * 1000;

/**
 * How long to wait after so many failed attempts; undefined: it is enough. Between half and all of what grows by a
 * factor each time, so that those who failed together do not come again together. `chance` is in [0, 1).
 */
export function retryDelayMs(attempts: number, chance: number): number | undefined {
  if (attempts >= ATTEMPTS_MAX) return undefined;
  const wholeMs = Math.min(FIRST_DELAY_MS * DELAY_FACTOR ** (attempts - 1), DELAY_MAX_MS);
  return Math.round(wholeMs * (0.5 + chance / 2));
}

/**
 * How long a receiver asks not to be told more, by its Retry-After: seconds or a date (RFC 9110 §10.2.3). No longer than
 * the longest wait, so that a slip of it does not silence Teal for ever; what is neither counts for nothing.
 */
export function askedDelayMs(retryAfter: string, nowMs: number): number {
  const isSeconds = /^\d+$/.test(retryAfter);
  const delayMs = isSeconds
    ? Number(retryAfter) * 1000
    : /[A-Za-z]/.test(retryAfter)
      ? Date.parse(retryAfter) - nowMs
      : 0;
  return Number.isNaN(delayMs) ? 0 : Math.min(Math.max(0, delayMs), DELAY_MAX_MS);
}
