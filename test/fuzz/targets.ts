/** The targets by name. */
import type { FuzzTarget } from './fuzzer.ts';
import { makeParseQuery } from './targets/parse-query.ts';

export const targets: Readonly<Record<string, () => FuzzTarget>> = {
  'parse-query': makeParseQuery,
};
