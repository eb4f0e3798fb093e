/** Which page is shown: the part of the address after `#`, so that the server needs no pages of its own. */

export type Route =
  | { readonly page: 'services' | 'zones' | 'log' | 'tokens' | 'fleet' }
  | { readonly page: 'service' | 'zone' | 'import'; readonly name: string }
  | { readonly page: 'unknown' };

/** `#/services/app.example.com` and the like; names are percent-encoded where an address needs it. */
export function routeOf(hash: string): Route {
  const [first = '', second, third, ...rest] = hash.replace(/^#?\/?/, '').split('/');
  const name = second === undefined ? undefined : decoded(second);
  if (rest.length > 0 || (third !== undefined && third !== 'import')) return { page: 'unknown' };
  if (first === '' && second === undefined) return { page: 'services' };
  if (name === undefined) {
    const lists = ['services', 'zones', 'log', 'tokens', 'fleet'] as const;
    const found = lists.find((list) => list === first);
    return found === undefined ? { page: 'unknown' } : { page: found };
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
      return `#/${route.page}`;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
