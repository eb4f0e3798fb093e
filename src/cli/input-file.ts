/** Files that a command is told to read: YAML or JSON with one shape, `-` for standard input. */
import { existsSync } from 'node:fs';
import {
  asLongAsItTakes,
  readBounded,
  TEXT_MAX_BYTES,
  unreadable,
  type Waits,
  ZONE_FILE_MAX_BYTES,
} from '../bounded-file.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import type { Shell } from './shell.ts';

/** The bytes of a file, of at most so many. Throws Failure. */
export async function readBytes(name: string, maxBytes: number, shell: Shell): Promise<Buffer> {
  try {
    return name === '-' ? await shell.readInput(maxBytes) : readBounded(name, maxBytes, telling(name, shell));
  } catch (error) {
    throw new Failure(EXIT.NO_INPUT, `${shownFile(name)} ${unreadable(error)}`);
  }
}

/** The bytes of a zone's file. Throws Failure, also where the two may have changed places. */
export async function readZoneFile(zone: string, file: string, shell: Shell): Promise<Buffer> {
  if (zone === '') throw new Failure(EXIT.USAGE, 'expected the name of a zone, found ""');
  if (file !== '-' && !existsSync(file) && existsSync(zone))
    throw new Failure(
      EXIT.USAGE,
      `expected the name of a zone and then its file, found the file ${zone} and no file ${file}`,
    );
  return readBytes(file, ZONE_FILE_MAX_BYTES, shell);
}

/** A pipe that brings nothing is waited for, and that is said. */
export function telling(name: string, { stderr }: Pick<Shell, 'stderr'>): Waits {
  return asLongAsItTakes((phrase) => stderr.write(`teal: ${name} ${phrase}\n`));
}

/** A file as it is spoken of. */
function shownFile(name: string): string {
  if (name === '') return 'a file with no name';
  return name === '-' ? 'standard input' : name;
}

/** The keys at the top of a YAML or JSON file, which may be only these. Throws Failure. */
export async function readYaml(
  name: string,
  allowed: readonly string[],
  shell: Shell,
): Promise<Readonly<Record<string, unknown>>> {
  const text = (await readBytes(name, TEXT_MAX_BYTES, shell)).toString('utf8');
  const { parseDocument } = await import('yaml');
  const { readDocument } = await import('../yaml.ts');
  const read = readDocument(parseDocument(text), text);
  const shown = shownFile(name);
  if (read.fault !== undefined) {
    const { what, line, column } = read.fault;
    throw new Failure(EXIT.REFUSED, `${shown}: expected YAML: ${what} at line ${line}, column ${column}`);
  }
  const { content } = read;
  if (!isGroup(content))
    throw new Failure(EXIT.REFUSED, `${shown}: expected the key ${allowed.join(' or ')} at the top`);
  const unknown = Object.keys(content).find((key) => !allowed.includes(key));
  if (unknown !== undefined) {
    throw new Failure(
      EXIT.REFUSED,
      `${shown}: expected the key ${allowed.join(' or ')} at the top, found ${JSON.stringify(unknown)}`,
    );
  }
  return content;
}

export function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
