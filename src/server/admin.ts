/** The door of the admin API: its first token, its certificate, its address. */
import { randomBytes } from 'node:crypto';
import type net from 'node:net';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { createApp } from '../api/app.ts';
import type { ApiOptions } from '../api/parts.ts';
import { LINES_MAX_BYTES, readBounded, type Waits } from '../bounded-file.ts';
import { findOpenness } from '../config/openness.ts';
import type { Settings } from '../config.ts';
import type { Engine } from '../control/engine.ts';
import { Tokens } from '../control/tokens.ts';
import type { Logger } from '../log.ts';
import { formatEndpoint } from '../sockets/address.ts';
import { bindRefusal } from '../sockets/bind-refusal.ts';
import type { Inherited } from '../sockets/inherited.ts';
import type { Store } from '../store/sqlite.ts';
import { connectionsLeft, makePrefixOf, openFilesMax } from './client-limits.ts';
import { mustWork, SettingsError, StartError } from './errors.ts';
import type { NamedFiles } from './named-files.ts';
import { checkPeople } from './people.ts';
import { writePrivate } from './private-file.ts';
import { mailPassword } from './secret-file.ts';
import { readVersion } from './version.ts';

/** The built page lies in dist/console, beside the compiled server or beside the sources that are run as they are. */
const CONSOLE_FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/console' : '../console', import.meta.url),
);

/** What the admin API needs to know of the settings, and whether all files that they name for it are of use. Throws SettingsError. */
export function apiOptions({ admin, dns, metrics, mail, console: page = {} }: Settings, files: NamedFiles): ApiOptions {
  const { bodyMaxBytes, zoneFileMaxBytes, authFailuresPerMinute, hosts, tls } = admin;
  // Browsers come back from the provider by this name.
  const { oidc, ...shown } = page;
  checkPeople(oidc, files);
  mailPassword(mail, files);
  return {
    hosts: oidc === undefined ? hosts : [...hosts, new URL(oidc.redirectUrl).hostname],
    door: {
      maxConnections: connectionsLeft(admin.maxConnections, dns.tcp.maxConnections, openFilesMax()),
      maxConnectionsPerPrefix: admin.maxConnectionsPerPrefix,
      prefixOf: makePrefixOf(dns.rateLimit),
    },
    version: readVersion(),
    metricsPublic: metrics.public,
    bodyMaxBytes,
    zoneFileMaxBytes,
    authFailuresPerMinute,
    console: shown,
    consoleFolder: CONSOLE_FOLDER,
    ...(tls && { tls: files.use(TLS, (waits) => readTls(tls, waits)) }),
  };
}

/** The tokens; the first one of a data directory is written to a file of its own. */
export async function openTokens(engine: Engine, store: Store, settings: Settings, log: Logger): Promise<Tokens> {
  const { token, readToken } = settings.admin;
  const file = join(settings.dataDir, 'admin.token');
  const fromSettings = {
    ...(token === undefined ? {} : { admin: token }),
    ...(readToken === undefined ? {} : { read: readToken }),
  };
  const keep = (secret: string): void => {
    writePrivate(file, `${secret}\n`);
    log.info({ file }, 'admin token made; it is in this file and nowhere else');
  };
  return mustWork(await Tokens.open({ engine, store, settings: fromSettings, atMs: Date.now(), randomBytes, keep }));
}

/** The setting that names the certificate and its key. */
export const TLS = 'admin.tls';

/** The certificate and its key. Throws SettingsError. */
export function readTls(
  { certFile, keyFile }: { readonly certFile: string; readonly keyFile: string },
  waits?: Waits,
): { cert: string; key: string } {
  let reading = '';
  const read = (key: string, file: string): string => {
    reading = `${TLS}.${key}: ${file}`;
    return readBounded(file, LINES_MAX_BYTES, waits).toString('utf8');
  };
  try {
    const pair = { cert: read('certFile', certFile), key: read('keyFile', keyFile) };
    reading = TLS;
    createSecureContext(pair);
    return pair;
  } catch (error) {
    const { message } = error as Error;
    throw new SettingsError(`${reading}: expected a certificate and its key in PEM, found: ${message}`);
  }
}

/** Connections that wait to be accepted: in a burst that is larger, one more would try again after a second only. */
const BACKLOG = 4096;

/** Listens, on the socket that was handed over if one was; returns the base URL. */
export async function listenAdmin(
  app: ReturnType<typeof createApp>,
  settings: Settings['admin'],
  inherited: Inherited['admin'],
): Promise<string> {
  const { address, port } = inherited?.endpoint ?? settings.listen;
  const openness = findOpenness({ address, port }, settings);
  if (openness !== undefined) throw new SettingsError(`the socket named admin: ${openness}`);
  try {
    // Node looks at the descriptor first, Fastify at the host.
    await app.listen({ host: address, port, backlog: BACKLOG, ...(inherited && { fd: inherited.fd }) });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = bindRefusal(code) ?? message;
    throw new StartError(`cannot listen on ${formatEndpoint({ address, port })} (admin): ${why}`);
  }
  const bound = app.server.address() as net.AddressInfo;
  return `${settings.tls ? 'https' : 'http'}://${formatEndpoint({ address: bound.address, port: bound.port })}`;
}

/** Nobody gets in from now on, and whoever is inside is sent away, in the middle of a word. Throws nothing. */
export function closeDoor({ server }: ReturnType<typeof createApp>): void {
  try {
    server.close();
    server.closeAllConnections();
  } catch {
    // It is closed already.
  }
}
