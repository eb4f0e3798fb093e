/** The fleet as the API sees it: this node in it, the others, and how it is begun and left. */
import type { OtherNode } from '../model/dnssec/others.ts';
import type { Problem } from '../model/errors.ts';
import type { ServiceCounts } from '../model/fleet/counts.ts';
import type { Vote } from '../model/fleet/health-views.ts';
import type { Held, NodeSign } from '../model/fleet/holding.ts';
import type { Room } from '../model/fleet/staging.ts';
import type { StandingChange } from '../model/fleet/standing-changes.ts';
import type { TargetState } from '../model/health-state.ts';

/** `alone`: it is not of the fleet, which may not be founded. `ended`: another process has its name, or it was removed. */
export type NodeStanding = 'alone' | 'joining' | 'live' | 'out' | 'ended';

export interface FleetView {
  readonly name: string;
  readonly node: string;
  readonly standing: NodeStanding;
  /** Whether this node may claim to answer from the last revision that was acknowledged anywhere. */
  readonly current: boolean;
  readonly message: string;
  /** What this node answers from. */
  readonly revision: number;
  /** The last entry of the log; null: it cannot be read now. */
  readonly head: number | null;
  /** As they are known to all; none where they cannot be read now. */
  readonly nodes: readonly {
    readonly node: string;
    readonly state: 'live' | 'out';
    readonly revision: number | null;
    readonly version: string;
    /** It showed a sign of life within seconds. */
    readonly present: boolean;
    /** It does what one does for all. */
    readonly leads: boolean;
    /** It may answer by what was before. */
    readonly late: boolean;
    /** Zones for which it has no room, some of them; it answers these with SERVFAIL. */
    readonly leftOut: readonly string[];
    /** Since it told what it counted; null: it has not, or is this node. */
    readonly countsAgeSeconds: number | null;
    /** How far its time of day is from the one here; null: it told nothing lately, or is this node. */
    readonly clock: OtherClock | null;
    /** Unix time, milliseconds, of its last sign of life; null: none was seen since this process began. */
    readonly heardAtMs: number | null;
    /** Why drains wait for it; null: they do not. */
    readonly held: Held | null;
  }[];
  /** Unix time, milliseconds, since when the one that leads does; null: for longer than this process looks, or none does. */
  readonly leaderSinceMs: number | null;
  /** Since the read that proved last that this node is current, milliseconds; null: none has, or it is alone. */
  readonly claimAgeMs: number | null;
  /** Of etcd. */
  readonly members: readonly {
    readonly endpoint: string;
    readonly reachable: boolean;
    readonly leader: boolean;
    readonly version: string | null;
    readonly databaseBytes: number | null;
    /** What it may have; null: it does not tell, has no limit, or cannot be reached. */
    readonly quotaBytes: number | null;
    readonly errors: readonly string[];
  }[];
}

/** How full etcd is, by the member that has the least room. */
export interface EngineRoom {
  /** Its endpoint. */
  readonly member: string;
  readonly databaseBytes: number;
  readonly quotaBytes: number;
  readonly level: Room;
}

/** How this node stands, told when it changes. */
export interface NodeEvent {
  readonly node: string;
  readonly standing: NodeStanding;
  readonly current: boolean;
  /** Nodes that answer by what was in force before, or may, as far as this one knows. */
  readonly behind: readonly string[];
  /** Nodes that show no sign of life, as far as this one knows. */
  readonly silent: readonly string[];
  /** Who leads, as it knew last; null: none does, or it is not known. */
  readonly leader: string | null;
  /** Nodes that fell behind or silent since the event before, and those that are neither any more. */
  readonly lost: readonly string[];
  readonly back: readonly string[];
  /** What has changed since the event before. */
  readonly changes: readonly StandingChange[];
}

/** What one node does for all: steps of releases, webhooks. */
export interface Duties {
  /** `progress`: up to which event each webhook has had all; undefined: this node is alone, and knows it itself. */
  begin(progress?: ReadonlyMap<string, string>): void;
  end(): void;
  progress(): ReadonlyMap<string, string>;
}

/** Whether others may still answer by what was in force before. */
export interface Lateness {
  /** Nodes that do, or may. */
  readonly late: readonly string[];
  /** Unix time, milliseconds, until which there was one; 0: never, as far as this process knows. */
  readonly lateUntilMs: number;
}

/** What another node said that it counted of a service. */
export interface ToldCounts {
  readonly node: string;
  /** It answered from this one. */
  readonly revision: number;
  /** Unix time, milliseconds. */
  readonly toldAtMs: number;
  readonly counts: ServiceCounts;
}

/** What the other nodes counted of a service. */
export interface OthersCounts {
  readonly told: readonly ToldCounts[];
  /** Nodes of which it is not known what they answered until the service was as it is now. */
  readonly missing: readonly string[];
  /** Unix time, milliseconds, since when each of them is asked in vain. */
  readonly missingSince?: ReadonlyMap<string, number>;
  /** Unix time, milliseconds, when a node left that may have told nothing; 0: none did, as far as this process knows. */
  readonly leftAtMs: number;
}

export interface FleetCounts {
  /** What is known now; the others go on telling for a while. `revision`: the service's. */
  about(service: string, revision: number): OthersCounts;
  /** Resolves when all have told, or within seconds; at once where the service was asked about lately. */
  gather(service: string, revision: number): Promise<void>;
}

/** How the other nodes sign, as far as they have said it. */
export interface FleetMarks {
  /** Those that cannot sign what this one can, in name order; undefined: not known yet. */
  readonly unlike: readonly string[] | undefined;
  /** How far each is. */
  readonly others: readonly OtherNode[];
}

/** What the nodes of a fleet see of the health of targets. */
export interface FleetViews {
  /** This one. */
  readonly node: string;
  /** Changes when any other node's views may have. */
  readonly version: number;
  /** What the other nodes see of a target, as far as they are known to this one. */
  others(service: string, target: string): readonly OtherView[];
  /** Since each of the other nodes said last what it sees, seconds; null: it never did. */
  ages(): ReadonlyMap<string, number | null>;
}

/** How far the times of day of the other nodes are from the one here. */
export interface FleetClocks {
  /** undefined: it told nothing lately, or is this node. */
  of(node: string): OtherClock | undefined;
  /** By how much one of them is behind at the most, milliseconds; 0: none is. */
  readonly behindMs: number;
  /** By how much the one here is ahead of most, whole seconds in milliseconds, a day at most; 0: it is not. */
  readonly aheadMs: number;
  /** Of all that told lately. */
  all(): ReadonlyMap<string, OtherClock>;
}

export interface OtherClock {
  /** By how much it is ahead of this node's, milliseconds; negative: it is behind. */
  readonly offsetMs: number;
  /** It is off by seconds. */
  readonly isFar: boolean;
}

export interface OtherView {
  readonly node: string;
  readonly vote: Vote;
  /** undefined: nothing is known of it. */
  readonly seen: { readonly state: TargetState; readonly sinceMs: number; readonly reason: string } | undefined;
}

export interface FleetControl {
  /** undefined: this node is alone. */
  readonly views: FleetViews | undefined;
  /** undefined: this node is alone. */
  readonly counts: FleetCounts | undefined;
  /** undefined: this node is alone. */
  readonly clocks: FleetClocks | undefined;
  /** undefined: this node is alone. */
  readonly lateness: Lateness | undefined;
  readonly marks: FleetMarks;
  /** All nodes, with the last revision that each confirmed; none where this one is alone. */
  readonly nodes: readonly { readonly node: string; readonly revision: number }[];
  /** Whether this node does what one does for all. Alone it does. */
  readonly leads: boolean;
  readonly standing: NodeStanding;
  /** Why it stands so, for people. */
  readonly words: string;
  /** What is known of a node. */
  sign(node: string): NodeSign;
  /** The listener is told of how it stands, each time that it changes, within a second. */
  onStanding(listener: (event: NodeEvent) => void): void;
  /** One node alone is always current. */
  readonly isCurrent: boolean;
  /** For how long from now on it may claim that, unless it goes out by itself before, milliseconds; null: for as long as it is alone. */
  readonly currentForMs: number | null;
  /** As it was seen last; undefined: it was not yet. */
  readonly room: EngineRoom | undefined;
  /** Reads where the log is, and waits until that is applied here; false where that could not be done in time. */
  catchUp(): Promise<boolean>;
  view(): Promise<FleetView>;
  /** Makes the fleet of this node, with all its history. */
  found(): Promise<{ readonly revision: number } | Problem>;
  /** This node goes on alone, with all that it has. */
  leave(): Promise<Problem | undefined>;
  /** Another node, which does not come back, is forgotten. */
  remove(node: string): Promise<Problem | undefined>;
}
