#!/usr/bin/env node
/** The command line, one line a command. Says so where Node is too old, which is why everything is loaded after that. */

const NODE_MAJOR_MIN = 24;

if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
  console.error(
    `teal: expected Node ${NODE_MAJOR_MIN} or newer, found ${process.versions.node}: see https://nodejs.org`,
  );
  process.exit(69); // EX_UNAVAILABLE: see cli/exit.ts
}

const { run } = await import('./cli/program.ts');
const { processShell } = await import('./cli/shell.ts');
const { commands } = await import('./cli/commands.ts');

process.exitCode = await run(process.argv.slice(2), commands, processShell());
