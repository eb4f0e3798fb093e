/** Files that a command is told to read: YAML or JSON with one shape, `-` for standard input. */
import { readFileSync } from 'node:fs';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import type { Shell } from './shell.ts';

/** The bytes of a file. Throws Failure. */
export async function readBytes(name: string, shell: Shell): Promise<Buffer> {
  if (name === '-') return shell.readInput();
  try {
    return readFileSync(name);
  } catch (error) {
    throw new Failure(EXIT.NO_INPUT, `${name} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** The keys at the top of a YAML or JSON file, which may be only these. Throws Failure. */
export async function readYaml(
  name: string,
  allowed: readonly string[],
  shell: Shell,
): Promise<Readonly<Record<string, unknown>>> {
  const text = (await readBytes(name, shell)).toString('utf8');
  const { parseDocument } = await import('yaml');
  const { readDocument } = await import('../yaml.ts');
  const read = readDocument(parseDocument(text), text);
  const shown = name === '-' ? 'standard input' : name;
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
