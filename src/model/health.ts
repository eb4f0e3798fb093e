/** Health checks: what a service's targets are asked, how often, and which answers count. */
import { Problem } from './errors.ts';
import { type HttpCheck, type HttpCheckBody, makeHttpCheck } from './health-http.ts';
import { invalid, isPort, portDetail } from './health-refusal.ts';
import { shownHeaders } from './http-headers.ts';
import { canonicalAddress, canonicalHost } from './target.ts';

/** How the targets of a service are checked; every key has its value. Exactly one of `http` and `tcp`. */
export interface HealthCheck {
  readonly http?: HttpCheck;
  /** A connection that is made has passed. */
  readonly tcp?: { readonly port: number };
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** Passed probes in a row that bring a target up. */
  readonly rise: number;
  /** Failed probes in a row that take a target down. */
  readonly fall: number;
  /** Where a target is asked, if not at its own address: an address or host name, with a port if it differs. */
  readonly probe?: Readonly<Record<string, string>>;
  /** In a fleet: how many nodes have to see a target down; undefined: each goes by what it sees itself. */
  readonly quorum?: Quorum;
}

/** A number of nodes, or more than half of them. */
export type Quorum = 'majority' | number;

/** What a user says of it. */
export interface HealthBody extends Partial<Omit<HealthCheck, 'http'>> {
  readonly http?: HttpCheckBody;
}

export const HEALTH_DEFAULTS = { intervalSeconds: 5, timeoutSeconds: 2, rise: 2, fall: 3 } as const;

/** An hour between probes is no check any more, and a target that answers after a minute serves nobody. */
const HEALTH_LIMITS = {
  intervalSeconds: [1, 3600],
  timeoutSeconds: [1, 60],
  rise: [1, 10],
  fall: [1, 10],
} as const;

/** Of a fleet, which has 50 nodes at most. */
const QUORUM_MAX = 50;

/** How many nodes that is, of a fleet that has so many: no more than there are. */
export function quorumOf(quorum: Quorum, nodes: number): number {
  return quorum === 'majority' ? Math.floor(nodes / 2) + 1 : Math.min(quorum, nodes);
}

/** What the check is of: the service's name, and its targets in canonical text. */
interface Checked {
  readonly name: string;
  readonly targets: readonly string[];
}

/** The check that a body describes; `before`: the one that there was, for the secrets that stay. */
export function makeHealthCheck(body: HealthBody, checked: Checked, before?: HealthCheck): HealthCheck | Problem {
  if ((body.http === undefined) === (body.tcp === undefined)) return invalid('A check is either http or tcp.', '');
  const times = { ...HEALTH_DEFAULTS, ...body };
  for (const [key, [min, max]] of Object.entries(HEALTH_LIMITS)) {
    const value = times[key as keyof typeof HEALTH_LIMITS];
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    return invalid(`${key} is a whole number from ${min} to ${max}, not ${value}.`, `/${key}`);
  }
  const { intervalSeconds, timeoutSeconds, rise, fall } = times;
  if (timeoutSeconds > intervalSeconds) {
    const detail = `timeoutSeconds ${timeoutSeconds} is more than intervalSeconds ${intervalSeconds}: a target would be asked again before it had to answer.`;
    return invalid(detail, '/timeoutSeconds');
  }
  const http = body.http && makeHttpCheck(body.http, checked.name, before?.http);
  if (http instanceof Problem) return http;
  if (body.tcp !== undefined && !isPort(body.tcp.port)) return invalid(portDetail(body.tcp.port), '/tcp/port');
  const probe = body.probe && makeProbe(body.probe, checked);
  if (probe instanceof Problem) return probe;
  const { quorum } = body;
  if (quorum !== undefined && !isQuorum(quorum)) {
    const detail = `quorum is "majority", or a whole number of nodes from 1 to ${QUORUM_MAX}, not ${JSON.stringify(quorum)}.`;
    return invalid(detail, '/quorum');
  }
  return {
    ...(http !== undefined && { http }),
    ...(body.tcp !== undefined && { tcp: { port: body.tcp.port } }),
    intervalSeconds,
    timeoutSeconds,
    rise,
    fall,
    ...(probe !== undefined && { probe }),
    ...(quorum !== undefined && { quorum }),
  };
}

function isQuorum(quorum: unknown): quorum is Quorum {
  return quorum === 'majority' || (Number.isInteger(quorum) && Number(quorum) >= 1 && Number(quorum) <= QUORUM_MAX);
}

/** A check as everybody may see it. */
export function shownHealth<Check extends HealthBody>(health: Check): HealthBody {
  if (health.http?.headers === undefined) return health;
  return { ...health, http: { ...health.http, headers: shownHeaders(health.http.headers) } };
}

function makeProbe(
  probe: Readonly<Record<string, string>>,
  { name, targets }: Checked,
): Record<string, string> | Problem {
  const made: Record<string, string> = {};
  for (const [text, wanted] of Object.entries(probe)) {
    const pointer = `/probe/${text.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const target = canonicalAddress(text) ?? canonicalHost(text);
    if (target === undefined || !targets.includes(target)) {
      return invalid(`${JSON.stringify(text)} is no target of ${name}: these are ${targets.join(', ')}.`, pointer);
    }
    const canonical = canonicalHostPort(wanted);
    if (canonical !== undefined) made[target] = canonical;
    else {
      const detail = `An IP address or a host name was expected, with a port if need be (10.0.0.10, [2001:db8::1]:8080), not ${JSON.stringify(wanted)}.`;
      return invalid(detail, pointer);
    }
  }
  return made;
}

/** Whom to ask. */
interface HostPort {
  /** An IP address or a host name. */
  readonly host: string;
  readonly port: number | undefined;
}

/** What a canonical text names: `10.0.0.10`, `10.0.0.10:8080`, `[2001:db8::1]:8080`, `2001:db8::1`, a name. */
export function parseHostPort(text: string): HostPort {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
  return { host: bracketed ?? plain ?? text, port: port === undefined ? undefined : Number(port) };
}

function canonicalHostPort(text: string): string | undefined {
  const { host, port } = parseHostPort(text);
  const canonical = canonicalAddress(host) ?? canonicalHost(host);
  if (canonical === undefined || (port !== undefined && !isPort(port))) return undefined;
  if (port === undefined) return canonical;
  return `${canonical.includes(':') ? `[${canonical}]` : canonical}:${port}`;
}

/** Where a target is asked, and at which port. */
export function hostPortOf(check: HealthCheck, target: string): { host: string; port: number } {
  const { host, port } = parseHostPort(check.probe?.[target] ?? target);
  return { host, port: port ?? (check.http?.port as number) ?? (check.tcp?.port as number) };
}
