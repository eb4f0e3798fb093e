/**
 * Records the farm's run and draws it: `npm run farm:timeline` writes docs/images/farm-timeline.svg. With the name of a
 * JSON file, the run is kept there, and drawn again from there where it exists already.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type FarmRun, runFarm } from '../test/interop/farm/run.ts';
import { commandLine } from './command-line.ts';
import { draw } from './farm-drawing.ts';

const IMAGE = 'docs/images/farm-timeline.svg';

const [kept] = commandLine({ allowPositionals: true }).positionals;
const run: FarmRun =
  kept !== undefined && existsSync(kept)
    ? JSON.parse(readFileSync(kept, 'utf8'))
    : await runFarm((message) => console.log(message));
if (kept !== undefined) writeFileSync(kept, JSON.stringify(run));
mkdirSync(dirname(IMAGE), { recursive: true });
writeFileSync(IMAGE, draw(run));
console.log(`${run.samples.length} answers drawn in ${IMAGE}`);
