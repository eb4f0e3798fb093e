/** The program as it is installed: compiled. From the sources, Node's own compiler of TypeScript takes 30 MiB of each process. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

interface Compiled {
  /** The module to run. */
  readonly main: string;
  remove(): void;
}

/** Compiles this checkout into a folder of its own. Takes some seconds. */
export function compile(): Compiled {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-compiled-'));
  const dist = path.join(folder, 'dist');
  const tsc = path.join(root, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['--project', 'tsconfig.build.json', '--outDir', dist], { cwd: root, stdio: 'inherit' });
  fs.copyFileSync(path.join(root, 'src/etcd/etcd.proto'), path.join(dist, 'etcd/etcd.proto'));
  for (const name of ['package.json', 'config', 'node_modules']) {
    fs.symlinkSync(path.join(root, name), path.join(folder, name));
  }
  return { main: path.join(dist, 'main.js'), remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}
