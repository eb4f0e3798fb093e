/** The targets by name. */
import type { FuzzTarget } from './fuzzer.ts';
import { makeParseQuery } from './targets/parse-query.ts';
import { makeRdata } from './targets/rdata.ts';
import { makeZoneFile } from './targets/zone-file.ts';

export const targets: Readonly<Record<string, () => FuzzTarget>> = {
  'parse-query': makeParseQuery,
  'zone-file': makeZoneFile,
  rdata: makeRdata,
};
