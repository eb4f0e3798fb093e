/** `teal init`: a settings file and a systemd unit to begin with. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { makeFolder } from '../folders.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { describe, Presenter } from './session.ts';
import type { Shell } from './shell.ts';

interface Options {
  readonly json?: boolean;
  readonly force?: boolean;
  readonly demo?: boolean;
}

/** The package's own files, which the tests keep true. They lie beside src as they lie beside dist. */
const templates = fileURLToPath(new URL('../../config/', import.meta.url));

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('init [folder]')
    .helpGroup('The server:')
    .summary('write a settings file and systemd units')
    .description(
      'Write a settings file in which every key is explained, and systemd units to go with it. Files that are there ' +
        'already are a reason to refuse.',
    )
    .option('--demo', 'keep the example zone and service, which an empty store starts with')
    .option('--force', 'overwrite files that are there')
    .action((folder: string | undefined, options: Options) => init(folder ?? '.', options, shell));
  describe(
    command,
    `
    teal init
    sudo teal init /etc/teal
    `,
  );
}

function init(folder: string, options: Options, shell: Shell): void {
  if (folder === '') throw new Failure(EXIT.USAGE, 'expected a folder, found ""');
  const settings = join(resolve(folder), 'teal.yaml');
  const files = new Map([[settings, settingsText(options.demo === true)]]);
  for (const name of ['teal.service', 'teal.socket']) {
    const template = join(templates, 'systemd', name);
    if (existsSync(template))
      files.set(join(resolve(folder), name), unitText(readFileSync(template, 'utf8'), settings));
  }
  const there = [...files.keys()].filter((file) => existsSync(file));
  if (there.length > 0 && !options.force) {
    throw new Failure(
      EXIT.CANNOT_WRITE,
      `${there.join(' and ')} ${there.length === 1 ? 'is' : 'are'} there already; --force overwrites`,
    );
  }
  write(files);
  const units = [...files.keys()].slice(1);
  const presenter = new Presenter(shell, options);
  presenter.show({ files: [...files.keys()] }, () => [
    ...[...files.keys()].map((file) => `Wrote ${file}`),
    '',
    ...nextSteps(settings, units),
  ]);
  // The units hide the homes of users (ProtectHome=).
  const hidden = [process.execPath, process.argv[1] ?? '', settings].find((file) => file.startsWith(`${shell.home}/`));
  if (hidden !== undefined)
    presenter.note(
      `teal: warning: ${hidden} is in a home, which the unit does not see: install teal, and write the settings, elsewhere`,
    );
}

function nextSteps(settings: string, units: readonly string[]): string[] {
  return [
    'Next, look through the settings, above all dns.listen. Then',
    `  teal serve --config ${settings}`,
    'or, as root, for systemd:',
    ...units.map((unit) => `  cp ${unit} /etc/systemd/system/`),
    '  systemctl daemon-reload',
    '  systemctl enable --now teal',
  ];
}

function settingsText(demo: boolean): string {
  const text = readFileSync(join(templates, 'teal.yaml'), 'utf8');
  // The section with the example is the last, with the comment that leads to it.
  return demo ? text : text.replace(/\n(?:#.*\n)*bootstrap:\n[\s\S]*$/, '\n');
}

/** The unit with the program and the settings file that are meant here. */
function unitText(text: string, settings: string): string {
  return text
    .replace(/^ExecStart=.*$/m, `ExecStart=${programWords()} serve --config ${settings}`)
    .replaceAll('/etc/teal/', `${dirname(settings)}/`);
}

/** How this program is started, with full paths: systemd's PATH may lack the Node that runs it here. */
function programWords(): string {
  return `${process.execPath} ${process.argv[1]}`;
}

function write(files: ReadonlyMap<string, string>): void {
  for (const [file, text] of files) {
    try {
      // The service reads what root writes.
      makeFolder(dirname(file), 0o777);
      writeFileSync(file, text);
    } catch (error) {
      throw new Failure(EXIT.CANNOT_WRITE, `${file} cannot be written (${(error as NodeJS.ErrnoException).code})`);
    }
  }
}
