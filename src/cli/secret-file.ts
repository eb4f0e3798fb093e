/** Secrets that are shown once: to the screen, or to a new file that only its owner can read. */
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';

/**
 * Makes something that has a secret, and writes the secret to the file. The file is opened first: a secret that cannot
 * be kept should not be made. Throws Failure, with no file left.
 */
export async function keepSecret<Made extends { readonly secret?: string | { readonly set: true } }>(
  file: string,
  make: () => Promise<Made>,
): Promise<Omit<Made, 'secret'>> {
  const fd = openNew(file);
  try {
    const { secret, ...shown } = await make();
    if (typeof secret !== 'string') throw new Failure(EXIT.TRY_LATER, 'the reply came without the secret');
    keep(fd, file, secret);
    return shown;
  } catch (error) {
    rmSync(file);
    throw error;
  } finally {
    closeSync(fd);
  }
}

function keep(fd: number, file: string, secret: string): void {
  try {
    writeFileSync(fd, `${secret}\n`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(
      EXIT.CANNOT_WRITE,
      `${file} cannot be written (${code}): the secret is lost; delete what was made, and make it again`,
    );
  }
}

function openNew(file: string): number {
  try {
    return openSync(file, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'it is there already' : `cannot be written (${code})`;
    throw new Failure(EXIT.CANNOT_WRITE, `${file}: ${why}`);
  }
}
