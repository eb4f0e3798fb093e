/** Which page is shown, and where in it: the part of the address after `#`, so that the server needs no pages of its own. */

const LISTS = ['services', 'zones', 'log', 'freezes', 'webhooks', 'tokens', 'fleet'] as const;
export type List = (typeof LISTS)[number];

export type Route =
  /** `query`: what the list is narrowed to, as it stands in the address. */
  | { readonly page: List; readonly query?: string }
  | { readonly page: 'service' | 'zone' | 'import'; readonly name: string }
  | { readonly page: 'unknown' };

/** `#/services/app.example.com` and the like; names are percent-encoded where an address needs it. */
export function routeOf(hash: string): Route {
  const [path = '', query] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
  const [first = '', second, third, ...rest] = path.split('/');
  const name = second === undefined ? undefined : decoded(second);
  if (rest.length > 0 || (third !== undefined && third !== 'import')) return { page: 'unknown' };
  if (name === undefined) {
    const found = first === '' ? 'services' : LISTS.find((list) => list === first);
    if (found === undefined) return { page: 'unknown' };
    return query === undefined || query === '' ? { page: found } : { page: found, query };
  }
  if (name === '') return { page: 'unknown' };
  if (first === 'services' && third === undefined) return { page: 'service', name };
  if (first === 'zones') return { page: third === 'import' ? 'import' : 'zone', name };
  return { page: 'unknown' };
}

export function hrefOf(route: Exclude<Route, { page: 'unknown' }>): string {
  switch (route.page) {
    case 'service':
      return `#/services/${encodeURIComponent(route.name)}`;
    case 'zone':
      return `#/zones/${encodeURIComponent(route.name)}`;
    case 'import':
      return `#/zones/${encodeURIComponent(route.name)}/import`;
    default:
      return `#/${route.page}${route.query === undefined || route.query === '' ? '' : `?${route.query}`}`;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
