/** Which server to talk to, and with which token: from flags, the environment, the configuration file, or what lies here. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { LINES_MAX_BYTES, readBounded, unreadable } from '../bounded-file.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { telling } from './input-file.ts';
import { type LocalServer, localServer } from './local-server.ts';
import type { Shell } from './shell.ts';

export interface Connection {
  /** Without a slash at its end. */
  readonly url: string;
  /** In words, for messages. */
  readonly urlFrom: string;
  readonly token: string | undefined;
  readonly tokenFrom: string;
  /** Of an address of this machine. */
  readonly local?: LocalServer;
  /** What the user should know, once. */
  readonly warnings: readonly string[];
}

interface ConnectionOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** Where `teal serve` listens unless told otherwise. */
const DEFAULT_URL = 'http://127.0.0.1:8053';

interface ConfigFile {
  readonly name: string;
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/** Flags win over the environment, the environment over the file. Throws Failure. */
export async function findConnection(options: ConnectionOptions, shell: Shell): Promise<Connection> {
  const file = await readConfigFile(shell);
  const { url, urlFrom } = findUrl(options, shell, file);
  // What lies here is for nobody but a server on this machine.
  const note = (line: string): void => shell.stderr.write(`${line}\n`);
  const local = isLoopback(url) ? localServer(shell.env.TEAL_DATA_DIR || 'data', note) : undefined;
  const { token, tokenFrom } = findToken(options, shell, file) ?? local?.token() ?? NO_TOKEN;
  checkToken(token, tokenFrom);
  const warnings = [
    ...(url.startsWith('http:') && !isLoopback(url) && token !== undefined
      ? [`the token goes to ${url} in the clear; use https, or a tunnel`]
      : []),
    ...(file?.token !== undefined && isReadByOthers(file.name)
      ? [`${file.name} has a token and others may read it: chmod 600`]
      : []),
  ];
  return { url, urlFrom, token, tokenFrom, ...(local && { local }), warnings };
}

function findUrl(
  options: ConnectionOptions,
  { env }: Shell,
  file: ConfigFile | undefined,
): { url: string; urlFrom: string } {
  if (options.url !== undefined) return { url: checkUrl(options.url, '--url'), urlFrom: '--url' };
  if (env.TEAL_ADMIN_URL) return { url: checkUrl(env.TEAL_ADMIN_URL, 'TEAL_ADMIN_URL'), urlFrom: 'TEAL_ADMIN_URL' };
  if (file?.url !== undefined) return { url: checkUrl(file.url, `${file.name}: url`), urlFrom: file.name };
  return { url: DEFAULT_URL, urlFrom: 'the default' };
}

function checkUrl(text: string, from: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '') {
    let { href } = url;
    while (href.endsWith('/')) href = href.slice(0, -1);
    return href;
  }
  throw new Failure(
    EXIT.USAGE,
    `${from}: expected an address such as http://127.0.0.1:8053, found ${JSON.stringify(text)}`,
  );
}

/** Said here, since nothing else could be sent at all. */
function checkToken(token: string | undefined, from: string): void {
  if (token === undefined || /^[\x20-\x7e]*$/.test(token)) return;
  throw new Failure(EXIT.NO_PERMISSION, `${from}: expected a token on one line, of printable ASCII characters`);
}

const NO_TOKEN = { token: undefined, tokenFrom: 'nowhere' };

/** The one that somebody has named; undefined: nobody has. */
function findToken(
  options: ConnectionOptions,
  shell: Shell,
  file: ConfigFile | undefined,
): { token: string; tokenFrom: string } | undefined {
  const { env } = shell;
  if (options.tokenFile !== undefined) return fromFile(options.tokenFile, '--token-file', shell);
  if (env.TEAL_TOKEN) return { token: env.TEAL_TOKEN.trim(), tokenFrom: 'TEAL_TOKEN' };
  // As in a file of its own, where a line feed ends it.
  if (file?.token !== undefined) return { token: file.token.trim(), tokenFrom: file.name };
  if (file?.tokenFile !== undefined) return fromFile(file.tokenFile, `${file.name}: tokenFile`, shell);
  return undefined;
}

function fromFile(name: string, from: string, shell: Shell): { token: string; tokenFrom: string } {
  let token: string;
  try {
    token = readBounded(name, LINES_MAX_BYTES, telling(name, shell)).toString('utf8').trim();
  } catch (error) {
    throw new Failure(EXIT.NO_INPUT, `${from}: expected a file with a token, and ${name} ${unreadable(error)}`);
  }
  if (token === '') throw new Failure(EXIT.NO_PERMISSION, `${from}: expected a token, and ${name} is empty`);
  return { token, tokenFrom: name };
}

/** `~/.config/teal/config.yaml`, or under XDG_CONFIG_HOME. */
function configFileName({ env, home }: Shell): string {
  return join(env.XDG_CONFIG_HOME || join(home, '.config'), 'teal', 'config.yaml');
}

async function readConfigFile(shell: Shell): Promise<ConfigFile | undefined> {
  const name = configFileName(shell);
  let text: string;
  try {
    text = readBounded(name, LINES_MAX_BYTES, telling(name, shell)).toString('utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new Failure(EXIT.CONFIG, `${name} ${unreadable(error)}`);
  }
  // Loaded only where there is a file, since most commands start without.
  const { parseDocument } = await import('yaml');
  const { readDocument } = await import('../yaml.ts');
  const read = readDocument(parseDocument(text), text);
  const content: unknown = read.fault === undefined ? (read.content ?? {}) : undefined;
  const known = ['url', 'token', 'tokenFile'];
  const isRight =
    typeof content === 'object' &&
    Object.entries(content as object).every(([key, value]) => known.includes(key) && typeof value === 'string');
  if (!isRight)
    throw new Failure(EXIT.CONFIG, `${name}: expected YAML with the keys url, token or tokenFile, each a text`);
  return { ...(content as object), name };
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function isReadByOthers(name: string): boolean {
  return process.platform !== 'win32' && (statSync(name).mode & 0o077) !== 0;
}
