/** How the members of etcd are, each asked by itself: what it is, how large its database is and may become, and its alarms. */
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { listen } from '../guard.ts';
import { EtcdFailure } from './failure.ts';
import { type EtcdTls, Line } from './line.ts';
import { methodOf } from './protocol.ts';

/** How a member is. */
export interface MemberStatus {
  readonly endpoint: string;
  /** Which it is a member of. */
  readonly cluster: string;
  readonly version: string;
  /** Of the file, with what is free in it: the quota counts that. */
  readonly databaseBytes: number;
  /** What the file may have; undefined: the member does not tell, or has no limit. */
  readonly quotaBytes: number | undefined;
  readonly isLeader: boolean;
  /** Alarms such as NOSPACE. */
  readonly errors: readonly string[];
}

interface WireStatus {
  readonly header: { readonly cluster_id: string; readonly member_id: string };
  readonly version: string;
  readonly dbSize: string;
  /** 0 before etcd 3.6, which does not have it. */
  readonly dbSizeQuota: string;
  readonly leader: string;
  readonly errors: readonly string[];
}

const STATUS = methodOf('Maintenance', 'Status');
/** Each member is asked by a new connection, which over a far network takes longer to make than a request by it. */
const PATIENCE_FACTOR = 2;
/** A quota changes with a restart of its member only. */
const QUOTA_KEPT_MS = 60_000;
/** Of the page of metrics, which has some 100 KiB. */
const PAGE_MAX_CHARS = 4 * 2 ** 20;
const QUOTA_LINE = /^etcd_server_quota_backend_bytes (\S+)$/m;
const WHAT = "a request for etcd's metrics";

interface AskingParts {
  readonly endpoints: readonly string[];
  readonly tls?: (() => EtcdTls) | undefined;
  /** For a request by a connection that is there. */
  readonly timeoutMs: number;
  readonly wallMs: () => number;
}

export class Members {
  readonly #parts: AskingParts;
  readonly #quotas = new Map<string, { readonly bytes: number | undefined; readonly atMs: number }>();

  constructor(parts: AskingParts) {
    this.#parts = parts;
  }

  /** In the order of the endpoints. */
  all(): Promise<(MemberStatus | EtcdFailure)[]> {
    return Promise.all(this.#parts.endpoints.map((endpoint) => this.#ask(endpoint)));
  }

  get #patienceMs(): number {
    return PATIENCE_FACTOR * this.#parts.timeoutMs;
  }

  async #ask(endpoint: string): Promise<MemberStatus | EtcdFailure> {
    const { tls, wallMs } = this.#parts;
    const line = new Line(endpoint, tls?.());
    const deadline = new Date(wallMs() + this.#patienceMs);
    const found = await line.ask<WireStatus>(STATUS, {}, { deadline, token: undefined });
    line.close();
    if (found instanceof EtcdFailure) return found;
    const { header, version, dbSize, dbSizeQuota, leader, errors } = found;
    const quotaBytes = dbSizeQuota === '0' ? await this.#quotaOf(endpoint) : Number(dbSizeQuota);
    return {
      endpoint,
      cluster: header.cluster_id,
      version,
      databaseBytes: Number(dbSize),
      quotaBytes,
      errors,
      isLeader: leader === header.member_id,
    };
  }

  /** As its metrics have it, which all versions tell. */
  async #quotaOf(endpoint: string): Promise<number | undefined> {
    const { tls, wallMs } = this.#parts;
    const kept = this.#quotas.get(endpoint);
    if (kept !== undefined && Math.abs(wallMs() - kept.atMs) < QUOTA_KEPT_MS) return kept.bytes;
    const page = await metricsOf(endpoint, tls?.(), this.#patienceMs);
    if (page === undefined) return kept?.bytes;
    const bytes = Number(QUOTA_LINE.exec(page)?.[1]);
    // None where it is switched off.
    const quota = { bytes: bytes > 0 ? bytes : undefined, atMs: wallMs() };
    this.#quotas.set(endpoint, quota);
    return quota.bytes;
  }
}

/** undefined: they could not be had in time. */
function metricsOf(endpoint: string, tls: EtcdTls | undefined, timeoutMs: number): Promise<string | undefined> {
  const url = new URL('/metrics', endpoint);
  const options = { signal: AbortSignal.timeout(timeoutMs), agent: false };
  return new Promise((resolve) => {
    const request = url.protocol === 'https:' ? secureRequest(url, { ...options, ...tls }) : plainRequest(url, options);
    listen(request, 'error', WHAT, () => resolve(undefined));
    listen(request, 'response', WHAT, (response: IncomingMessage) => {
      let page = '';
      response.setEncoding('utf8');
      listen(response, 'data', WHAT, (piece: string) => {
        page += piece;
        if (page.length > PAGE_MAX_CHARS) request.destroy();
      });
      listen(response, 'error', WHAT, () => resolve(undefined));
      listen(response, 'close', WHAT, () =>
        resolve(response.complete && response.statusCode === 200 ? page : undefined),
      );
    });
    request.end();
  });
}
