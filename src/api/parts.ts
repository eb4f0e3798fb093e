/** What the admin API is made of and stands on, and the Fastify types that its files share. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyTypeProvider,
  RawServerDefault,
} from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { Answering, CommandContext } from '../control/commands/command.ts';
import type { Signings } from '../control/dnssec/signings.ts';
import type { DrainReports } from '../control/drain/report.ts';
import type { Engine } from '../control/engine.ts';
import type { EventLog } from '../control/events/log.ts';
import type { Explain } from '../control/explain.ts';
import type { Grant } from '../control/grant.ts';
import type { AnswerHours } from '../control/hours.ts';
import type { FleetControl } from '../control/nodes.ts';
import type { Overview } from '../control/overview.ts';
import type { People } from '../control/people/people.ts';
import type { Session } from '../control/people/sessions.ts';
import type { Queries } from '../control/queries.ts';
import type { Tokens } from '../control/tokens.ts';
import type { WebhookDispatcher } from '../control/webhooks/dispatcher.ts';
import type { ZoneFiles } from '../control/zone-files/zone-files.ts';
import type { Role, Token, TokenScope } from '../model/token.ts';
import type { Dialect } from './dialect.ts';
import type { DoorOptions } from './door/door.ts';
import type { Turns } from './door/turns.ts';
import type { WholeZones } from './door/whole-zones.ts';

export interface ApiParts {
  readonly engine: Pick<Engine, 'execute' | 'rehearse'>;
  readonly queries: Queries;
  readonly overview: Pick<Overview, 'page'>;
  readonly hours: Pick<AnswerHours, 'of'>;
  readonly zoneFiles: Pick<ZoneFiles, 'import' | 'export' | 'list' | 'replaceSignatures'>;
  readonly signings: Pick<
    Signings,
    | 'view'
    | 'isSigned'
    | 'ownKeys'
    | 'freshKey'
    | 'foreignKeys'
    | 'export'
    | 'exportKeys'
    | 'exportRefusal'
    | 'refuseLeaving'
  >;
  readonly drain: Pick<DrainReports, 'report' | 'check' | 'gather' | 'answered'>;
  readonly explain: Pick<Explain, 'explain'>;
  readonly tokens: Pick<Tokens, 'find' | 'isGood' | 'settingsAdmin'>;
  /** Undefined: nobody signs in but with a token. */
  readonly people?: ApiPeople | undefined;
  readonly events: EventLog;
  readonly webhooks: Pick<WebhookDispatcher, 'redeliver' | 'test'>;
  /** Undefined: the settings have no fleet. */
  readonly fleet?: FleetControl | undefined;
  /** Files that the settings name; left out: nobody looks at them. */
  readonly files?: { readonly unusable: readonly string[] };
  readonly metrics: ApiMetrics;
  readonly log: FastifyBaseLogger;
  /** Unix time, milliseconds. */
  readonly now: () => number;
  readonly options: ApiOptions;
}

/** Who a request with a session is from, at the moment that it came. */
export interface SignedIn {
  readonly session: Session;
  /** Of the session: what the person may was that. */
  readonly version: number;
  readonly roles: readonly Role[];
}

/** Where the console is. */
export interface Places {
  /** Of the console, as browsers know it. */
  readonly origin: string;
  /** Below which the console lies; begins and ends with a slash. */
  readonly base: string;
  readonly isSecure: boolean;
  readonly sessionCookie: string;
}

/** People who sign in, and where they find the console. */
export interface ApiPeople {
  readonly people: Pick<People, 'begin' | 'finish' | 'find' | 'isGood' | 'end'>;
  /** Of the provider, for people to read. */
  readonly label: string;
  readonly places: Places;
}

/** What is measured, as Prometheus reads it, and what the API tells of itself. */
interface ApiMetrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** `isLimited`: beyond what a client may send in a minute. */
  wrongToken(isLimited: boolean): void;
  answered(request: {
    readonly method: string;
    /** The route's pattern. */
    readonly route: string;
    readonly status: number;
    readonly seconds: number;
    /** Of the API that others speak, where it came through one. */
    readonly door: string | undefined;
  }): void;
  /** Something that a door was asked for was left out, since it can never stand. */
  droppedAtDoor(door: string): void;
}

export interface ApiOptions {
  /** Of the server, for the OpenAPI document. */
  readonly version: string;
  /** /metrics needs no token. */
  readonly metricsPublic: boolean;
  readonly bodyMaxBytes: number;
  /** Longest zone file. */
  readonly zoneFileMaxBytes: number;
  /** Wrong tokens that one client address may send in a minute before it is told to wait. */
  readonly authFailuresPerMinute: number;
  /** What the server is called, for whoever looks at several. */
  readonly console?: { readonly name?: string; readonly colour?: string };
  /** Where the build of the console put its page; undefined: no console. */
  readonly consoleFolder?: string;
  /** Who may connect, and how much of the server each may hold. */
  readonly door: DoorOptions;
  /** Names by which the API is known besides addresses and names without a dot; `*`: any. */
  readonly hosts: readonly string[];
  /** PEM. Without it the API speaks plain HTTP. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
}

/** What a route asks of a token: a scope, and reach; see access.ts. */
export interface Access {
  readonly scope: TokenScope;
  /** Another scope that is let in too, since it holds less than `scope` and not nothing. */
  readonly or?: 'records';
  readonly touches: Touches;
}

/**
 * What a route touches, hence who may use it of the tokens that are limited. `service`, `zone`, `release`, `proposal`: what the path
 * names, a release with all its services. `filtered`: the reply itself leaves out what is out of reach. A function: the
 * services that the body names. `rrset`: the RRset that the path names. `records`: RRsets of the zone that the path names,
 * those in the body's changes, or those that the reply leaves. `server`: nothing smaller, so that no limited token may.
 */
export type Touches =
  | 'service'
  | 'zone'
  | 'rrset'
  | 'records'
  | 'release'
  | 'proposal'
  | 'filtered'
  | 'server'
  | ((body: never) => readonly string[]);

/** Gives handlers the types of their route's schemas. */
interface SchemaTypes extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
}

export type ApiInstance = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  SchemaTypes
>;

/** Of a route or of a scope: a reply where it refuses. */
export type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;

/**
 * One API, or one group of pages: a folder or a file of its own, and a line in app.ts. It is registered in a scope of its
 * own, so that no parser, hook or refusal of it reaches another one.
 */
export interface Api {
  /** Every path below it is this API's: one that it does not have is refused in its dialect too. None: it says each path whole. */
  readonly prefix?: string;
  /** None: that of /v1. */
  readonly dialect?: Dialect;
  /** Of a door, for /metrics and for the log of changes, see doors.ts. */
  readonly door?: string;
  /** Its routes are described at /openapi.json, by their schemas. */
  readonly isDocumented: boolean;
  routes(api: ApiInstance, parts: ApiParts): void;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Of the API whose scope it is. */
    dialect: Dialect;
    /** The door that it is. */
    door: string | undefined;
    /** Shares of whole zones, all APIs' together. */
    wholeZones: WholeZones;
  }
  interface FastifyRequest {
    /** The token of who asks; undefined on public routes. */
    actor: Token | undefined;
    /** Who asks by a session: what `actor` may is made of their roles for each route, see access.ts. */
    signedIn: SignedIn | undefined;
    /** How far that token reaches. */
    grant: Grant | undefined;
    /** A public route is asked for under a name that is not ours. */
    needsToken: boolean;
    /** Whose share of the server it is on, see door/guard.ts. */
    holder: string;
    /** Where its work waits for its turn, see door/turns.ts. */
    turns: Pick<Turns, 'again'>;
    /** The body as it came, for the hash that Idempotency-Key needs. */
    bodyBytes: Buffer | undefined;
    /** What the engine must know about a write besides the command. */
    commandContext: CommandContext | undefined;
    /** Nodes that do not answer from what the request changed, see fleet-headers.ts. */
    behind: Answering['behind'] | undefined;
  }
  interface FastifyContextConfig {
    /** True for routes that need no token. */
    public?: boolean;
    /** Of a route that is not public: who needs no token all the same. Whoever sends one is judged by it. */
    openTo?: (request: FastifyRequest) => boolean;
    /** True for public routes that are for those who come by a known name, see door/hosts.ts. */
    named?: boolean;
    /** True for routes whose work is next to nothing, and whose answer nobody waits for gladly. */
    prompt?: boolean;
    /** What the route asks of a token. */
    access?: Access;
  }
}
