/** What people are told of an event, in the same words wherever they are told it. */
import type { ReleaseTrigger } from '../../model/release-triggers.ts';
import type { WebhookTrigger } from '../../model/webhook.ts';
import { FIELDS, type Field } from '../../model/webhook-template.ts';

/** The kind of news: it gives a message its colour, and says whether somebody is to be woken. */
export type Gravity = 'good' | 'plain' | 'warning' | 'bad';

export interface Notice {
  readonly trigger: WebhookTrigger | 'test';
  readonly gravity: Gravity;
  /** One line: what it is about, and what happened. */
  readonly title: string;
  /** A sentence or two; may be empty. */
  readonly text: string;
  /** What is known of it besides, by the names that templates use. */
  readonly fields: Readonly<Record<Field, string>>;
  readonly links: readonly string[];
  /** Of what belongs together: what tells of its end ends what told of its beginning. */
  readonly key: string;
  /** It tells that what was told under the key is over. */
  readonly isOver: boolean;
  /** RFC 3339. */
  readonly at: string;
}

interface Said {
  readonly services?: readonly string[];
  readonly reason?: string;
  readonly links?: readonly string[];
}

interface ReleaseData extends Said {
  readonly trigger: string;
  readonly release: {
    readonly id: string;
    readonly state: string;
    readonly message: string;
    readonly revision: number;
  };
}

interface RevisionData extends Said {
  readonly revision: number;
  readonly actor: string;
  readonly kind: string;
  readonly summary: string;
}

interface ZoneData {
  readonly zone: string;
  readonly stage: string;
  readonly status: string;
  readonly ds: readonly unknown[];
}

interface SignaturesData {
  readonly zone: string;
  readonly ends: string;
  readonly message: string;
}

interface NodeData {
  readonly behind: readonly string[];
  readonly silent: readonly string[];
  readonly lost: readonly string[];
  readonly back: readonly string[];
}

interface ProposalData extends Said {
  readonly proposal: {
    readonly id: string;
    readonly kind: string;
    readonly askedBy: string;
    readonly state: string;
    readonly message: string;
    readonly revision: number;
  };
}

const proposed: Readonly<
  Record<string, { readonly words: string; readonly gravity: Gravity; readonly isOver?: true }>
> = {
  'on-approval-needed': { words: 'waits for approval by somebody else', gravity: 'warning' },
  'on-approved': { words: 'was approved', gravity: 'plain', isOver: true },
  'on-proposal-done': { words: 'is done', gravity: 'good', isOver: true },
  'on-proposal-ended': { words: 'is never done', gravity: 'warning', isOver: true },
};

const happened: Readonly<
  Record<ReleaseTrigger, { readonly words: string; readonly gravity: Gravity; readonly isOver?: true }>
> = {
  'on-release-started': { words: 'began', gravity: 'plain', isOver: true },
  'on-release-step-completed': { words: 'is a step further', gravity: 'plain' },
  'on-release-resumed': { words: 'goes on', gravity: 'plain', isOver: true },
  'on-analysis-run-running': { words: 'is being measured', gravity: 'plain' },
  'on-analysis-run-inconclusive': { words: 'waits: what was measured cannot tell', gravity: 'warning' },
  'on-analysis-run-failed': { words: 'failed what it was measured by', gravity: 'bad' },
  'on-release-paused': { words: 'is paused', gravity: 'plain' },
  'on-approval-needed': { words: 'waits for approval by somebody else', gravity: 'warning' },
  'on-approved': { words: 'was approved', gravity: 'plain', isOver: true },
  'on-release-completed': { words: 'is done', gravity: 'good', isOver: true },
  'on-release-aborted': { words: 'was aborted', gravity: 'bad' },
};

/** The same data that a plain webhook is sent. */
export function noticeOf(trigger: WebhookTrigger, data: object, at: string): Notice {
  if ('release' in data) return releaseNotice(trigger, data as ReleaseData, at);
  if ('proposal' in data) return proposalNotice(trigger, data as ProposalData, at);
  if ('zone' in data && 'status' in data) return zoneNotice(trigger, data as ZoneData, at);
  if ('ends' in data) return signaturesNotice(trigger, data as SignaturesData, at);
  if ('lost' in data) return nodeNotice(trigger, data as NodeData, at);
  return revisionNotice(trigger, data as RevisionData, at);
}

/** For whoever wants to see that it arrives. */
export function testNotice(webhook: string, at: string): Notice {
  const text = `The webhook ${webhook} of Teal was tried: nothing has happened, and nothing is to be done.`;
  const fields = fieldsOf({ trigger: 'test', title: 'A test', text, gravity: 'plain', at });
  return {
    trigger: 'test',
    gravity: 'plain',
    title: 'A test',
    text,
    fields,
    links: [],
    key: `teal/test/${webhook}`,
    isOver: false,
    at,
  };
}

function releaseNotice(trigger: WebhookTrigger, { release, services = [], ...said }: ReleaseData, at: string): Notice {
  const known = happened[trigger as ReleaseTrigger] as (typeof happened)[ReleaseTrigger] | undefined;
  const { words, gravity, isOver = false } = known ?? { words: `: ${trigger}`, gravity: 'plain' as const };
  const title = `${listed(services)}: release ${release.id} ${words}`;
  const shown = { release: release.id, state: release.state, revision: String(release.revision) };
  const more = { trigger, gravity, title, text: release.message, at, services: services.join(', ') };
  return complete({ ...more, ...shown }, said, { key: `teal/release/${release.id}`, isOver });
}

function proposalNotice(trigger: WebhookTrigger, { proposal, services = [] }: ProposalData, at: string): Notice {
  const { words, gravity, isOver = false } = proposed[trigger] ?? { words: `: ${trigger}`, gravity: 'plain' as const };
  const { id, kind, askedBy, state, message, revision } = proposal;
  const title = `${listed(services)}: a ${kind} that ${askedBy} proposed ${words}`;
  const more = { trigger, gravity, title, text: message, at, services: services.join(', '), actor: askedBy };
  return complete({ ...more, state, revision: String(revision) }, {}, { key: `teal/proposal/${id}`, isOver });
}

function zoneNotice(trigger: WebhookTrigger, { zone, stage, status }: ZoneData, at: string): Notice {
  const isOver = trigger === 'on-ds-seen';
  const title = `${zone}: ${isOver ? 'its parent is in order' : 'its parent is to be told'}`;
  const gravity = isOver ? 'good' : 'warning';
  return complete(
    { trigger, gravity, title, text: status, at, zone, state: stage },
    {},
    { key: `teal/zone/${zone}`, isOver },
  );
}

const signatures: Partial<Record<WebhookTrigger, { readonly words: string; readonly gravity: Gravity }>> = {
  'on-signatures-ending': { words: 'its signatures end soon', gravity: 'warning' },
  'on-signatures-ended': { words: 'validators refuse its signatures', gravity: 'bad' },
  'on-signatures-renewed': { words: 'its signatures are in order', gravity: 'good' },
};

/** One incident a zone, apart from that of its parent. */
function signaturesNotice(trigger: WebhookTrigger, { zone, ends, message }: SignaturesData, at: string): Notice {
  const { words, gravity } = signatures[trigger] ?? { words: trigger, gravity: 'plain' as const };
  const known = { trigger, gravity, title: `${zone}: ${words}`, text: message, at, zone, state: ends };
  const isOver = trigger === 'on-signatures-renewed';
  return complete(known, {}, { key: `teal/signatures/${zone}`, isOver });
}

/** All trouble of a fleet is one incident, which is over once every node keeps up. */
function nodeNotice(trigger: WebhookTrigger, { behind, silent, lost, back }: NodeData, at: string): Notice {
  const late = (nodes: readonly string[]) => nodes.filter((node) => behind.includes(node) && !silent.includes(node));
  const title =
    lost.length > 0 ? `Nodes of the fleet do not keep up: ${lost.join(', ')}` : `Keeping up again: ${back.join(', ')}`;
  const words = [
    silent.length > 0 ? `No sign of life: ${silent.join(', ')}.` : '',
    late(behind).length > 0 ? `May answer by what was in force before: ${late(behind).join(', ')}.` : '',
    lost.length > 0 && back.length > 0 ? `Keeping up again: ${back.join(', ')}.` : '',
    behind.length + silent.length === 0 ? 'Every node keeps up.' : 'teal fleet status says why, and what ends it.',
  ];
  const gravity = lost.length > 0 ? 'bad' : behind.length + silent.length === 0 ? 'good' : 'warning';
  const text = words.filter((each) => each !== '').join(' ');
  const isOver = behind.length + silent.length === 0;
  return complete({ trigger, gravity, title, text, at }, {}, { key: 'teal/fleet', isOver });
}

function revisionNotice(trigger: WebhookTrigger, data: RevisionData, at: string): Notice {
  const { revision, actor, kind, summary, services = [], ...said } = data;
  const title = `${actor}: ${summary}`;
  const shown = { revision: String(revision), actor, kind, summary, services: services.join(', ') };
  const key = `teal/revision/${revision}`;
  return complete({ trigger, gravity: 'plain', title, text: '', at, ...shown }, said, { key, isOver: false });
}

type Known = Partial<Record<Field, string>> & Pick<Notice, 'trigger' | 'gravity' | 'title' | 'text' | 'at'>;

function complete(known: Known, { reason = '', links = [] }: Said, end: Pick<Notice, 'key' | 'isOver'>): Notice {
  const { trigger, gravity, title, text, at } = known;
  const fields = fieldsOf({ ...known, reason, links: links.join(' ') });
  return { trigger, gravity, title, text, at, fields, links, ...end };
}

function fieldsOf(known: Partial<Record<Field, string>>): Record<Field, string> {
  return Object.fromEntries(FIELDS.map((field) => [field, known[field] ?? ''])) as Record<Field, string>;
}

/** A release of hundreds of services is told by the first few. */
const LISTED_MAX = 3;

function listed(names: readonly string[]): string {
  const more = names.length - LISTED_MAX;
  return more > 0 ? `${names.slice(0, LISTED_MAX).join(', ')} and ${more} more` : names.join(', ') || 'Teal';
}
