/** What the admin API reads: the derived rows as the bodies of the API contract. Never touches the table. */
import { Problem } from '../model/errors.ts';

/** One resource: its body, and the last revision that changed it (its ETag). */
export interface Resource {
  readonly revision: number;
  readonly body: unknown;
}

/** One page of a list, in name or number order; `next` is the `after` of the next page, absent on the last. */
export interface Page {
  readonly items: readonly unknown[];
  readonly next?: string;
}
