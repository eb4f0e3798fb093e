/** Replies of the admin API, as far as commands look at them; /openapi.json is the whole truth. */

export type Weights = Readonly<Record<string, number>>;

export interface Zone {
  readonly name: string;
  readonly nameservers: readonly string[];
  readonly hostmaster: string;
  readonly primary: string;
  readonly serial: number;
  readonly ttlSeconds: number;
  readonly nameserversTtlSeconds: number;
  readonly negativeTtlSeconds: number;
  readonly revision: number;
}

export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface RRset {
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  readonly ttlSeconds: number;
  readonly rdata: readonly string[];
  readonly revision: number;
  readonly warnings?: readonly { readonly code: string; readonly message: string }[];
}

export interface Service {
  readonly name: string;
  readonly zone: string;
  readonly ttlSeconds: number;
  readonly loweredTtlSeconds?: number;
  readonly release?: { readonly ttlSeconds: number };
  readonly pick: string;
  readonly pools: Readonly<Record<string, { readonly weight: number; readonly targets: readonly string[] }>>;
  readonly shares: Weights;
  readonly revision: number;
  readonly warnings?: readonly { readonly code: string; readonly message: string }[];
}

export interface WeightsReply {
  readonly revision: number;
  readonly weights: Weights;
  readonly shares: Weights;
}

export interface ShiftReply {
  readonly revision: number;
  readonly services: Readonly<Record<string, { readonly weights: Weights; readonly shares: Weights }>>;
}

export interface Step {
  readonly setWeight?: number;
  readonly pause?: { readonly duration?: number | string };
  readonly analysis?: {
    readonly count?: number;
    readonly intervalSeconds?: number;
    readonly metrics: readonly { readonly name: string }[];
  };
  readonly drain?: object;
}

export interface Standing {
  readonly state: 'progressing' | 'paused' | 'completed' | 'aborted';
  readonly reason: string;
  readonly message: string;
  readonly stepIndex: number;
  readonly wait: { readonly kind: string; readonly seconds: number | null; readonly until: string | null } | null;
  readonly weights?: Weights;
  readonly services: Readonly<
    Record<
      string,
      {
        readonly weights: Weights;
        readonly shares: Weights;
        readonly before: Weights;
        readonly ttlSeconds: number;
        readonly steadyTtlSeconds: number;
      }
    >
  >;
}

/** How far an analysis is. */
export interface Progress {
  readonly count: number;
  readonly failureLimit: number;
  /** This and the counts of errors: not from servers of earlier versions. */
  readonly consecutiveErrorLimit?: number;
  readonly metrics: readonly {
    readonly name: string;
    readonly measurements: number;
    readonly failures: number;
    readonly inconclusive: number;
    readonly errors?: number;
    readonly consecutiveErrors?: number;
    readonly last: { readonly outcome: string; readonly message: string } | null;
  }[];
}

/** What the gates of a step said. */
export interface AnalysisRecord {
  readonly stepIndex: number;
  readonly phase: string;
  readonly message: string;
  readonly endedAt: string | null;
  /** Of an attempt before the release was retried. */
  readonly earlier: boolean;
  readonly failureLimit: number;
  readonly metrics: readonly {
    readonly name: string;
    readonly phase: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly measurements: readonly {
      readonly at: string;
      readonly phase: string;
      readonly value?: number;
      readonly message: string;
    }[];
  }[];
}

export interface Release extends Standing {
  readonly id: string;
  readonly analysis?: Progress;
  /** Only of a release that was asked for alone. */
  readonly analyses?: readonly AnalysisRecord[];
  readonly to: string;
  readonly steps: readonly Step[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly createdAt: string;
  readonly revision: number;
}

export interface Plan {
  readonly to: string;
  readonly steps: readonly Step[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly plan: readonly (Standing & { readonly at: string; readonly certain: boolean })[];
}

export interface Revision {
  readonly revision: number;
  readonly at: string;
  readonly actor: string;
  readonly kind: string;
  readonly summary: string;
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly before: unknown;
    readonly after: unknown;
  }[];
}

export interface DrainPool {
  readonly weight: number;
  readonly answers: number;
  readonly share: { readonly configured: number; readonly answers: number; readonly resolvers: number };
  readonly lastAnswerAt: string | null;
  readonly lastTtlSeconds: number | null;
  readonly drainedAt: string | null;
  readonly drained: boolean;
  readonly resolvers: { readonly distinct: number; readonly notBack: number; readonly errorPercent: number };
  readonly lateQueries: number | null;
  readonly topNetworks: readonly { readonly network: string; readonly answers: number }[];
}

export interface Drain {
  readonly pools: Readonly<Record<string, DrainPool>>;
  readonly message: string;
  readonly propagation?: readonly {
    readonly resolver: string;
    readonly pool: string | null;
    readonly answers: readonly string[];
    readonly ttlSeconds: number | null;
    readonly error?: string;
  }[];
}

export interface Explanation {
  readonly client: string;
  readonly network: string;
  readonly type: string;
  readonly pool: string | null;
  readonly reason: string;
  readonly answer: readonly string[];
  readonly ttlSeconds: number;
  readonly scope: number | string | null;
  readonly split: Weights;
  readonly draws: number;
  readonly message: string;
}

/** What a person decided, for a while. */
export interface Forced {
  readonly state: string;
  readonly until: string;
  readonly actor: string;
}

interface HealthPool {
  readonly healthy: boolean;
  readonly share: number;
  readonly forced: Forced | null;
  readonly targets: Readonly<
    Record<
      string,
      { readonly state: string; readonly since: string | null; readonly reason: string; readonly forced: Forced | null }
    >
  >;
}

export interface Health {
  readonly service: string;
  readonly failOpen: boolean;
  readonly pools: Readonly<Record<string, HealthPool>>;
}

export interface Token {
  readonly name: string;
  readonly scope: string;
  readonly services?: readonly string[] | null;
  readonly zones?: readonly string[] | null;
  readonly createdAt?: string;
  readonly expiresAt?: string | null;
  readonly secret?: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

export interface Webhook {
  readonly name: string;
  readonly url: string;
  readonly triggers: readonly string[];
  readonly services?: readonly string[];
  /** In the reply that made it the text, where it was made too. */
  readonly secret?: string | { readonly set: true };
  readonly revision: number;
}

export interface Delivery {
  readonly id: string;
  readonly trigger: string;
  readonly event: string;
  readonly state: 'pending' | 'dead';
  readonly attempts: number;
  readonly createdAt: string;
  readonly nextAttemptAt: string | null;
  readonly lastError: string | null;
}
