/** What can be wrong with a request, as values: every refusal has a stable code that scripts may rely on. */

import type { Finding } from '../wire/zone-file/finding.ts';

/**
 * Every problem code, with the HTTP status it travels under (RFC 9110 §15).
 * Codes are part of the API contract: add freely, never rename.
 */
export const problemStatus = {
  body_invalid: 400,
  header_invalid: 400,
  request_invalid: 400,
  url_invalid: 400,
  name_invalid: 400,
  type_unknown: 400,
  query_invalid: 400,
  token_missing: 401,
  token_invalid: 401,
  session_ended: 401,
  token_forbidden: 403,
  approval_own: 403,
  address_forbidden: 403,
  origin_foreign: 403,
  route_unknown: 404,
  zone_unknown: 404,
  rrset_unknown: 404,
  service_unknown: 404,
  revision_unknown: 404,
  release_unknown: 404,
  token_unknown: 404,
  webhook_unknown: 404,
  fleet_none: 404,
  node_unknown: 404,
  delivery_unknown: 404,
  freeze_unknown: 404,
  proposal_unknown: 404,
  signing_unknown: 404,
  method_unknown: 405,
  request_timeout: 408,
  name_taken: 409,
  cname_conflict: 409,
  dname_conflict: 409,
  service_conflict: 409,
  apex_conflict: 409,
  zone_has_services: 409,
  zone_not_empty: 409,
  pools_changed: 409,
  nothing_to_roll_back: 409,
  release_active: 409,
  release_state: 409,
  frozen: 409,
  approval_needed: 409,
  approval_void: 409,
  proposal_state: 409,
  nothing_to_release: 409,
  token_exists: 409,
  token_needed: 409,
  limit_reached: 409,
  ds_present: 409,
  zone_signed: 409,
  zone_kept: 409,
  signing_state: 409,
  fleet_exists: 409,
  node_runs: 409,
  revision_forgotten: 410,
  revision_stale: 412,
  body_too_large: 413,
  media_type_unknown: 415,
  reason_invalid: 422,
  links_invalid: 422,
  labels_invalid: 422,
  rdata_invalid: 422,
  ttl_invalid: 422,
  zone_invalid: 422,
  zone_file_invalid: 422,
  signatures_unsaid: 422,
  rrset_invalid: 422,
  changes_invalid: 422,
  member_read_only: 422,
  service_invalid: 422,
  health_invalid: 422,
  weights_invalid: 422,
  weights_all_zero: 422,
  pools_mismatch: 422,
  targets_mixed: 422,
  release_invalid: 422,
  pool_unknown: 422,
  pattern_invalid: 422,
  limits_invalid: 422,
  networks_invalid: 422,
  webhook_invalid: 422,
  freeze_invalid: 422,
  schedule_invalid: 422,
  override_invalid: 422,
  expiry_invalid: 422,
  dnssec_invalid: 422,
  token_name_invalid: 422,
  token_owner_invalid: 422,
  name_outside_zones: 422,
  idempotency_key_reused: 422,
  host_unknown: 421,
  rate_limited: 429,
  share_used_up: 429,
  headers_too_large: 431,
  internal: 500,
  store_unavailable: 503,
  fleet_unavailable: 503,
  busy: 503,
  workers_missing: 503,
  zones_left_out: 503,
  too_many_streams: 503,
  stopping: 503,
  signing_refused: 503,
  signing_unfinished: 503,
  fleet_unconfirmed: 504,
  table_full: 507,
} as const;

export type ProblemCode = keyof typeof problemStatus;

/**
 * The store cannot be read. The one failure that is thrown: any line that reads may meet it. The engine and the API make
 * of it the refusal that a failed write gets; whatever runs by itself tries again later.
 */
export class StoreUnavailable extends Error {
  readonly problem: Problem;

  constructor(detail: string, cause?: unknown) {
    super(detail, { cause });
    this.problem = new Problem('store_unavailable', detail);
  }
}

/**
 * A refused request, returned and never thrown. `detail` is one sentence in plain words: what was wrong, where, and
 * what would be right. `pointer` is a JSON pointer (RFC 6901) into the body where that helps. `conflict` names the
 * other party of a 409.
 */
export class Problem {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly pointer: string | undefined;
  readonly conflict: string | undefined;
  /** What is wrong in a zone file, place by place. */
  readonly findings: readonly Finding[] | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    more: { pointer?: string; conflict?: string; findings?: readonly Finding[] } = {},
  ) {
    this.code = code;
    this.detail = detail;
    this.pointer = more.pointer;
    this.conflict = more.conflict;
    this.findings = more.findings;
  }

  get status(): number {
    return problemStatus[this.code];
  }
}

/** A change that stands in a fleet's log, or may, and of which it is not known who answers from it. */
export function unconfirmed(revision: number, why: string): Problem {
  const detail =
    `The change may stand as revision ${revision}, but ${why}. ` +
    'The same request with the same Idempotency-Key finds out, and so does GET /v1/revisions.';
  return new Problem('fleet_unconfirmed', detail);
}

/** The same of what a request found there, as one that changes nothing, only rehearses, or is sent again does. */
export function ofWhatWasFound<Result>(revision: number, result: Result | Problem): Result | Problem {
  if (!(result instanceof Problem) || result.code !== 'fleet_unconfirmed') return result;
  const detail = `Revision ${revision} stands, and this request changed nothing more, but etcd did not say who answers from it. The same request again finds out.`;
  return new Problem('fleet_unconfirmed', detail);
}
