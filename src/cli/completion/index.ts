/** `teal completion`: scripts that let a shell complete commands, flags, and the names of what the server has. */
import { Argument, type Command } from 'commander';
import type { Shell } from '../shell.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { placesOf } from './places.ts';
import { zshScript } from './zsh.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

export function add(program: Command, shell: Shell): void {
  program
    .command('completion')
    .helpGroup('The server:')
    .summary('complete words in bash, zsh or fish')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .description(
      'Print a script that lets a shell complete commands, flags and their values, and the names of services, pools and zones.',
    )
    .addHelpText(
      'after',
      `
Examples:
  source <(teal completion bash)                            # in ~/.bashrc
  teal completion zsh > "\${fpath[1]}/_teal"                 # once, then a new shell
  teal completion fish > ~/.config/fish/completions/teal.fish`,
    )
    .action((name: keyof typeof scripts) => shell.stdout.write(scripts[name](placesOf(program))));
}
