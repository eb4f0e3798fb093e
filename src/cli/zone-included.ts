/** A zone file and the files that it includes, as one text: the server reads no others. */
import type { Finding, Service } from '../contract/types.ts';
import { canonicalName } from '../model/name.ts';
import { readZone } from '../model/zone-check.ts';
import { canonicalOrder, writeZoneFile } from '../wire/zone-file/writer.ts';
import { findingLine } from './api.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { plural } from './format/text.ts';
import { includeFrom } from './include-folder.ts';

interface Included {
  readonly text: Buffer;
  /** With the files and lines where they are, which the text no longer has. */
  readonly warnings: readonly Finding[];
}

/** `services`: those of the zone. Throws Failure where the server would refuse the records, with the places. */
export function included(zone: string, bytes: Buffer, folder: string, services: readonly Service[]): Included {
  const name = canonicalName(zone);
  if (typeof name !== 'string') throw new Failure(EXIT.USAGE, name.detail);
  const namesOf = (list: readonly Service[]): Set<string> => new Set(list.map((service) => service.name));
  const { content, findings } = readZone(name, bytes, {
    include: includeFrom(folder),
    services: namesOf(services),
    aliases: namesOf(services.filter(({ kind }) => kind === 'host')),
  });
  const { errors, warnings, moreErrors } = findings;
  if (errors.length > 0) {
    const detail = `The file of ${zone} has ${plural(errors.length + moreErrors, 'error')}; the zone is as it was.`;
    const problem = { code: 'zone_file_invalid', detail, findings: [...errors, ...warnings] };
    throw new Failure(EXIT.REFUSED, `${detail} [${problem.code}]`, {
      problem,
      lines: problem.findings.map(findingLine),
    });
  }
  const rrsets = canonicalOrder([...content.names.values()].flat());
  return { text: Buffer.from([...writeZoneFile(name, [], rrsets)].join('')), warnings };
}
