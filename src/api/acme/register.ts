/** Accounts of acme-dns: tokens for the TXT records of one new name each, and who may have one made. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Passed } from '../../control/listing.ts';
import { digestOf, makeSecret } from '../../control/tokens.ts';
import { Problem } from '../../model/errors.ts';
import { type StoredToken, TOKENS_MAX } from '../../model/token.ts';
import { isInNetworks } from '../../model/token-networks.ts';
import { TYPE } from '../../wire/constants.ts';
import { ClientLimiter } from '../client-limiter.ts';
import { execute } from '../commands.ts';
import { hostOf, isKnownHost } from '../door/hosts.ts';
import { doorContext, guestContext } from '../door-context.ts';
import type { ApiOptions, ApiParts } from '../parts.ts';
import { delegatedAway } from './challenge.ts';
import { InOrder } from './in-order.ts';

export interface AcmeDnsSettings {
  /** Below which accounts get their names; there wherever the door is open, see config/check.ts. */
  readonly zone?: string;
  /** Networks from which nobody needs a token to register. */
  readonly registerFrom?: readonly string[];
}

/** Half of the tokens that there may be: who registers cannot use up those that people need. */
const ACCOUNTS_MAX = TOKENS_MAX / 2;
/** Of one client without a token (of IPv6: a /64): a script that registers a farm's names takes a few minutes, a loop gets nowhere. */
const REGISTRATIONS_PER_MINUTE = 10;

const ACCOUNT = /^acme-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isAccount(token: StoredToken | Passed): boolean {
  return !(token instanceof Passed) && ACCOUNT.test(token.name);
}

interface Account {
  readonly username: string;
  readonly password: string;
  readonly fulldomain: string;
  readonly subdomain: string;
}

/**
 * Who may register without a token: whoever comes from there, and is no browser that another's page sends. Such a page
 * could not read the account, but use them up; browsers say its origin with each POST (Fetch §3.1), or come by its name.
 */
export function isOpenTo(
  networks: readonly string[],
  { hosts, tls }: ApiOptions,
): (request: FastifyRequest) => boolean {
  return ({ ip, headers, raw }) =>
    isInNetworks(networks, ip) &&
    headers.origin === undefined &&
    (tls !== undefined || isKnownHost(hostOf(raw), hosts));
}

export class Registrations {
  readonly #parts: ApiParts;
  readonly #below: string;
  readonly #limiter = new ClientLimiter(REGISTRATIONS_PER_MINUTE);
  readonly #inOrder = new InOrder();

  /** `below`: a canonical name, below which accounts get theirs. */
  constructor(parts: ApiParts, below: string) {
    this.#parts = parts;
    this.#below = below;
  }

  /** `networks`: from where the account may be used; none: from anywhere. One after the other, so that they can be counted. */
  make(request: FastifyRequest, reply: FastifyReply, networks: readonly string[]): Promise<Account | Problem> {
    return this.#inOrder.run('', () => this.#make(request, reply, networks));
  }

  async #make(request: FastifyRequest, reply: FastifyReply, networks: readonly string[]): Promise<Account | Problem> {
    const { queries, engine } = this.#parts;
    const zone = queries.zoneOf(this.#below);
    if (zone instanceof Problem) return zone;
    const refused = this.#refusal(request, reply, zone.name) ?? delegatedAway(this.#parts, zone.name, this.#below);
    if (refused !== undefined) return refused;
    const subdomain = randomUUID();
    const username = `acme-${subdomain}`;
    const context = this.#contextOf(request, username);
    if (context instanceof Problem) return context;
    const fulldomain = `${subdomain}.${this.#below}`;
    const password = makeSecret(randomBytes);
    const body = {
      ...({ name: username, scope: 'records' } as const),
      zones: [zone.name],
      names: [fulldomain],
      types: ['TXT'],
      ...(networks.length > 0 && { networks }),
    };
    const command = { kind: 'token.create', body, digest: digestOf(password) } as const;
    const made = await execute(engine, request, command, context);
    return made instanceof Problem ? made : { username, password, fulldomain, subdomain };
  }

  /** What forbids this client one more account. Who may make any token may make these too. */
  #refusal({ actor, grant, ip = '' }: FastifyRequest, reply: FastifyReply, zone: string): Problem | undefined {
    if (actor !== undefined && grant?.isUnlimited === true) return undefined;
    if (actor !== undefined && grant?.allBelow(zone, this.#below, TYPE.TXT) !== true) {
      const detail = `The token \`${actor.name}\` does not reach the TXT records of all names below ${this.#below}.`;
      return new Problem('token_forbidden', detail);
    }
    if (actor === undefined) {
      const waitSeconds = this.#limiter.count(ip, this.#parts.now());
      if (waitSeconds > 0) {
        reply.header('retry-after', waitSeconds);
        const detail = `${ip} has registered ${REGISTRATIONS_PER_MINUTE} accounts in a minute; try again in ${waitSeconds} s.`;
        return new Problem('rate_limited', detail);
      }
    }
    const accounts = [...this.#parts.queries.tokens('').found].filter(isAccount).length;
    if (accounts < ACCOUNTS_MAX) return undefined;
    const detail = `There are ${accounts} accounts already: revoke those that are no longer used, or have an admin register.`;
    return new Problem('limit_reached', detail);
  }

  /**
   * A limited token makes an account although it makes no tokens: the account reaches one name that nobody has had, and
   * no more, which is less than the token does.
   */
  #contextOf(request: FastifyRequest, username: string) {
    const atMs = this.#parts.now();
    if (request.actor === undefined) return guestContext(request, atMs, 'acme', username);
    const context = doorContext(request, atMs, 'acme');
    if (context instanceof Problem) return context;
    const { limits: _, ...unlimited } = context;
    return unlimited;
  }
}
