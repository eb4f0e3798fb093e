/** What the admin API says, as far as the console reads it; /openapi.json of a server has all of it. */
import type { ReleaseReason, ReleaseState, Step } from '../../model/release.ts';

export type { Step };
export type Weights = Readonly<Record<string, number>>;
export type Shares = Readonly<Record<string, number>>;

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

interface Pool {
  readonly weight: number;
  readonly targets: readonly string[];
}

export interface Service {
  readonly name: string;
  readonly zone: string;
  readonly kind: 'addresses' | 'host';
  readonly ttlSeconds: number;
  /** The TTL in force while a release has lowered it. */
  readonly loweredTtlSeconds?: number;
  readonly pick: string;
  readonly pools: Readonly<Record<string, Pool>>;
  readonly shares: Shares;
  readonly revision: number;
  readonly [more: string]: unknown;
}

export interface WeightsReply {
  readonly revision: number;
  readonly weights: Weights;
  readonly shares: Shares;
}

interface ReleaseWait {
  readonly kind: 'lowering' | 'turn' | 'pause' | 'promotion' | 'analysis' | 'inconclusive' | 'drain' | 'settling';
  readonly seconds: number | null;
  readonly until: string | null;
}

interface Standing {
  readonly state: ReleaseState;
  readonly reason: ReleaseReason;
  readonly message: string;
  readonly stepIndex: number;
  readonly wait: ReleaseWait | null;
  readonly services: Readonly<
    Record<
      string,
      {
        readonly weights: Weights;
        readonly shares: Shares;
        readonly before: Weights;
        readonly ttlSeconds: number;
        readonly steadyTtlSeconds: number;
      }
    >
  >;
}

interface Warning {
  readonly code: string;
  readonly message: string;
}

export interface Release extends Standing {
  readonly id: string;
  readonly to: string;
  readonly steps: readonly Step[];
  readonly warnings: readonly Warning[];
  readonly createdAt: string;
  readonly revision: number;
  /** How far the analysis is that it is in. */
  readonly analysis?: AnalysisProgress;
  /** What its gates said, in order of time; the last one may go on. */
  readonly analyses?: readonly AnalysisRecord[];
}

export interface AnalysisRecord {
  readonly stepIndex: number;
  readonly phase: string;
  readonly message: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Of an attempt before the release was retried. */
  readonly earlier: boolean;
  readonly failureLimit: number;
  readonly metrics: readonly {
    readonly name: string;
    readonly phase: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly measurements: readonly Measurement[];
  }[];
}

interface Measurement {
  readonly at: string;
  readonly phase: string;
  readonly value?: number;
  readonly message: string;
}

interface AnalysisProgress {
  readonly count: number;
  readonly failureLimit: number;
  readonly lastAt: string | null;
  readonly metrics: readonly {
    readonly name: string;
    readonly measurements: number;
    readonly failures: number;
    readonly inconclusive: number;
    readonly last: { readonly outcome: string; readonly message: string; readonly value?: number } | null;
  }[];
}

export interface Plan {
  readonly to: string;
  readonly steps: readonly Step[];
  readonly warnings: readonly Warning[];
  readonly plan: readonly (Standing & { readonly at: string; readonly certain: boolean })[];
}

export interface Subject {
  readonly kind: 'zone' | 'rrset' | 'service' | 'release' | 'token';
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
  /** What of the two is no longer kept. */
  readonly forgotten?: readonly ('before' | 'after')[];
}

export interface Revision {
  readonly revision: number;
  readonly at: string;
  readonly actor: string;
  readonly kind: string;
  readonly summary: string;
  readonly subjects: readonly Subject[];
}

export interface Zone {
  readonly name: string;
  readonly nameservers: readonly string[];
  readonly hostmaster: string;
  readonly ttlSeconds: number;
  readonly negativeTtlSeconds: number;
  readonly serial: number;
  readonly revision: number;
}

export interface RRset {
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  readonly ttlSeconds: number;
  readonly rdata: readonly string[];
  readonly revision: number;
}

/** Something wrong or doubtful in a zone file; lines and columns count from 1, 0 means the whole zone. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface DrainPool {
  readonly weight: number;
  readonly lastAnswerAt: string | null;
  readonly lastTtlSeconds?: number | null;
  readonly drainedAt: string | null;
  readonly drained: boolean;
  /** Answers from before the server's start are assumed up to `drainedAt`. */
  readonly assumed?: boolean;
  readonly answers?: number;
  readonly share?: { readonly configured: number; readonly answers: number | null; readonly resolvers?: number | null };
  readonly resolvers?: {
    readonly distinct: number;
    readonly notBack?: number | null;
    readonly errorPercent?: number;
    readonly method?: string;
  };
  readonly lateQueries?: number | null;
  readonly topNetworks?: readonly { readonly network: string; readonly answers: number }[];
}

export interface Drain {
  readonly pools: Readonly<Record<string, DrainPool>>;
  readonly message: string;
  readonly propagation?: readonly {
    readonly resolver: string;
    readonly pool?: string | null;
    readonly answers?: readonly string[];
    readonly ttlSeconds?: number | null;
    readonly error?: string;
  }[];
}

export interface TargetHealth {
  readonly state: 'up' | 'down' | 'unknown';
  readonly since: string | null;
  /** What the last probe came to. */
  readonly reason: string;
  readonly forced: Forced | null;
}

/** What somebody decided, for a while, whatever probes see. */
export interface Forced {
  readonly state: 'up' | 'down';
  readonly until: string;
  readonly actor: string;
}

export interface Health {
  /** No pool that has weight is healthy, so all are answered from. */
  readonly failOpen: boolean;
  readonly pools: Readonly<
    Record<
      string,
      {
        readonly healthy: boolean;
        /** Of the answers now. */
        readonly share: number;
        readonly forced: Forced | null;
        readonly targets: Readonly<Record<string, TargetHealth>>;
      }
    >
  >;
}

export interface Explanation {
  readonly client: string;
  readonly network: string;
  readonly type: string;
  readonly pool: string | null;
  readonly reason: string;
  readonly answer: readonly string[];
  readonly ttlSeconds: number;
  readonly split?: Shares;
  readonly draws?: number;
  readonly message: string;
}

export interface TokenEntry {
  readonly name: string;
  readonly scope: string;
  readonly services?: readonly string[];
  readonly zones?: readonly string[];
  readonly expiresAt?: string | null;
  readonly createdAt?: string;
  readonly revision?: number;
  readonly secret?: string;
}

/** A refusal, or the lack of a reply (status 0). */
export interface Failure {
  readonly status: number;
  /** Stable, from the server; `unreachable` where there was no reply, `unexpected` where it was none of the API. */
  readonly code: string;
  readonly detail: string;
  readonly conflict?: string;
  readonly findings?: readonly Finding[];
}

export type Reply<Body> =
  | { readonly ok: true; readonly status: number; readonly body: Body; readonly etag: string | undefined }
  | { readonly ok: false; readonly failure: Failure };
