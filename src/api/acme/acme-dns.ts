/**
 * acme-dns's API, which lego, cert-manager, acme.sh, Caddy and others speak: an account is a name below one zone, whose
 * TXT records it may write and nothing else. Names elsewhere lead there by CNAME. An account is a token of Teal's, so
 * that it is listed, revoked and logged like any other.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { digestOf, makeSecret } from '../../control/tokens.ts';
import { Problem } from '../../model/errors.ts';
import type { RecordChange } from '../../model/record-change.ts';
import { TYPE } from '../../wire/constants.ts';
import { formatRdata } from '../../wire/rdata.ts';
import { access } from '../access.ts';
import { execute } from '../commands.ts';
import type { Dialect } from '../dialect.ts';
import { doorContext } from '../door-context.ts';
import { parseBody } from '../json-body.ts';
import type { Api, ApiParts } from '../parts.ts';
import { sendProblem } from '../problems.ts';
import { BODY_MAX_BYTES, CHALLENGE_TTL_SECONDS, changeChallenges, checkReach, DIGEST, txtOf } from './challenge.ts';
import { passwordOf } from './credentials.ts';
import { InOrder } from './in-order.ts';

/** A name and its wildcard are proved at one name. Nothing takes values away, so that older ones go by themselves. */
const VALUES_KEPT = 2;

/** One label of a host name (RFC 1123 §2.1). */
const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** What acme-dns says, word for word: clients look for it. */
const forbidden = new Map(
  ['token_missing', 'token_invalid', 'token_forbidden'].map((code) => [code, 'forbidden'] as const),
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

/** `configured`: below which accounts get their names, as the settings have it. */
export function acmeDns(configured: string): Api {
  const zone = configured.toLowerCase();
  return {
    prefix: '/acme-dns',
    dialect,
    door: 'acme-dns',
    isDocumented: false,
    routes(api, parts) {
      const updates = new InOrder();
      api.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_MAX_BYTES }, parseBody);
      const bodyLimit = BODY_MAX_BYTES;
      api.get('/health', { config: { public: true, prompt: true } }, (_request, reply) => reply.send());
      api.post('/register', { config: access('admin', 'server'), bodyLimit }, (request, reply) =>
        register(parts, request, reply, zone),
      );
      api.post('/update', { config: access('records', 'filtered'), bodyLimit }, (request, reply) =>
        update({ parts, updates, zone }, request, reply),
      );
    },
  };
}

async function register(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  below: string,
): Promise<FastifyReply> {
  // Most clients send none.
  const asked = request.body === undefined ? {} : membersOf(request.body, ['allowfrom']);
  if (asked === undefined) return refuse(reply, 400, 'malformed_json_payload');
  const { allowfrom = [] } = asked;
  // A limit that would not be kept is not taken.
  if (allowfrom !== null && !(Array.isArray(allowfrom) && allowfrom.length === 0)) {
    return refuse(reply, 400, 'invalid_allowfrom_cidr');
  }
  const zone = parts.queries.zoneOf(below);
  if (zone instanceof Problem) return sendProblem(reply, zone);
  const context = doorContext(request, parts.now(), 'acme');
  if (context instanceof Problem) return sendProblem(reply, context);
  const subdomain = randomUUID();
  const username = `acme-${subdomain}`;
  const fulldomain = `${subdomain}.${below}`;
  const password = makeSecret(randomBytes);
  const body = { name: username, scope: 'records', zones: [zone.name], names: [fulldomain], types: ['TXT'] } as const;
  const command = { kind: 'token.create', body, digest: digestOf(password) } as const;
  const made = await execute(parts.engine, request, command, context);
  if (made instanceof Problem) return sendProblem(reply, made);
  return reply.code(201).send({ username, password, fulldomain, subdomain, allowfrom: [] });
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
  const result = await updates.run(name.toLowerCase(), () => {
    const changes = changesFor(parts, { zone: zone.name, name }, txt);
    return changes instanceof Problem
      ? Promise.resolve(changes)
      : changeChallenges(parts, request, { zone: zone.name, name, changes });
  });
  return result instanceof Problem ? sendProblem(reply, result) : reply.send({ txt });
}

/** What leaves the value as the newest one, and of the others the newest: records are in the order in which they came. */
function changesFor(
  { queries }: Pick<ApiParts, 'queries'>,
  { zone, name }: { readonly zone: string; readonly name: string },
  txt: string,
): RecordChange[] | Problem {
  const owner = { name, type: 'TXT' };
  const rrset = queries.rrset(zone, name, owner.type);
  if (rrset instanceof Problem && rrset.code !== 'rrset_unknown') return rrset;
  const before = rrset instanceof Problem ? [] : rrset.rdata.map((data) => formatRdata(TYPE.TXT, data));
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
