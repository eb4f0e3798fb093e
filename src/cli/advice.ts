/** What to do about a refusal of the API, where its own sentence does not say it already. */
import { EXIT, type ExitCode } from './exit.ts';

const advice: Readonly<Record<string, string>> = {
  token_missing: 'set TEAL_TOKEN, or name a file with --token-file',
  token_forbidden: 'use a token that reaches it: `teal whoami` tells how far this one goes',
  address_forbidden: 'use it from where it may be used, or another token: `teal token show NAME` tells its networks',
  zone_unknown: '`teal zone list` shows the zones',
  service_unknown: '`teal service list` shows the services',
  release_unknown: '`teal release list NAME` shows the releases of a service',
  proposal_unknown: '`teal proposal list` shows what waits',
  token_unknown: '`teal token list` shows the tokens',
  rrset_unknown: '`teal record list ZONE` shows the records of a zone',
  revision_unknown: '`teal history` shows the revisions',
  freeze_unknown: '`teal freeze list` shows the freezes',
  webhook_unknown: '`teal webhook list` shows the webhooks',
  release_active: '`teal release watch NAME` shows it, `teal release abort NAME` or `teal rollback NAME` ends it',
  zone_has_services: 'add --with-services to delete them too',
  revision_stale: 'somebody else changed it meanwhile: look again, then repeat',
  pools_mismatch: '`teal service show NAME` lists its pools',
  store_unavailable: 'answers go on; look at the disk of the server and at its log, then repeat',
  signing_refused: 'answers go on by what is signed; look at the clock and at the keys of the server, then repeat',
  signing_unfinished: 'answers go on; it ends by itself when all signatures are made',
  zones_left_out: 'raise table.maxBytes in the settings of the server to what its log says, and restart it',
  table_full: 'raise table.maxBytes in the settings of the server',
  route_unknown: 'this server is older than this command: compare `teal --version` on both',
  internal: 'look at the log of the server',
};

interface Refusal {
  readonly code: string;
  readonly detail: string;
  /** What is wrong in a zone file. */
  readonly findings?: readonly { readonly code: string }[];
}

export function adviceOn({ code, detail, findings = [] }: Refusal): string | undefined {
  // Only a zone that is deleted takes its services with it; an import and a prune say in their own sentence what to do.
  if (code === 'zone_has_services' && !detail.includes('services=delete')) return undefined;
  if (findings.some((finding) => finding.code === 'include_refused'))
    return '--include FOLDER brings in the files that it includes';
  return advice[code];
}

/** The exit code for a refusal, by its HTTP status. */
export function exitCodeOf(status: number): ExitCode {
  if (status === 401 || status === 403) return EXIT.NO_PERMISSION;
  if (status === 408 || status === 429 || status >= 500) return EXIT.TRY_LATER;
  return EXIT.REFUSED;
}

/** Properties that are flags of the same name wherever they stand at the top of a body, and come from no file. */
const FLAGGED = /^The property "(scope|algorithm|denial|kind)" must/;

function inFlags(detail: string): string {
  return detail.replace(FLAGGED, '--$1 must').replace(/^The property "\d+" in "triggers" must/, '--trigger must');
}

/** The place of what `teal record add` and `remove` send: a list of one change. */
const ONLY_CHANGE = /^changes\[0\]\.(?:add|remove)[^:]*: /;

/** Refusals that the server says in HTTP's words, which nobody has used at a command line. */
const ownWords: Readonly<Record<string, (detail: string) => string>> = {
  frozen: (detail) => detail.replace('"override": {"reason": "…"}', '--override REASON'),
  ds_present: (detail) =>
    detail
      .replace(/\bforce it\b/, 'say --force')
      .replace('replaceSignatures: insecure', '--replace-signatures --insecure'),
  signing_state: (detail) => detail.replace('without replaceSignatures', 'without --replace-signatures'),
  apex_conflict: (detail) => detail.replace('say zonemd: false', 'say --no-zonemd'),
  // An empty word is none.
  name_invalid: (detail) => detail.replace(/^The path segment "(\w+)" must not be empty\.$/, 'Expected $1, found "".'),
  body_invalid: inFlags,
  token_missing: () => 'The server wants a token, and none was sent.',
  body_too_large: (detail) => detail.replace(/^A body has at most (\d+) bytes here/, 'It may have at most $1 bytes'),
  idempotency_key_reused: (detail) => detail.replace('The Idempotency-Key', 'The --idempotency-key'),
  header_invalid: (detail) => detail.replace('Idempotency-Key', '--idempotency-key'),
  query_invalid: (detail) => detail.replace(/^The query parameter "(\w+)"/, '--$1'),
  service_conflict: (detail) =>
    detail.replace(
      'with "replace": true it takes',
      'with --replace (`replace: true` in a file), or `teal adopt`, it takes',
    ),
  request_timeout: () => 'What was sent did not arrive in time.',
};

/** The problem's sentence as somebody at a command line would say it. */
export function inOwnWords({ code, detail }: { readonly code: string; readonly detail: string }): string {
  // What an import says in its query, whoever speaks of it.
  return (ownWords[code]?.(detail) ?? detail)
    .replace(ONLY_CHANGE, '')
    .replaceAll(/\bsignatures=(keep|resign)\b/g, '--signatures $1');
}
