/** `teal dnssec`: zones are signed, their keys rolled, and what is waited for is said in one sentence. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { LINES_MAX_BYTES } from '../bounded-file.ts';
import type { RRset, Signing, SigningKeys } from '../contract/types.ts';
import { makeFolder } from '../folders.ts';
import { path } from './api.ts';
import { confirm } from './confirm.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { columns, printable, warningLines } from './format/text.ts';
import { readBytes } from './input-file.ts';
import { collect, durationValue } from './option-values.ts';
import { describeRemote, describeWrite, openSession, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface SignOptions extends SessionOptions {
  readonly algorithm?: string;
  readonly denial?: string;
  readonly keyFile?: string;
  readonly foreignKey?: readonly string[];
  /** False: they are taken out. */
  readonly foreignKeys: boolean;
  readonly keyTtl?: number;
  readonly replaceSignatures?: boolean;
  readonly insecure?: boolean;
  readonly force?: boolean;
}

export function add(program: Command, shell: Shell): void {
  const group = program
    .command('dnssec')
    .helpGroup('Zones and services:')
    .summary('signed zones: sign, status, roll, unsign, export and import keys')
    .description('Zones that are signed (DNSSEC). `status` says in one sentence what is waited for, and until when.');
  addSign(group, shell);
  const status = group
    .command('status <zone>')
    .description('What is waited for, until when, and the DS lines that the parent is to have.')
    .action(async (zone: string, options: SessionOptions) => {
      const session = await openSession(shell, options);
      const signing = await session.api.get<Signing>(path`/v1/zones/${zone}/dnssec`);
      session.show(signing, () => signingLines(signing));
    });
  describeRemote(status, 'teal dnssec status example.com');
  addPutDs(group, shell);
  addRoll(group, shell);
  addUnsign(group, shell);
  addKeys(group, shell);
}

function addSign(group: Command, shell: Shell): void {
  const command = group
    .command('sign <zone>')
    .description('Sign a zone, change how it is signed, or take an unsigning back.')
    .option('--algorithm <name>', 'ecdsap256sha256 (where nothing is said) or ed25519')
    .option('--denial <name>', 'how absence is proved: nsec (where nothing is said), or nsec3, which tells no names')
    .option('--key-file <file>', "a private key that is there already: PEM, or BIND's .private")
    .option(
      '--foreign-key <rdata>',
      'DNSKEY of another signer of the zone, such as "257 3 13 …"; repeat it for all',
      collect,
    )
    .option('--no-foreign-keys', 'take the keys of other signers out')
    .option('--force', 'take them out though the parent may have their DS, or caches their signatures')
    .option('--key-ttl <duration>', 'TTL of the keys, by which a roll waits: 1h where nothing is said', durationValue)
    .option('--replace-signatures', 'those that the zone was imported with; by the key that its DS is of (--key-file)')
    .option('--insecure', 'with --replace-signatures: by a new key, where the parent has no DS any more')
    .action(async (zone: string, options: SignOptions) => {
      const { algorithm, denial, keyFile, foreignKey, foreignKeys, keyTtl, replaceSignatures, insecure, force } =
        options;
      if (force && foreignKeys && foreignKey === undefined) {
        throw new Failure(EXIT.USAGE, '--force goes with --no-foreign-keys, or with --foreign-key for those that stay');
      }
      if (insecure && !replaceSignatures) throw new Failure(EXIT.USAGE, '--insecure goes with --replace-signatures');
      if (replaceSignatures && !insecure && keyFile === undefined) {
        const why = 'expected --key-file, the private key that the DS at the parent is of; without it';
        throw new Failure(EXIT.USAGE, `${why} the DS has to go first, and then --insecure says so`);
      }
      const privateKey = keyFile === undefined ? undefined : await readKey(keyFile, shell);
      const session = await openSession(shell, options);
      const body = {
        ...(algorithm && { algorithm }),
        ...(denial && { denial }),
        ...(privateKey && { privateKey }),
        ...(foreignKey && { foreignKeys: foreignKey }),
        ...(!foreignKeys && { foreignKeys: [] }),
        ...(keyTtl !== undefined && { dnskeyTtlSeconds: keyTtl }),
        ...(force && { force }),
        ...(replaceSignatures && { replaceSignatures: insecure ? 'insecure' : 'chain' }),
      };
      const signing = await session.api.put<Signing>(path`/v1/zones/${zone}/dnssec`, { body });
      session.show(signing, () => signingLines(signing));
    });
  describeWrite(
    command,
    `
    teal dnssec sign example.com
    teal dnssec sign example.com --algorithm ed25519
    teal dnssec sign example.com --denial nsec3
    teal dnssec sign example.com --replace-signatures --key-file Kexample.com.+013+12345.private
    `,
  );
}

function addPutDs(group: Command, shell: Shell): void {
  const command = group
    .command('delegate <zone>')
    .description('Put the DS that a zone is to have into its parent, where that is a zone of this server.')
    .option('--ttl <duration>', 'TTL of the DS, by which a roll waits: 1h where nothing is said', durationValue)
    .action(async (zone: string, options: SessionOptions & { ttl?: number }) => {
      const session = await openSession(shell, options);
      const to = path`/v1/zones/${zone}/dnssec`;
      const { parentHere, ds, status } = await session.api.get<Signing>(to);
      if (parentHere === null) throw new Failure(EXIT.NEGATIVE, `the parent of ${zone} is not a zone of this server`);
      if (ds.length === 0) throw new Failure(EXIT.NEGATIVE, `the parent is to have no DS of ${zone} now: ${status}`);
      const body = { ttlSeconds: options.ttl ?? DS_TTL_SECONDS, rdata: ds.map(rdataOfDs) };
      const made = await session.api.put<RRset>(path`/v1/zones/${parentHere.zone}/rrsets/${zone}/DS`, { body });
      const signing = await session.api.get<Signing>(to);
      session.show(signing, () => [
        `${parentHere.zone} has the DS of ${zone}.`,
        ...warningLines(made),
        '',
        ...signingLines(signing),
      ]);
    });
  describeWrite(command, 'teal dnssec delegate app.example.com');
}

/** An hour, as of the keys. */
const DS_TTL_SECONDS = 3600;

/** Of a line as a zone file has it. */
function rdataOfDs(line: string): string {
  return line.slice(line.indexOf(' IN DS ') + ' IN DS '.length);
}

function addRoll(group: Command, shell: Shell): void {
  const command = group
    .command('roll <zone>')
    .description('Replace the key of a zone by a new one, step by step; `status` says when the parent needs its DS.')
    .option('--key-file <file>', "a private key that is there already: PEM, or BIND's .private")
    .action(async (zone: string, options: SessionOptions & { keyFile?: string }) => {
      const privateKey = options.keyFile === undefined ? undefined : await readKey(options.keyFile, shell);
      const session = await openSession(shell, options);
      const body = privateKey === undefined ? {} : { privateKey };
      const signing = await session.api.post<Signing>(path`/v1/zones/${zone}/dnssec/roll`, body);
      session.show(signing, () => signingLines(signing));
    });
  describeWrite(command, 'teal dnssec roll example.com');
}

function addUnsign(group: Command, shell: Shell): void {
  const command = group
    .command('unsign <zone>')
    .description('Unsign a zone: it stays signed until no cache can hold a DS for it.')
    .option('--force', 'at once, whatever DS the parent has: those who validate get no answer any more')
    .option('-y, --yes', 'do not ask')
    .action(async (zone: string, options: SessionOptions & { force?: boolean; yes?: boolean }) => {
      const session = await openSession(shell, options);
      const to = path`/v1/zones/${zone}/dnssec`;
      if (options.force && !options.yes) {
        const question = `Unsign ${zone} at once? Where the parent has a DS, those who validate get no answer any more.`;
        await confirm(session, question, 'do it');
      }
      await session.api.delete(`${to}${options.force ? '?force=true' : ''}`);
      if (options.force) {
        session.show({ zone, signed: false }, () => [`${zone} is not signed any more.`]);
        return;
      }
      const signing = await session.api.get<Signing>(to);
      session.show(signing, () => signingLines(signing));
    });
  describeWrite(command, 'teal dnssec unsign example.com');
}

function addKeys(group: Command, shell: Shell): void {
  const exported = group
    .command('export <zone>')
    .description('Write the private keys of a zone into a folder, as PEM and as BIND has them. Only you can read them.')
    .requiredOption('-o, --output <folder>', 'where to; it is made')
    .action(async (zone: string, options: SessionOptions & { output: string }) => {
      const session = await openSession(shell, options);
      const { items } = await session.api.get<SigningKeys>(path`/v1/zones/${zone}/dnssec/keys`);
      const files = items.flatMap(({ pem, bind }) => [
        { file: join(options.output, fileName(`${bind.name}.pem`)), text: pem },
        { file: join(options.output, fileName(`${bind.name}.private`)), text: bind.private },
        { file: join(options.output, fileName(`${bind.name}.key`)), text: bind.key },
      ]);
      writeAll(options.output, files);
      session.show({ files: files.map(({ file }) => file) }, () => files.map(({ file }) => `Wrote ${file}.`));
    });
  describeRemote(exported, 'teal dnssec export example.com -o keys');
  const imported = group
    .command('import <zone> <file>')
    .description("Sign a zone that is not signed with a key that is there already: PEM, or BIND's .private.")
    .action(async (zone: string, file: string, options: SessionOptions) => {
      const privateKey = await readKey(file, shell);
      const session = await openSession(shell, options);
      const signing = await session.api.put<Signing>(path`/v1/zones/${zone}/dnssec`, { body: { privateKey } });
      session.show(signing, () => signingLines(signing));
    });
  describeWrite(imported, 'teal dnssec import example.com Kexample.com.+013+12345.private');
}

/** Where nothing is in it, a new key would be made in place of the one that is meant. Throws Failure. */
async function readKey(file: string, shell: Shell): Promise<string> {
  const text = (await readBytes(file, LINES_MAX_BYTES, shell)).toString('latin1');
  if (text.trim() === '') throw new Failure(EXIT.REFUSED, `${file}: expected a private key, and it is empty`);
  return text;
}

/** What the server says is no path. */
function fileName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9.+_-]/g, '_');
}

function writeAll(folder: string, files: readonly { readonly file: string; readonly text: string }[]): void {
  if (folder === '') throw new Failure(EXIT.USAGE, '--output: expected a folder, found ""');
  try {
    makeFolder(folder);
    for (const { file, text } of files) writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code, path: at = folder } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'it is there already' : `cannot be written (${code})`;
    throw new Failure(EXIT.CANNOT_WRITE, `${at}: ${why}`);
  }
}

export function signingLines({ zone, status, ds, keys, parent, parentHere, notified }: Signing): string[] {
  const rows = keys.map(({ tag, algorithm, role }) => [String(tag), algorithm, role]);
  const lines = ds.length === 0 ? [] : ['', 'The parent is to have:', ...ds.map((line) => `  ${line}`)];
  const servers = parent?.servers ?? [];
  const seen = servers.map(({ server, ds: has, error }) => [
    server,
    printable(has === null ? `not heard: ${error}` : has.join('; ') || 'no DS'),
  ]);
  return [
    printable(status),
    ...lines,
    '',
    ...columns([['KEY', 'ALGORITHM', 'ROLE'], ...rows], [0]),
    ...parentHereLines(zone, ds, parentHere),
    ...(seen.length === 0 ? [] : ['', ...columns([['PARENT SERVER', 'HAS'], ...seen])]),
    ...toldLines(notified),
  ];
}

/** Where the parent is a zone of this server, nobody has to carry the DS anywhere. */
function parentHereLines(zone: string, ds: readonly string[], parentHere: Signing['parentHere']): string[] {
  if (parentHere === null || ds.length === 0) return [];
  const has = parentHere.ds.map((rdata) => rdata.toUpperCase());
  if (ds.every((line) => has.includes(rdataOfDs(line).toUpperCase()))) return [];
  return [
    '',
    printable(
      `Its parent ${parentHere.zone} is a zone of this server: teal dnssec delegate ${zone} puts the DS there.`,
    ),
  ];
}

/** How the parent was told. Of what it answered, since only that is the server's own word. */
function toldLines(notified: Signing['notified']): string[] {
  if (notified === null) return [];
  const { at, endpoint, error } = notified;
  const what = error === null ? `was told of the CDS at ${endpoint}` : `was not told of the CDS: ${error}`;
  return ['', printable(`The parent ${what} (${at}).`)];
}
