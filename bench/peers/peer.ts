/** A nameserver that is measured: how its files are written and how it is started. */
import type { Kind, ZoneSize } from '../workload.ts';

/** Where one server runs: a folder of its own, a port that was free, the zone to serve. */
export interface Site {
  readonly folder: string;
  /** Default: loopback. */
  readonly address?: string;
  /** The network interface that it serves by AF_XDP; none: by sockets. */
  readonly xdp?: string;
  readonly port: number;
  readonly size: ZoneSize;
}

export interface Peer {
  readonly name: string;
  /** Not a nameserver but the least that its runtime can do. */
  readonly isBaseline?: true;
  /** Debian packages that it needs. */
  readonly packages: readonly string[];
  /** Workloads that it can answer; the others are left out for it. */
  readonly kinds: readonly Kind[];
  /** The largest number of names for which it is measured. */
  readonly namesMax: number;
  /** What Teal does for each answer in these measurements and this one does not, in words; '': nothing. */
  readonly lacks: string;
  /** Prints the version. */
  readonly version: readonly string[];
  /** Writes its files and returns the command that runs it in the foreground. */
  prepare(site: Site): Promise<readonly string[]> | readonly string[];
}
