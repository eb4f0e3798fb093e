/** The commands that change anything, and what the engine gives back. The admin API, bootstrap and releases all speak these. */

import type { WrittenServiceBody } from '../../model/adoption.ts';
import type { Problem } from '../../model/errors.ts';
import type { Behind } from '../../model/fleet/turn.ts';
import type { FreezeBody } from '../../model/freeze.ts';
import type { Party } from '../../model/person.ts';
import type { Weights } from '../../model/service.ts';
import type { TokenBody, TokenLimits } from '../../model/token.ts';
import type { WebhookBody } from '../../model/webhook.ts';
import type { Why } from '../../model/why.ts';
import type { ZoneBody } from '../../model/zone.ts';
import type { Finding } from '../../wire/zone-file/finding.ts';
import type { Below } from './below.ts';
import type { BuiltZone, Signatures } from './built-zone.ts';
import type { DnssecCommand, SignInstead } from './dnssec.ts';
import type { HealthCommand } from './health.ts';
import type { Moment, ProposalCommand } from './proposals.ts';
import type { RecordsCommand } from './records.ts';
import type { ReleaseCommand } from './releases.ts';

/**
 * Names arrive as typed by a user (any case, with or without the trailing dot); the engine makes them canonical. `below`:
 * what was found out before, see foresight.ts; without it the engine does so itself.
 */
export type Command =
  | { readonly kind: 'zone.put'; readonly zone: string; readonly body: ZoneBody; readonly below?: Below }
  /** The last step of an import; see zone-files/zone-files.ts. */
  | {
      readonly kind: 'zone.import';
      /** Canonical name. */
      readonly zone: string;
      readonly built: BuiltZone;
      readonly warnings: readonly Finding[];
      /** Left out: the file brings none, and nothing was said of it. */
      readonly signatures?: Signatures;
      /** Whatever DS its parent may have. */
      readonly force?: boolean;
      /** Teal signs the zone from then on, in the place of signatures that it brought. */
      readonly sign?: SignInstead;
      /** The zone's revision when the file was read; undefined: there was none. */
      readonly baseRevision: number | undefined;
      readonly below?: Below;
      /**
       * Each service of the zone was found to have its place among the records, but for these names, at which something has
       * changed since.
       */
      readonly unplaced?: ReadonlySet<string>;
    }
  /** `force`: whatever DS its parent may have. */
  | { readonly kind: 'zone.delete'; readonly zone: string; readonly withServices: boolean; readonly force?: boolean }
  /** With `replace` it takes the place of the records that are there, from which comes what its body leaves out. */
  | { readonly kind: 'service.put'; readonly name: string; readonly body: WrittenServiceBody }
  /** `leave`: a pool of it, whose targets stay as records. */
  | { readonly kind: 'service.delete'; readonly name: string; readonly leave?: string }
  /** A shift of one service. Every pool is named, else `pools_mismatch`. */
  | { readonly kind: 'weights.put'; readonly name: string; readonly weights: Weights }
  /** A shift of several services at one instant. */
  | ({ readonly kind: 'shift'; readonly services: Readonly<Record<string, Weights>> } & Moment)
  /** Without `revision`: to before the last release, or the last manual shift that was not itself a rollback. */
  | { readonly kind: 'rollback'; readonly name: string; readonly revision?: number }
  /** `freshSecret`: for a webhook that has none yet. */
  | { readonly kind: 'webhook.put'; readonly name: string; readonly body: WebhookBody; readonly freshSecret: string }
  | { readonly kind: 'webhook.delete'; readonly name: string }
  | { readonly kind: 'freeze.put'; readonly name: string; readonly body: FreezeBody }
  | { readonly kind: 'freeze.delete'; readonly name: string }
  /** The digest is of a secret that nothing here ever sees. */
  | { readonly kind: 'token.create'; readonly body: TokenBody; readonly digest: Uint8Array }
  /** `settingsAdmin`: the settings bring a token that may do everything, so that the last stored one may go. */
  | { readonly kind: 'token.delete'; readonly name: string; readonly settingsAdmin: boolean }
  | DnssecCommand
  | RecordsCommand
  | HealthCommand
  | ProposalCommand
  | ReleaseCommand;

/** The actor of what the server does by itself, in the log of changes. */
export const SELF = 'teal';

export interface CommandContext {
  /** Name of the token (or `bootstrap`), for the log. */
  readonly actor: string;
  /** Of the token, where the log is to name another one, as of changes that come through a door. */
  readonly token?: string;
  /** Whose the token is, where it says so. */
  readonly owner?: string;
  /** Of a person who signed in, or whose token it is: what their provider never changes. */
  readonly subject?: string;
  /** What the token is limited to; a change of anything else is refused. */
  readonly limits?: TokenLimits;
  /** Unix time, milliseconds: passed in, never read by the engine. */
  readonly atMs: number;
  /** The time by the clock of a fleet that is the furthest behind, as the engine knows it; absent: this one. */
  readonly earliestMs?: number;
  /** The request that it came with, for the log. */
  readonly origin?: { readonly requestId: string; readonly client: string; readonly traceparent?: string };
  /** Why it is done, where that was said. */
  readonly why?: Why;
  /** Who asked for it, where that is another than who acts now. */
  readonly askedBy?: Party;
  /** An emergency, in which a freeze is passed over: what was said of it. */
  readonly override?: string;
  /** Revisions that `If-Match` accepts; `any` for `*`; absent: no condition (RFC 9110 §13.1.1). */
  readonly ifMatch?: readonly number[] | 'any';
  /** Revisions at which `If-None-Match` refuses a write; `any`: it only creates (RFC 9110 §13.1.2). */
  readonly ifNoneMatch?: readonly number[] | 'any';
  /** For POST: replays the stored result when the same token sends the same key and body within 24 h. */
  readonly idempotency?: { readonly key: string; readonly token: string; readonly bodyHash: string };
}

/** What a command that succeeded gives back. */
export interface Outcome {
  /** The revision that holds the result: a new one, or the current one where nothing had to change. */
  readonly revision: number;
  /** True where the command made something that was not there (201). */
  readonly created: boolean;
  /** The body of the reply, as the API contract has it. */
  readonly body: unknown;
  /** True where an earlier reply was given again because of `Idempotency-Key`. */
  readonly replayed: boolean;
  /** True where nothing is done yet: it waits for somebody, or for a time (202). */
  readonly isPending?: boolean;
  /** Who answers from it, in a fleet. */
  readonly fleet?: Answering;
}

/** Which nodes of a fleet answer from a revision, and which do not: from an earlier one, or not at all in the zones that they leave out. */
export interface Answering {
  readonly revision: number;
  readonly answering: readonly string[];
  readonly behind: readonly Behind[];
}

export type CommandResult = Outcome | Problem;
