/** The HTTP form of a health check: what is asked, and which answers pass. */
import { Problem } from './errors.ts';
import { invalid, isPort, portDetail } from './health-refusal.ts';
import { type HeadersBody, makeHeaders } from './http-headers.ts';
import { isHostName } from './name.ts';
import { canonicalAddress, canonicalHost } from './target.ts';

export interface HttpCheck {
  readonly scheme: 'http' | 'https';
  readonly port: number;
  readonly method: (typeof METHODS)[number];
  /** With the query. */
  readonly path: string;
  /** Said as `Host`, and over TLS as the server's name, which the certificate must be for. */
  readonly host: string;
  /** Names in lower case. The values are secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without it: 200 to 299. */
  readonly expectStatus?: readonly number[];
  /** A text that the body must hold. */
  readonly expectBody?: string;
  readonly maxRedirects: number;
  /** False: any certificate will do. */
  readonly verifyCertificate: boolean;
}

/** What a user says of it. */
export type HttpCheckBody = Partial<Omit<HttpCheck, 'scheme' | 'method' | 'headers'>> & {
  readonly headers?: HeadersBody;
  readonly scheme?: string;
  readonly method?: string;
};

/** None of these changes anything on a server that keeps to RFC 9110 §9.2.1, but for POST, which some ask with. */
export const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST'] as const;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** Longer ones are refused by many servers. */
const PATH_MAX = 2048;
const STATUSES_MAX = 20;
export const REDIRECTS_MAX = 5;
/** A text to look for; the place where it should be is at the beginning of a body. */
const EXPECT_BODY_MAX = 1024;
/** As much of a body is read, and looked at: an answer to a health check is short. */
export const BODY_READ_MAX_BYTES = 64 * 1024;

/**
 * The check that a body describes; `name`: of the service, which is the host where none is given; `before`: the one that
 * there was, whose headers stay where they are only marked as set.
 */
export function makeHttpCheck(body: HttpCheckBody, name: string, before?: HttpCheck): HttpCheck | Problem {
  const { scheme = 'http', method = 'GET', path = '/', maxRedirects = 0, verifyCertificate = true } = body;
  if (scheme !== 'http' && scheme !== 'https') return refuse(`scheme is http or https, not ${scheme}.`, '/scheme');
  const port = body.port ?? DEFAULT_PORTS[scheme];
  if (!isPort(port)) return refuse(portDetail(port), '/port');
  const known = METHODS.find((word) => word === method);
  if (known === undefined) return refuse(`method is one of ${METHODS.join(', ')}, not ${method}.`, '/method');
  if (!/^\/[\x21-\x22\x24-\x7e]*$/.test(path) || path.length > PATH_MAX) {
    return refuse(`A path begins with / and is printable ASCII without spaces and #, not ${quoted(path)}.`, '/path');
  }
  if (!Number.isInteger(maxRedirects) || maxRedirects < 0 || maxRedirects > REDIRECTS_MAX) {
    const detail = `maxRedirects is a whole number from 0 to ${REDIRECTS_MAX}, not ${maxRedirects}.`;
    return refuse(detail, '/maxRedirects');
  }
  const host = hostOf(body.host, name);
  if (host instanceof Problem) return host;
  const headers = makeHeaders(body.headers ?? {}, before?.headers, refuse);
  if (headers instanceof Problem) return headers;
  const { expectStatus, expectBody } = body;
  const unfit = checkExpectation(body, known);
  if (unfit !== undefined) return unfit;
  return {
    scheme,
    port,
    method: known,
    path,
    host,
    headers,
    ...(expectStatus !== undefined && { expectStatus }),
    ...(expectBody !== undefined && { expectBody }),
    maxRedirects,
    verifyCertificate,
  };
}

function hostOf(given: string | undefined, name: string): string | Problem {
  if (given === undefined) {
    if (isHostName(name)) return name;
    return refuse(`${name} is not the name of a host: say which host is to be asked for.`, '/host');
  }
  const host = canonicalAddress(given) ?? canonicalHost(given);
  return host ?? refuse(`A host name or an IP address was expected, not ${quoted(given)}.`, '/host');
}

function checkExpectation({ expectStatus, expectBody }: HttpCheckBody, method: string): Problem | undefined {
  if (expectStatus !== undefined) {
    const isFit = (status: number): boolean => Number.isInteger(status) && status >= 200 && status <= 599;
    if (expectStatus.length === 0 || expectStatus.length > STATUSES_MAX || !expectStatus.every(isFit)) {
      const detail = `expectStatus is a list of 1 to ${STATUSES_MAX} statuses from 200 to 599, such as [200, 204].`;
      return refuse(detail, '/expectStatus');
    }
  }
  if (expectBody === undefined) return undefined;
  if (method === 'HEAD') return refuse('The answer to HEAD has no body (RFC 9110 §9.3.2).', '/expectBody');
  if (expectBody !== '' && expectBody.length <= EXPECT_BODY_MAX) return undefined;
  return refuse(`expectBody is a text of 1 to ${EXPECT_BODY_MAX} characters.`, '/expectBody');
}

/** Whether an answer passes, and in words for people what it was. `body`: its beginning, where that is wanted. */
export function judgeAnswer(check: HttpCheck, status: number, body: string): { isGood: boolean; reason: string } {
  const { expectStatus, expectBody } = check;
  const isStatus = expectStatus === undefined ? status >= 200 && status < 300 : expectStatus.includes(status);
  if (!isStatus) {
    const isRedirect = status >= 300 && status < 400 && check.maxRedirects === 0;
    const note = isRedirect ? '; redirects are not followed unless maxRedirects says so' : '';
    return { isGood: false, reason: `answered ${status}, not ${expectStatus?.join(' or ') ?? '2xx'}${note}` };
  }
  if (expectBody === undefined || body.includes(expectBody)) return { isGood: true, reason: `answered ${status}` };
  return { isGood: false, reason: `answered ${status} with a body that does not hold ${quoted(expectBody)}` };
}

function refuse(detail: string, pointer: string): Problem {
  return invalid(detail, `/http${pointer}`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
