/** What comes of a request: a body, or a refusal. */
import type { Finding } from '../../contract/types.ts';

/** A refusal, or the lack of a reply (status 0). */
export interface Failure {
  readonly status: number;
  /** Stable, from the server; `unreachable` where there was no reply, `unexpected` where it was none of the API. */
  readonly code: string;
  readonly detail: string;
  readonly conflict?: string;
  readonly findings?: readonly Finding[];
  /** The node that says so cannot prove that it is current. */
  readonly isStale?: true;
}

export type Reply<Body> =
  | {
      readonly ok: true;
      readonly status: number;
      readonly body: Body;
      readonly etag: string | undefined;
      /** The node cannot prove that it is current, so that this may be old. */
      readonly isStale?: true;
      /** Of a list as text: `after` of the next page. */
      readonly next?: string | undefined;
    }
  | { readonly ok: false; readonly failure: Failure };
