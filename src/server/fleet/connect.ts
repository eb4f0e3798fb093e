/** The way to etcd, as the settings describe it. */
import { createSecureContext } from 'node:tls';
import { LINES_MAX_BYTES, readBounded, type Waits } from '../../bounded-file.ts';
import type { Settings } from '../../config.ts';
import { Etcd } from '../../etcd/client.ts';
import type { EtcdTls } from '../../etcd/line.ts';
import type { Logger } from '../../log.ts';
import { SettingsError } from '../errors.ts';
import { FLEET_TLS, type NamedFiles } from '../named-files.ts';

export type FleetSettings = NonNullable<Settings['fleet']>;

/** A member that has a quorum answers in milliseconds; an election takes about as long. */
const RPC_TIMEOUT_MS = 1500;

/** Nothing is sent yet. Throws SettingsError. */
export function connectEtcd(
  { endpoints, tls, user, password }: FleetSettings,
  files: NamedFiles,
  log: Pick<Logger, 'warn'>,
): Etcd {
  const login = user === undefined || password === undefined ? undefined : { user, password };
  return new Etcd({
    endpoints,
    login,
    // Files that are of no use are no reason not to start.
    tls: tls && endpoints.some((url) => url.startsWith('https:')) ? renewing(tls, files, log) : undefined,
    timeoutMs: RPC_TIMEOUT_MS,
    random: Math.random,
    wallMs: Date.now,
  });
}

/**
 * What the files have now, and for each later connection what they have by then: they are renewed in place. Where that is
 * of no use (half of it is written yet) the last that was goes on.
 */
function renewing(tls: NonNullable<FleetSettings['tls']>, files: NamedFiles, log: Pick<Logger, 'warn'>): () => EtcdTls {
  let told: string | undefined;
  return () => {
    let wrong: string | undefined;
    const found = files.use(
      FLEET_TLS,
      (waits) => readTls(tls, waits),
      (reason) => {
        wrong = reason;
      },
    );
    if (wrong !== undefined && wrong !== told)
      log.warn({ reason: wrong }, 'etcd is asked by the certificates that were there before');
    told = wrong;
    return inBytes(found);
  };
}

function readTls({ caFile, certFile, keyFile }: NonNullable<FleetSettings['tls']>, waits: Waits) {
  let reading = '';
  const read = (key: string, file: string): string => {
    reading = `fleet.tls.${key}: ${file}`;
    return readBounded(file, LINES_MAX_BYTES, waits).toString('utf8');
  };
  try {
    const tls = {
      ca: read('caFile', caFile),
      ...(certFile !== undefined && { cert: read('certFile', certFile) }),
      ...(keyFile !== undefined && { key: read('keyFile', keyFile) }),
    };
    reading = 'fleet.tls';
    createSecureContext(tls);
    return tls;
  } catch (error) {
    throw new SettingsError(`${reading}: expected PEM, found: ${(error as Error).message}`);
  }
}

/** PEM, as the client of etcd takes it. */
function inBytes({ ca, cert, key }: ReturnType<typeof readTls>): EtcdTls {
  const bytes = (name: 'cert' | 'key', text: string | undefined) => text !== undefined && { [name]: Buffer.from(text) };
  return { ca: Buffer.from(ca), ...bytes('cert', cert), ...bytes('key', key) };
}
