/** Which page is shown: the part of the address after `#`, so that the server needs no pages of its own. */

export type Place =
  | { readonly page: 'services' | 'zones' | 'log' | 'tokens' }
  | { readonly page: 'service' | 'zone' | 'import'; readonly name: string }
  | { readonly page: 'unknown' };

/** `#/services/app.example.com` and the like; names are percent-encoded where an address needs it. */
export function placeOf(hash: string): Place {
  const [first = '', second, third, ...rest] = hash.replace(/^#?\/?/, '').split('/');
  const name = second === undefined ? undefined : decoded(second);
  if (rest.length > 0 || (third !== undefined && third !== 'import')) return { page: 'unknown' };
  if (first === '' && second === undefined) return { page: 'services' };
  if (name === undefined) {
    const lists = ['services', 'zones', 'log', 'tokens'] as const;
    const found = lists.find((list) => list === first);
    return found === undefined ? { page: 'unknown' } : { page: found };
  }
  if (name === '') return { page: 'unknown' };
  if (first === 'services' && third === undefined) return { page: 'service', name };
  if (first === 'zones') return { page: third === 'import' ? 'import' : 'zone', name };
  return { page: 'unknown' };
}

export function hrefOf(place: Exclude<Place, { page: 'unknown' }>): string {
  switch (place.page) {
    case 'service':
      return `#/services/${encodeURIComponent(place.name)}`;
    case 'zone':
      return `#/zones/${encodeURIComponent(place.name)}`;
    case 'import':
      return `#/zones/${encodeURIComponent(place.name)}/import`;
    default:
      return `#/${place.page}`;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
