/** Which words may come where: of each command its subcommands and flags, and what its arguments and flags' values are. */
import type { Command } from 'commander';
import { ServiceArgument } from '../arguments.ts';

/**
 * What the server is asked for when Tab is pressed, or words that are always the same. `pool` and `weight` are of the service
 * that stands last on the line; a weight is `green=`. Files are the shell's own to find.
 */
export type Values = 'service' | 'zone' | 'pool' | 'weight' | 'file' | readonly string[];

/** A command or group with the words that may come after it. */
export interface Place {
  /** Such as `zone import`; empty for teal itself. */
  readonly words: string;
  readonly next: readonly { readonly word: string; readonly what: string }[];
  readonly values: readonly Values[];
  /** Flags that take a value, such as `--to`: behind them no other flag comes. No values: no word is a good guess. */
  readonly flags: readonly { readonly flag: string; readonly short: string | undefined; readonly values: Values }[];
}

/** By the name of an argument, or of a flag's value, as the help shows it. */
const BY_NAME: Readonly<Record<string, Values>> = {
  zone: 'zone',
  zones: 'zone',
  pool: 'pool',
  file: 'file',
  files: 'file',
  folder: 'file',
  how: ['random', 'sticky'],
  type: ['A', 'AAAA', 'CAA', 'CNAME', 'DS', 'HTTPS', 'MX', 'NS', 'PTR', 'SRV', 'SSHFP', 'SVCB', 'TLSA', 'TXT'],
};

/** As src/model/release-steps.ts has them: what is in them the server alone knows. */
const PRESETS = [
  'AllAtOnce',
  ...['5', '10', '15', '30'].map((minutes) => `Canary10Percent${minutes}Minutes`),
  'Linear10PercentEvery1Minute',
  ...['2', '3', '10'].map((minutes) => `Linear10PercentEvery${minutes}Minutes`),
];

/** Where the name says too little; an empty list: no word is a good guess. */
const BY_PLACE: Readonly<Record<string, readonly Values[]>> = {
  shift: ['service', 'weight'],
  // It is there by no name yet.
  'zone add': [],
  'health force': ['service', 'pool', ['up', 'down']],
  'token create --scope': [['read', 'shift', 'release', 'admin', 'records']],
  'release start --preset': [PRESETS],
  'release plan --preset': [PRESETS],
};

export function placesOf(command: Command, words = ''): Place[] {
  const flags = command.options.flatMap(({ long, description }) =>
    long == null ? [] : [{ word: long, what: description }],
  );
  const subcommands = command.commands.map((sub) => ({ word: sub.name(), what: firstSentence(sub.description()) }));
  const next = [...subcommands, ...flags, { word: '--help', what: 'print the help' }];
  const below = command.commands.flatMap((sub) => placesOf(sub, `${words} ${sub.name()}`.trim()));
  return [{ words, next, values: valuesOf(command, words), flags: flagsOf(command, words) }, ...below];
}

function valuesOf({ registeredArguments }: Command, words: string): readonly Values[] {
  const known = BY_PLACE[words];
  if (known !== undefined) return known;
  return registeredArguments.flatMap((argument): readonly Values[] => {
    if (argument instanceof ServiceArgument) return ['service'];
    const values = argument.argChoices ?? BY_NAME[argument.name()];
    return values === undefined ? [] : [values];
  });
}

function flagsOf({ options }: Command, words: string): Place['flags'] {
  return options.flatMap(({ long, short, flags, argChoices }) => {
    const [, name] = /[<[](\w+)/.exec(flags) ?? [];
    if (long == null || name === undefined) return [];
    const [values = argChoices ?? BY_NAME[name] ?? []] = BY_PLACE[`${words} ${long}`] ?? [];
    return [{ flag: long, short, values }];
  });
}

function firstSentence(text: string): string {
  return text.replace(/[.:;](\s.*|$)/s, '');
}
