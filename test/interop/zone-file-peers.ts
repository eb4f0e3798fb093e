/** What other programs say of a zone file: whether they take it, and which RRsets they read in it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatLabels, lowerName } from '../../src/wire/name.ts';

export interface Verdict {
  readonly accepted: boolean;
  /** What the program printed, for the report of a difference. */
  readonly output: string;
}

/** Names of Debian packages, for who runs the test without them. */
const packages = {
  'named-checkzone': 'bind9-utils',
  'ldns-read-zone': 'ldnsutils',
  kzonecheck: 'knot-dnssecutils',
  'nsd-checkzone': 'nsd',
};

export type Peer = keyof typeof packages;

/** A file in a folder of its own, gone after the test. */
export class ZoneFileOnDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'teal-zone-file-'));
  readonly path = join(this.folder, 'zone');
  readonly #dump = join(this.folder, 'dump');

  constructor(text: Uint8Array, files: Readonly<Record<string, string>> = {}) {
    writeFileSync(this.path, text);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.folder, name), content);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  ask(peer: Peer, zone: string): Verdict {
    const args: Record<Peer, string[]> = {
      'named-checkzone': ['-D', '-F', 'raw', '-o', this.#dump, zone, this.path],
      'ldns-read-zone': [this.path],
      kzonecheck: ['-o', zone, this.path],
      'nsd-checkzone': [zone, this.path],
    };
    const { status, stdout, stderr, error } = spawnSync(peer, args[peer], { cwd: this.folder, encoding: 'latin1' });
    if (error) throw new Error(`${peer} cannot be run, install the package ${packages[peer]}: ${error.message}`);
    return { accepted: status === 0, output: `${peer}: ${(stdout + stderr).trim()}` };
  }

  /** The RRsets that named-checkzone read, in wire form: no reader of text is needed to compare them. */
  dumped(): RRsetLines {
    return readRawDump(readFileSync(this.#dump));
  }
}

/** RRsets as sorted lines: owner, TTL, type, RDATA in hex. */
export type RRsetLines = readonly string[];

export function rrsetLine(owner: Uint8Array, ttlSeconds: number, type: number, rdata: readonly Uint8Array[]): string {
  const hex = rdata.map((data) => Buffer.from(data).toString('hex')).sort();
  return `${formatLabels(lowerName(owner))}. ${ttlSeconds} TYPE${type} ${hex.join(' ')}`;
}

/** BIND's masterfile-format `raw`: a header, then RRsets behind their lengths (bind9, lib/dns/include/dns/master.h). */
function readRawDump(dump: Buffer): RRsetLines {
  const HEADER_BYTES = 24;
  const lines: string[] = [];
  for (let at = HEADER_BYTES; at < dump.length; ) {
    const end = at + dump.readUInt32BE(at);
    const type = dump.readUInt16BE(at + 6);
    const ttlSeconds = dump.readUInt32BE(at + 10);
    const count = dump.readUInt32BE(at + 14);
    const nameBytes = dump.readUInt16BE(at + 18);
    const owner = dump.subarray(at + 20, at + 20 + nameBytes);
    const rdata: Buffer[] = [];
    for (let from = at + 20 + nameBytes; rdata.length < count; ) {
      const next = from + 2 + dump.readUInt16BE(from);
      rdata.push(dump.subarray(from + 2, next));
      from = next;
    }
    lines.push(rrsetLine(owner, ttlSeconds, type, rdata));
    at = end;
  }
  return lines.sort();
}
