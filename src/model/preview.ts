/** Preview names: `green.app.example.com` answers from the pool green of app.example.com, whatever the weights. */
import { MAX_NAME_BYTES } from '../wire/constants.ts';
import { nameToWire } from './name.ts';
import type { Service } from './service.ts';

/**
 * The pool of each preview name (canonical text) of a service. They answer where nothing else stands at them. A wildcard
 * service has none, and a name that is too long is none. A name that a pool of the service leads to is left alone, since
 * a record is to stand there.
 */
export function previewNames({ name, kind, pools, previewNames }: Service): Map<string, string> {
  const previews = new Map<string, string>();
  if (!previewNames || name === '*' || name.startsWith('*.')) return previews;
  const bytes = nameToWire(name).length;
  const hosts = kind === 'host' ? pools.flatMap(({ targets }) => targets) : [];
  for (const pool of pools) {
    const preview = name === '' ? pool.name : `${pool.name}.${name}`;
    if (pool.name.length + 1 + bytes > MAX_NAME_BYTES || hosts.includes(preview)) continue;
    previews.set(preview, pool.name);
  }
  return previews;
}
