/**
 * acme-dns's API, which lego, cert-manager, acme.sh, Caddy and others speak: an account is a name below one zone, whose
 * TXT records it may write and nothing else. Names elsewhere lead there by CNAME. An account is a token of Teal's, so
 * that it is listed, revoked and logged like any other.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../model/errors.ts';
import type { RecordChange } from '../../model/record-change.ts';
import { TOKEN_NETWORKS_MAX } from '../../model/token-networks.ts';
import { TYPE } from '../../wire/constants.ts';
import { Malformed } from '../../wire/malformed.ts';
import { formatNetwork, type Network, networkAround } from '../../wire/network.ts';
import { formatRdata } from '../../wire/rdata.ts';
import { access } from '../access.ts';
import type { Dialect } from '../dialect.ts';
import { parseBody } from '../json-body.ts';
import type { Api, ApiParts } from '../parts.ts';
import { sendProblem } from '../problems.ts';
import { BODY_MAX_BYTES, CHALLENGE_TTL_SECONDS, changeChallenges, checkReach, DIGEST, txtOf } from './challenge.ts';
import { passwordOf } from './credentials.ts';
import { InOrder } from './in-order.ts';
import { type AcmeDnsSettings, isOpenTo, Registrations } from './register.ts';

/** A name and its wildcard are proved at one name. Nothing takes values away, so that older ones go by themselves. */
const VALUES_KEPT = 2;

/** One label of a host name (RFC 1123 §2.1). */
const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** What acme-dns says, word for word: clients look for it. */
const forbidden = new Map(
  ['token_missing', 'token_invalid', 'token_forbidden', 'address_forbidden'].map(
    (code) => [code, 'forbidden'] as const,
  ),
);

const dialect: Dialect = {
  // Who registers has no account yet: his token comes as Basic, which clients send where the address has it (https://any:TOKEN@…).
  secretOf: ({ 'x-api-key': key, authorization }) =>
    typeof key === 'string' && key !== '' ? key : passwordOf(authorization),
  howToAsk: 'Send X-Api-User and X-Api-Key.',
  challenge: () => undefined,
  refusal({ status, code, detail }) {
    if (forbidden.has(code)) return written(401, 'forbidden');
    return code === 'body_invalid' ? written(400, 'malformed_json_payload') : written(status, detail);
  },
};

export function acmeDns(settings: AcmeDnsSettings): Api {
  const { zone: configured = '', registerFrom = [] } = settings;
  const zone = configured.toLowerCase();
  return {
    prefix: '/acme-dns',
    dialect,
    door: 'acme-dns',
    isDocumented: false,
    routes(api, parts) {
      const updates = new InOrder();
      const registrations = new Registrations(parts, zone);
      api.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_MAX_BYTES }, parseBody);
      const bodyLimit = BODY_MAX_BYTES;
      api.get('/health', { config: { public: true, prompt: true } }, (_request, reply) => reply.send());
      const openTo = isOpenTo(registerFrom, parts.options);
      const config = { ...access('admin', 'filtered', 'records'), ...(registerFrom.length > 0 && { openTo }) };
      api.post('/register', { config, bodyLimit }, (request, reply) => register(registrations, request, reply));
      api.post('/update', { config: access('records', 'filtered'), bodyLimit }, (request, reply) =>
        update({ parts, updates, zone }, request, reply),
      );
    },
  };
}

async function register(
  registrations: Registrations,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  // Most clients send none.
  const asked = request.body === undefined ? {} : membersOf(request.body, ['allowfrom']);
  const allowed = asked === undefined ? 'malformed_json_payload' : readAllowFrom(asked.allowfrom ?? []);
  if (typeof allowed === 'string') return refuse(reply, 400, allowed);
  const account = await registrations.make(request, reply, allowed.networks);
  if (account instanceof Problem) return sendProblem(reply, account);
  return reply.code(201).send({ ...account, allowfrom: allowed.shown });
}

/** What acme-dns takes: networks with the length of their prefix, of IPv6 in brackets too, and bits beyond the prefix do not count. */
function readAllowFrom(value: unknown): { networks: string[]; shown: string[] } | string {
  if (!Array.isArray(value) || value.some((text) => typeof text !== 'string')) return 'malformed_json_payload';
  const shown = value.map((text: string) => text.replace(/[[\]]/g, ''));
  const networks = shown.map(networkAround);
  const isRefused = networks.length > TOKEN_NETWORKS_MAX || networks.some((network) => network instanceof Malformed);
  return isRefused ? 'invalid_allowfrom_cidr' : { networks: (networks as Network[]).map(formatNetwork), shown };
}

interface Updating {
  readonly parts: ApiParts;
  readonly updates: InOrder;
  readonly zone: string;
}

async function update({ parts, updates, zone: below }: Updating, request: FastifyRequest, reply: FastifyReply) {
  // The pair is the credential: a key that is somebody else's is none.
  if (request.headers['x-api-user'] !== request.actor?.name) return refuse(reply, 401, 'forbidden');
  const asked = membersOf(request.body, ['subdomain', 'txt']);
  if (asked === undefined) return refuse(reply, 400, 'malformed_json_payload');
  const { subdomain, txt } = asked;
  if (typeof subdomain !== 'string' || !SUBDOMAIN.test(subdomain)) return refuse(reply, 400, 'bad_subdomain');
  const name = `${subdomain}.${below}`;
  const zone = parts.queries.zoneOf(name);
  if (zone instanceof Problem) return sendProblem(reply, zone);
  const outside = checkReach(parts, request, zone.name, name);
  if (outside !== undefined) return sendProblem(reply, outside);
  if (typeof txt !== 'string' || !DIGEST.test(txt)) return refuse(reply, 400, 'bad_txt');
  const owner = { zone: zone.name, name };
  const result = await updates.run(name.toLowerCase(), async () => {
    const changes = changesFor(parts, owner, txt);
    if (changes instanceof Problem) return changes;
    const changed = await changeChallenges(parts, request, { ...owner, changes });
    // Other nodes of a fleet take updates of the name too: whoever comes last takes away what is too much by then.
    const old = tooMany(valuesAt(parts, owner));
    if (changed instanceof Problem || old.length === 0) return changed;
    await changeChallenges(parts, request, { ...owner, changes: [{ remove: { name, type: 'TXT', values: old } }] });
    // Where that is refused the value stands all the same, and the next update takes them away.
    return changed;
  });
  return result instanceof Problem ? sendProblem(reply, result) : reply.send({ txt });
}

/** The texts of the records, in the order in which they came. */
function valuesAt(
  { queries }: Pick<ApiParts, 'queries'>,
  { zone, name }: { readonly zone: string; readonly name: string },
): string[] | Problem {
  const rrset = queries.rrset(zone, name, 'TXT');
  if (rrset instanceof Problem) return rrset.code === 'rrset_unknown' ? [] : rrset;
  return rrset.rdata.map((data) => formatRdata(TYPE.TXT, data));
}

/** Those that are older than the ones that are kept. */
function tooMany(values: readonly string[] | Problem): string[] {
  return values instanceof Problem ? [] : values.slice(0, Math.max(0, values.length - VALUES_KEPT));
}

/** What leaves the value as the newest one, and of the others the newest: records are in the order in which they came. */
function changesFor(
  parts: Pick<ApiParts, 'queries'>,
  { zone, name }: { readonly zone: string; readonly name: string },
  txt: string,
): RecordChange[] | Problem {
  const owner = { name, type: 'TXT' };
  const before = valuesAt(parts, { zone, name });
  if (before instanceof Problem) return before;
  const value = txtOf(txt);
  const others = before.filter((each) => each !== value);
  const gone = others.slice(0, Math.max(0, others.length - (VALUES_KEPT - 1)));
  // What is sent again is the newest again, so that it takes its place at the end.
  if (before.includes(value) && before.at(-1) !== value) gone.push(value);
  const add = { add: { ...owner, values: [value], ttlSeconds: CHALLENGE_TTL_SECONDS } };
  return gone.length === 0 ? [add] : [{ remove: { ...owner, values: gone } }, add];
}

/** Of an object that has no others; undefined: it is none. */
function membersOf<Name extends string>(
  body: unknown,
  names: readonly Name[],
): Partial<Record<Name, unknown>> | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  return Object.keys(body).every((name) => names.includes(name as Name)) ? body : undefined;
}

function written(status: number, error: string) {
  return { status, type: 'application/json', body: JSON.stringify({ error }) };
}

function refuse(reply: FastifyReply, status: number, error: string): FastifyReply {
  return reply.code(status).send({ error });
}
