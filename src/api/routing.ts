/** Requests that no route takes: 404, or 405 with the methods that the path has (RFC 9110 §15.5.6). */
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { Problem } from '../model/errors.ts';
import { sendProblem } from './problems.ts';

/**
 * A URL whose path has dots where it has segments of nothing but `=2E`, as PowerDNS writes the root zone. Parsers of URLs
 * take a segment that is a dot for a step in the path, and `%2E` as well (URL Standard §4.1), so most clients cannot send
 * one. A name that begins so has `%3D` for its first character.
 */
export function withDots(url: string): string {
  if (!url.includes('/=2')) return url;
  const query = url.search(/[?#]|$/);
  const path = url.slice(0, query).replaceAll(/(?<=\/)(?:=2e)+(?=\/|$)/gi, (dots) => '.'.repeat(dots.length / 3));
  return path + url.slice(query);
}

/** Remembers every route as it is registered, by the shape of its path. */
export class KnownPaths {
  readonly #methods = new Map<string, { readonly shape: RegExp; readonly methods: Set<string> }>();

  add({ url, method }: Pick<RouteOptions, 'url' | 'method'>): void {
    let known = this.#methods.get(url);
    if (known === undefined) {
      const shape = url
        .replaceAll(/[.+?^$()[\]{}|\\]/g, '\\$&')
        .replaceAll(/:[a-z]+/g, '[^/]+')
        .replaceAll('*', '.*');
      known = { shape: new RegExp(`^${shape}$`), methods: new Set() };
      this.#methods.set(url, known);
    }
    for (const one of [method].flat()) known.methods.add(one);
  }

  /** The methods of a path, in the order of the alphabet; none where no route has it. */
  methodsOf(path: string): string[] {
    const matching = [...this.#methods.values()].filter(({ shape }) => shape.test(path));
    return [...new Set(matching.flatMap(({ methods }) => [...methods]))].sort();
  }

  refuse(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = request.url.replace(/[?#].*$/, '');
    const allowed = this.methodsOf(path);
    // A route can have the method and still not take the path: a file of the pages that is not there.
    if (allowed.length === 0 || allowed.includes(request.method)) {
      return sendProblem(reply, new Problem('route_unknown', 'No such path; /docs shows what there is.'));
    }
    reply.header('allow', allowed.join(', '));
    const detail = `${request.method} is not for this path; it takes ${allowed.join(', ')}.`;
    return sendProblem(reply, new Problem('method_unknown', detail));
  }
}
