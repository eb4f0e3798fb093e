/**
 * `node tools/compile.ts`, with NODE_COMPILE_CACHE: has Node strip and compile the sources, all of them, into that folder.
 * What it finds there already it takes from there.
 */
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const project = new URL('../', import.meta.url);

// Of its own modules a process only writes down those that it loaded. Those of the console run in browsers.
for (const file of globSync('src/**/*.ts', { cwd: fileURLToPath(project), exclude: ['src/console/**'] })) {
  await import(new URL(file, project).href);
}
