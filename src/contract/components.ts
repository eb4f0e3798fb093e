/** The schemas that have a name of their own in the OpenAPI document: bodies, which are closed, and replies, which are open. */
import type { TSchema } from 'typebox';
import { ApplyBody, ApplyPlan } from './apply.ts';
import { CompareServicesBody, ServiceComparison } from './comparison.ts';
import { RollBody, Signing, SigningBody, SigningKeys } from './dnssec.ts';
import { Drain } from './drain.ts';
import { Answering, Fleet } from './fleet.ts';
import { Freeze, FreezeBody, FreezeDryRunBody, FreezeOutlook } from './freezes.ts';
import { ForcedBody, ForcedHealth, ServiceHealth } from './health.ts';
import { AnswerHours } from './hours.ts';
import { Glance, Overview } from './overview.ts';
import { ApproveBody, ProposedChange } from './proposals.ts';
import {
  ApproveReleaseBody,
  EmptyBody,
  Plan,
  PromoteBody,
  Release,
  ReleaseBody,
  ReleasesBody,
  RetryBody,
} from './releases.ts';
import { Revision } from './revisions.ts';
import { Self } from './self.ts';
import {
  Explanation,
  Proposal,
  RollbackBody,
  Service,
  ServiceBody,
  Shift,
  ShiftBody,
  Weights,
  WeightsBody,
} from './services.ts';
import { mapSchemas, openSchema } from './shapes.ts';
import { NewToken, Token, TokenBody } from './tokens.ts';
import { Delivery, Webhook, WebhookBody, WebhookTest } from './webhooks.ts';
import { Answered, Import, RecordChanges, RecordChangesBody, RRset, RRsetBody, Zone, ZoneBody } from './zones.ts';

const bodies: readonly TSchema[] = [
  ...[
    ZoneBody,
    RRsetBody,
    RecordChangesBody,
    ServiceBody,
    CompareServicesBody,
    WeightsBody,
    ShiftBody,
    RollbackBody,
    ForcedBody,
    SigningBody,
    RollBody,
  ],
  ...[ReleaseBody, ReleasesBody, PromoteBody, EmptyBody, TokenBody, WebhookBody, ApplyBody],
  ...[RetryBody, FreezeBody, FreezeDryRunBody, ApproveBody, ApproveReleaseBody],
];

const replies: readonly TSchema[] = [
  ...[Zone, Import, RRset, RecordChanges, Service, ServiceComparison, Proposal, Weights, Shift],
  ...[ServiceHealth, ForcedHealth, ApplyPlan],
  ...[Release, Plan, Webhook, WebhookTest, Delivery, Token, NewToken, Drain, Explanation, Revision],
  ...[Signing, SigningKeys, Freeze, FreezeOutlook, ProposedChange],
  ...[Fleet, Answering, Glance, Overview, AnswerHours, Self, Answered],
];

/** What changes are answered with: in a fleet each says who answers from it. */
const repliesToChanges: ReadonlySet<TSchema> = new Set<TSchema>([
  ...[Zone, Import, RRset, RecordChanges, Service, Weights, Shift, ForcedHealth, ApplyPlan],
  ...[Signing, Release, Webhook, Token, NewToken, Freeze, ProposedChange],
]);

/** With references to each other by name. `more`: replies whose schema needs to be told something. */
export function components(more: readonly TSchema[]): Record<string, unknown>[] {
  return [...bodies.map(byReference), ...[...replies, ...more].map((reply) => openSchema(byReference(told(reply))))];
}

function told(reply: TSchema): TSchema {
  if (!repliesToChanges.has(reply)) return reply;
  const { properties } = reply as { properties?: object };
  return { ...reply, properties: { ...properties, fleet: Answering } };
}

function byReference(schema: TSchema): Record<string, unknown> {
  const { $id } = schema as { $id?: string };
  return mapSchemas(schema, (each) =>
    each.$id === undefined || each.$id === $id ? each : refTo(String(each.$id)),
  ) as Record<string, unknown>;
}

/** As Fastify resolves it, and writes it into the document. */
export function refTo($id: string): { $ref: string } {
  return { $ref: `${$id}#` };
}
