/** The types of what goes over HTTP, by name: for clients, which take types from here and nothing else. */
import type { Static, TSchema } from 'typebox';
import type * as analysis from './analysis.ts';
import type * as apply from './apply.ts';
import type * as dnssec from './dnssec.ts';
import type * as drain from './drain.ts';
import type * as fleet from './fleet.ts';
import type * as freezes from './freezes.ts';
import type * as health from './health.ts';
import type * as hours from './hours.ts';
import type * as overview from './overview.ts';
import type * as proposals from './proposals.ts';
import type * as releases from './releases.ts';
import type * as revisions from './revisions.ts';
import type * as self from './self.ts';
import type * as services from './services.ts';
import type * as tokens from './tokens.ts';
import type * as webhooks from './webhooks.ts';
import type * as zones from './zones.ts';

/** A reply that was read is not to be changed. */
type Shown<Schema extends TSchema> = ReadonlyDeep<Static<Schema>>;

type ReadonlyDeep<T> = T extends object ? { readonly [Key in keyof T]: ReadonlyDeep<T[Key]> } : T;

export interface Page<Item> {
  readonly items: readonly Item[];
  /** `after` of the next page; absent on the last. */
  readonly next?: string;
}

/** By pool. */
export type Weights = Readonly<Record<string, number>>;
export type Shares = Readonly<Record<string, number>>;

export type Zone = Shown<typeof zones.Zone>;
export type Import = Shown<typeof zones.Import>;
export type Answered = Shown<typeof zones.Answered>;
export type Finding = Shown<typeof zones.Finding>;
export type RRset = Shown<typeof zones.RRset>;
export type RecordChanges = Shown<typeof zones.RecordChanges>;

export type Signing = Shown<typeof dnssec.Signing>;
export type SigningKeys = Shown<typeof dnssec.SigningKeys>;

export type Service = Shown<typeof services.Service>;
export type Proposal = Shown<typeof services.Proposal>;
export type WeightsReply = Shown<typeof services.Weights>;
export type ShiftReply = Shown<typeof services.Shift>;
export type Explanation = Shown<typeof services.Explanation>;

export type Health = Shown<typeof health.ServiceHealth>;
export type TargetHealth = Shown<typeof health.TargetHealth>;
export type Forced = Shown<typeof health.Forced>;
export type ForcedHealth = Shown<typeof health.ForcedHealth>;

export type Step = Shown<typeof releases.Step>;
export type Standing = Shown<typeof releases.Standing>;
export type AnalysisProgress = Shown<typeof analysis.AnalysisProgress>;
export type AnalysisRecord = Shown<typeof analysis.AnalysisRecord>;
export type Release = Shown<typeof releases.Release>;
export type Plan = Shown<typeof releases.Plan>;

export type Drain = Shown<typeof drain.Drain>;
export type DrainPool = Shown<typeof drain.DrainPool>;

export type Subject = Shown<typeof revisions.Subject>;
export type Revision = Shown<typeof revisions.Revision>;

export type Token = Shown<typeof tokens.Token>;
export type NewToken = Shown<typeof tokens.NewToken>;
export type Self = Shown<typeof self.Self>;

export type Fleet = Shown<typeof fleet.Fleet>;
export type Holding = Shown<typeof drain.Holding>;

export type Webhook = Shown<typeof webhooks.Webhook>;
export type WebhookTest = Shown<typeof webhooks.WebhookTest>;
export type Delivery = Shown<typeof webhooks.Delivery>;

export type ProposedChange = Shown<typeof proposals.ProposedChange>;
export type Freeze = Shown<typeof freezes.Freeze>;
export type FreezeOutlook = Shown<typeof freezes.FreezeOutlook>;

export type AnswerHours = Shown<typeof hours.AnswerHours>;

export type Glance = Shown<typeof overview.Glance>;
export type Overview = Shown<typeof overview.Overview>;

export type ApplyPlan = Shown<typeof apply.ApplyPlan>;
