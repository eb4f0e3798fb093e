/**
 * `node tools/lock.ts`, after npm has written package-lock.json: takes out what packages say there of the Node that they
 * want. Whatever Node npm itself runs by, all of them run by the pinned one (tools/node), so that npm's warnings
 * (EBADENGINE) would be wrong each time; `npm ci` reads nothing else. Who installs Teal as a package is still told.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, { engines?: unknown }> };
for (const [path, locked] of Object.entries(lock.packages)) if (path !== '') delete locked.engines;
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
