/** The commands that make releases and move them on. */
import type { ReleaseBody } from '../../model/release.ts';
import type { Verdict } from '../../model/release-analysis.ts';
import type { Moment } from './proposals.ts';

/** A release that is there; `service` is the one under whose path it was named, and whose weights the reply shows. */
interface OfRelease {
  readonly id: string;
  readonly service?: string;
}

export type ReleaseCommand =
  | ({
      readonly kind: 'release.create';
      /** Names as typed by a user; they move together. */
      readonly services: readonly string[];
      readonly body: ReleaseBody;
      /** Only works out the plan. */
      readonly dryRun: boolean;
      /** True where it was asked for under the path of its one service. */
      readonly single: boolean;
    } & Moment)
  | ReleaseVerb
  /** What the release waited for has come; the runner's command. */
  | {
      readonly kind: 'release.step';
      readonly id: string;
      /** The revision of the release that waited: what has moved on since is left alone. */
      readonly revision: number;
      /** Of the analysis that it waited for. */
      readonly verdict?: Verdict;
      /** Pools whose targets changed while they were measured. */
      readonly changed?: readonly string[];
    };

/** What a person says of a release that is there. */
export type ReleaseVerb =
  | ({ readonly kind: 'release.promote'; readonly full: boolean } & OfRelease)
  /** `revision`: of what was looked at: the release, and its services. */
  | ({ readonly kind: 'release.approve'; readonly revision: number } & OfRelease)
  | ({ readonly kind: 'release.pause' | 'release.resume' | 'release.abort' | 'release.retry' } & OfRelease);
