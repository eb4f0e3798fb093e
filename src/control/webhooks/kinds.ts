/** How each kind of receiver is told: the body that it takes, with what would be read as markup escaped. Pure. */
import type { WebhookKind } from '../../model/webhook.ts';
import type { Gravity, Notice } from './notice.ts';

/** The longest text of one message: Slack cuts a section at 3,000 characters, Teams refuses a message above 28 KB. */
const TEXT_MAX_CHARS = 2500;
/** Two of them stand in one section, and an escaped character takes up to five. */
const WHY_MAX_CHARS = 300;
/** Five stand in one line; longer ones are in the activity. */
const LINK_MAX_CHARS = 300;
/** PagerDuty: a summary has at most 1,024 characters. */
const SUMMARY_MAX_CHARS = 1024;
/** A header of Slack's blocks has at most 150, and a subject of a message reads well up to about as much. */
const TITLE_MAX_CHARS = 150;
const LINKS_MAX = 10;

type Bodies = Readonly<Record<Exclude<WebhookKind, 'plain'>, (notice: Notice) => object>>;

const bodies: Bodies = { slack: slackBody, teams: teamsBody, pagerduty: pagerdutyBody, email: mailOf };

export function bodyOf(kind: Exclude<WebhookKind, 'plain'>, notice: Notice): string {
  return JSON.stringify(bodies[kind](notice));
}

const colours: Readonly<Record<Gravity, string>> = {
  good: '#15803d',
  plain: '#475569',
  warning: '#b45309',
  bad: '#b91c1c',
};

/** An incoming webhook: blocks in mrkdwn, in which `&`, `<` and `>` are written as entities (api.slack.com, "Escaping text"). */
function slackBody({ title, text, fields, links, gravity }: Notice): object {
  const head = { type: 'header', text: { type: 'plain_text', text: cut(title, TITLE_MAX_CHARS), emoji: false } };
  const why = fields.reason === '' ? [] : [`*Why:* ${slackText(cut(fields.reason, WHY_MAX_CHARS))}`];
  const body = [slackText(cut(text, WHY_MAX_CHARS)), ...why].filter(Boolean);
  const section =
    body.length === 0 ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: body.join('\n'), verbatim: true } }];
  const where = links
    .filter((link) => link.length <= LINK_MAX_CHARS)
    .slice(0, 5)
    .map((link) => `<${slackLink(link)}>`);
  const context =
    where.length === 0 ? [] : [{ type: 'context', elements: [{ type: 'mrkdwn', text: where.join(' ') }] }];
  // The text is what a notification shows, and what is read where blocks are not.
  return {
    text: slackText(cut(title, TITLE_MAX_CHARS)),
    attachments: [{ color: colours[gravity], blocks: [head, ...section, ...context] }],
  };
}

/** Characters that make text bold, struck or code in mrkdwn have no escape: a space of no width takes their meaning away. */
function slackText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[*_~`]/g, '\u200b$&');
}

/** A link ends at `>` or at `|`. */
function slackLink(url: string): string {
  return url.replaceAll('&', '&amp;').replaceAll('<', '%3C').replaceAll('>', '%3E').replaceAll('|', '%7C');
}

const teamsColours: Readonly<Record<Gravity, string>> = {
  good: 'Good',
  plain: 'Default',
  warning: 'Warning',
  bad: 'Attention',
};

/** The trigger "When a Teams webhook request is received" of Workflows takes a message with Adaptive Cards (1.4). */
function teamsBody({ title, text, fields, links, gravity }: Notice): object {
  const block = (words: string, more: object = {}) => ({
    type: 'TextBlock',
    text: teamsText(words),
    wrap: true,
    ...more,
  });
  const facts = [
    ...(fields.reason === '' ? [] : [{ title: 'Why', value: teamsText(cut(fields.reason, TEXT_MAX_CHARS)) }]),
    ...(fields.state === '' ? [] : [{ title: 'State', value: teamsText(fields.state) }]),
  ];
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      block(cut(title, TITLE_MAX_CHARS), { size: 'Medium', weight: 'Bolder', color: teamsColours[gravity] }),
      ...(text === '' ? [] : [block(cut(text, TEXT_MAX_CHARS))]),
      ...(facts.length === 0 ? [] : [{ type: 'FactSet', facts }]),
    ],
    // A card shows six at most.
    actions: links.slice(0, 6).map((url) => ({ type: 'Action.OpenUrl', title: cut(url, 60), url })),
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  };
}

/** Text blocks read a part of Markdown, whose signs a backslash takes for what they are. */
function teamsText(text: string): string {
  return text.replace(/[\\`*_[\]()#~<>|]/g, '\\$&');
}

const severities: Readonly<Record<Gravity, string>> = { good: 'info', plain: 'info', warning: 'warning', bad: 'error' };

/** Events API v2. The routing key is put in when it is sent, so that it is not in the queue. */
function pagerdutyBody({ title, text, fields, links, gravity, key, isOver, at, trigger }: Notice): object {
  const common = { dedup_key: cut(key, 255), client: 'Teal' };
  if (isOver) return { event_action: 'resolve', ...common };
  const details = Object.entries({ ...fields, text }).filter(([, value]) => value !== '');
  return {
    event_action: 'trigger',
    ...common,
    payload: {
      summary: cut(title, SUMMARY_MAX_CHARS),
      source: cut(fields.services || fields.zone || 'teal', TEXT_MAX_CHARS),
      severity: severities[gravity],
      timestamp: at,
      class: trigger,
      custom_details: Object.fromEntries(details.map(([name, value]) => [name, cut(value, TEXT_MAX_CHARS)])),
    },
    links: links.slice(0, LINKS_MAX).map((href) => ({ href, text: cut(href, TITLE_MAX_CHARS) })),
  };
}

/** A message of e-mail, as plain text. */
interface Mail {
  readonly subject: string;
  readonly text: string;
}

/** The message in a body that was made for e-mail; undefined: it was made for something else. */
export function mailIn(body: string): Mail | undefined {
  try {
    const { subject, text } = JSON.parse(body) as Partial<Mail>;
    return typeof subject === 'string' && typeof text === 'string' ? { subject, text } : undefined;
  } catch {
    return undefined;
  }
}

/** A body for PagerDuty with the key of the service that it is for. */
export function withRoutingKey(body: string, routingKey: string): string {
  return `{"routing_key":${JSON.stringify(routingKey)},${body.slice(1)}`;
}

function mailOf({ title, text, fields, links, at }: Notice): Mail {
  const facts = (['services', 'zone', 'release', 'state', 'actor', 'revision', 'reason'] as const)
    .filter((name) => fields[name] !== '')
    .map((name) => `${name}: ${fields[name]}`);
  const paragraphs = [title, text, facts.join('\n'), links.join('\n'), `${fields.trigger}, ${at}`];
  return { subject: cut(oneLine(`[Teal] ${title}`), TITLE_MAX_CHARS), text: paragraphs.filter(Boolean).join('\n\n') };
}

/** A line that ends in a subject would begin another header. */
function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  // Not through the middle of a character.
  return `${text.slice(0, maxChars - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
