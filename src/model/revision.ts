/** A revision: an entry of the append-only log, and the changes of the model that it makes. */
import type { ZoneSigning } from './dnssec/signing.ts';
import type { Freeze } from './freeze.ts';
import type { Proposed } from './proposed.ts';
import type { Release } from './release.ts';
import type { RRset } from './rrset.ts';
import type { Service } from './service.ts';
import type { StoredToken } from './token.ts';
import type { StoredWebhook } from './webhook.ts';
import type { Override, Why } from './why.ts';
import type { Zone } from './zone.ts';

/**
 * One change of the model's state. The same list changes the derived rows of the store and the table of the workers,
 * so that the two cannot drift apart. Puts replace the whole noun. A zone's delete takes its RRsets and services
 * with it.
 */
export type ModelChange =
  | { readonly op: 'putZone'; readonly zone: Zone }
  /**
   * The zone is made, or all its records replaced, by those of a content that was staged beforehand; its services stay.
   * `content`: their SHA-256, hexadecimal, see store/packed.ts. Where they were staged is each process's own.
   */
  | { readonly op: 'importZone'; readonly zone: Zone; readonly content: string }
  | { readonly op: 'deleteZone'; readonly zone: string }
  | { readonly op: 'putRRset'; readonly rrset: RRset }
  | { readonly op: 'deleteRRset'; readonly zone: string; readonly name: string; readonly type: number }
  /** `before`: as it is until then, where whoever made the change has it at hand. */
  | { readonly op: 'putService'; readonly service: Service; readonly before?: Service }
  | { readonly op: 'deleteService'; readonly zone: string; readonly name: string }
  /** Answers know nothing of releases: what one does to its services are changes of their own. */
  | { readonly op: 'putRelease'; readonly release: Release }
  /** Nor of tokens. */
  | { readonly op: 'putToken'; readonly token: StoredToken }
  | { readonly op: 'deleteToken'; readonly name: string }
  /** A webhook's delete takes what waits for it along. */
  | { readonly op: 'putWebhook'; readonly webhook: StoredWebhook }
  | { readonly op: 'deleteWebhook'; readonly name: string }
  /** How a zone is signed, with its private keys as they are sealed. A zone's delete takes it along. */
  | { readonly op: 'putSigning'; readonly signing: ZoneSigning }
  | { readonly op: 'deleteSigning'; readonly zone: string }
  /** Answers know nothing of freezes: they are about what may be changed. */
  | { readonly op: 'putFreeze'; readonly freeze: Freeze }
  | { readonly op: 'deleteFreeze'; readonly name: string }
  /** Nor of what is only proposed. */
  | { readonly op: 'putProposal'; readonly proposal: Proposed };

/** An RRset of a staged zone; its revision will be that of the import. */
export interface StagedRRset extends Pick<RRset, 'name' | 'type' | 'ttlSeconds' | 'rdata'> {
  readonly recordTtlSeconds?: RRset['recordTtlSeconds'] | undefined;
}

export type RevisionKind =
  | 'zone.put'
  | 'zone.delete'
  | 'zone.import'
  | 'rrset.put'
  | 'rrset.delete'
  /** Several changes of one zone's records. */
  | 'records.change'
  | 'service.put'
  | 'service.delete'
  | 'shift'
  | 'rollback'
  /** People decide what counts as healthy, or no longer do; `expire`: the time was over. */
  | 'health.force'
  | 'health.unforce'
  | 'health.expire'
  | 'token.create'
  | 'token.delete'
  | 'webhook.put'
  | 'webhook.delete'
  | 'freeze.put'
  | 'freeze.delete'
  /** `end`: it can never be done; `done`: nothing was left to do. */
  | 'proposal.create'
  | 'proposal.approve'
  | 'proposal.cancel'
  | 'proposal.end'
  | 'proposal.done'
  | 'dnssec.sign'
  | 'dnssec.change'
  | 'dnssec.roll'
  | 'dnssec.unsign'
  /** A signing, a roll or an unsigning went on by itself. */
  | 'dnssec.step'
  | 'dnssec.vouch'
  | ReleaseRevisionKind;

/** What happened to a release; `release.step`: it went on by itself. */
type ReleaseRevisionKind =
  | 'release.create'
  | 'release.step'
  | 'release.promote'
  | 'release.pause'
  | 'release.resume'
  | 'release.abort'
  | 'release.retry'
  | 'release.approve';

/**
 * What a revision was about: `service` + its name, `zone` + its name, `rrset` + `name/TYPE`, `release` or `proposal` + its id, `token`
 * or `freeze` + its name, `dnssec` + its zone's name, `health` + `service/pool` or `service/pool/target`.
 */
export interface Subject {
  readonly kind:
    | 'zone'
    | 'rrset'
    | 'service'
    | 'release'
    | 'health'
    | 'token'
    | 'webhook'
    | 'dnssec'
    | 'freeze'
    | 'proposal';
  readonly name: string;
  /** JSON of the subject before and after (null: it was not there); for a shift or a step, the weights by pool name. */
  readonly before: unknown;
  readonly after: unknown;
  /** What of the two was large and is no longer kept; it reads as null then. */
  readonly forgotten?: readonly ('before' | 'after')[];
}

/** The request that a change came with; each is absent where it came with none, or told nothing of the kind. */
export interface Request {
  /** `X-Request-Id`, the client's own or the one that it was given. */
  readonly requestId?: string;
  /** Where the request belongs in a trace of the client's (W3C Trace Context). */
  readonly traceparent?: string;
}

export interface Revision extends Why, Request {
  /** Grows by one with each revision, starting at 1. */
  readonly revision: number;
  /** Unix time, milliseconds. */
  readonly atMs: number;
  /** The token's name. */
  readonly actor: string;
  readonly kind: RevisionKind;
  /** A sentence for people. */
  readonly summary: string;
  readonly subjects: readonly Subject[];
  readonly override?: Override;
}
