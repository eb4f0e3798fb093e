/** The bench zone as a master file (RFC 1035 §5), written in pieces: a million names do not fit one string well. */
import fs from 'node:fs';
import { APEX, hostAddress, STATIC_TTL_SECONDS, type ZoneSize } from '../workload.ts';
import { shapeLines } from './shapes.ts';

/** Lines for one service, by its number. */
export type ServiceLines = (i: number) => string;

export interface Lines {
  /** For `s0` …; left out where another file defines them. */
  readonly service?: ServiceLines;
  /** For `c0` …. */
  readonly alias?: ServiceLines;
}

const HEAD = `$ORIGIN ${APEX}.
$TTL ${STATIC_TTL_SECONDS}
@ SOA ns1 hostmaster 1 7200 3600 1209600 60
@ NS ns1
ns1 A 192.0.2.253
mail A 192.0.2.254
@ MX 10 mail
@ TXT "v=spf1 mx -all"
`;

export function writeZone(file: string, size: ZoneSize, lines: Lines = {}): void {
  writeLines(
    file,
    (function* () {
      yield HEAD;
      if (size.shape !== undefined) yield* shapeLines(size.shape);
      for (let i = 0; i < size.hosts; i++) yield `h${i} A ${hostAddress(i)}\n`;
      if (lines.service !== undefined) for (let i = 0; i < size.services; i++) yield lines.service(i);
      if (lines.alias !== undefined) for (let i = 0; i < size.aliases; i++) yield lines.alias(i);
    })(),
  );
}

const PIECE_CHARACTERS = 2 ** 20;

export function writeLines(file: string, lines: Iterable<string>): void {
  const fd = fs.openSync(file, 'w');
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length < PIECE_CHARACTERS) continue;
    fs.writeSync(fd, piece);
    piece = '';
  }
  fs.writeSync(fd, piece);
  fs.closeSync(fd);
}
