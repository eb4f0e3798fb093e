/** `node src/console/build.ts`: makes dist/console where it is missing or older than its sources; else does nothing. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../', import.meta.url));
const built = join(project, 'dist/console');
/** Says of which sources the folder was made; a name with a dot is not served. */
const stamp = '.made-of';

/** What it is made of, and the versions of what is bundled with it. */
export const SOURCES: readonly string[] = [
  'src/console/**/*.*',
  'src/duration.ts',
  'src/untouched.ts',
  'package-lock.json',
];

function hashOfSources(): string {
  const hash = createHash('sha256');
  const files = globSync(SOURCES, { cwd: project }).sort();
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(project, file)));
  return hash.digest('hex');
}

/** Makes the console unless it is there already. Built aside and swapped, so that nobody is served half of it. */
export async function buildConsole(): Promise<void> {
  const hash = hashOfSources();
  if (isMadeOf(hash)) return;
  const vite = await import('vite').catch(() => undefined);
  if (vite === undefined) {
    // Without the development packages: what is there is served, and the API says so where nothing is.
    console.error('teal: the console is not built, since vite is not installed (npm ci, then npm run build:console)');
    return;
  }
  const { default: config } = await import('./vite.config.ts');
  const aside = `${built}.${process.pid}`;
  await vite.build({ ...config, build: { ...config.build, outDir: aside } });
  writeFileSync(join(aside, stamp), hash);
  // Two starts at once: the second finds the work done.
  if (isMadeOf(hash)) return rmSync(aside, { recursive: true });
  try {
    rmSync(built, { recursive: true, force: true });
    renameSync(aside, built);
  } catch (error) {
    // The other one came between the two: what it made is the same.
    if (!isMadeOf(hash)) throw error;
    rmSync(aside, { recursive: true });
  }
}

function isMadeOf(hash: string): boolean {
  return existsSync(join(built, stamp)) && readFileSync(join(built, stamp), 'utf8') === hash;
}

if (import.meta.main) await buildConsole();
