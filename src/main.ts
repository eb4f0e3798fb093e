#!/usr/bin/env node
/** The command line, one line a command. Says so where Node is too old, which is why the rest is loaded after that. */
import { refuseDebugger } from './cli/no-debugger.ts';

refuseDebugger();

const NODE_MAJOR_MIN = 24;

if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
  console.error(
    `teal: expected Node ${NODE_MAJOR_MIN} or newer, found ${process.versions.node}: see https://nodejs.org`,
  );
  process.exit(69); // EX_UNAVAILABLE: see cli/exit.ts
}

// Imported (tools/compile.ts), it does nothing by itself.
if (import.meta.main) main();

/** No top-level await, which an old Node could not even read. */
export function main(): void {
  Promise.all([import('./cli/program.ts'), import('./cli/shell.ts'), import('./cli/commands.ts')])
    .then(([{ run }, { processShell }, { commands }]) => run(process.argv.slice(2), commands, processShell()))
    .then((exitCode) => {
      // Else that of an output that could not be written: see cli/shell.ts.
      if (exitCode !== 0) process.exitCode = exitCode;
    });
}
