/** What differs between two settings. */
import type { Settings } from '../config.ts';
import { formatPath, settingKeys } from './keys.ts';
import { get } from './sources.ts';

/** The keys, such as `log.level`, whose values differ; the values may be secret and are not told. */
export function changedKeys(before: Settings, after: Settings): string[] {
  const text = (settings: Settings, path: readonly string[]): string | undefined => JSON.stringify(get(settings, path));
  return settingKeys.filter(({ path }) => text(before, path) !== text(after, path)).map(({ path }) => formatPath(path));
}
