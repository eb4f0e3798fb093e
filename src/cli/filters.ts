/** Flags that narrow a list, as the API takes them: the server looks through all there is. */
import type { Command } from 'commander';
import { collect } from './option-values.ts';

export interface FilterOptions {
  readonly q?: string;
  readonly zone?: string;
  readonly name?: string;
  readonly type?: string;
  readonly state?: string;
  readonly scope?: string;
  readonly label?: readonly string[];
}

type Filter = keyof FilterOptions;

const flags: Readonly<Record<Exclude<Filter, 'label'>, readonly [flag: string, what: string]>> = {
  q: ['--q <text>', 'only names with this text in them'],
  zone: ['--zone <zone>', 'only what is in this zone'],
  name: ['--name <name>', 'only what is about this name'],
  type: ['--type <type>', 'only this record type'],
  state: ['--state <state>', 'only those that are so'],
  scope: ['--scope <scope>', 'only tokens of this scope'],
};

/** Adds the flags for what a list can be narrowed by. */
export function withFilters(command: Command, filters: readonly Filter[]): Command {
  for (const filter of filters) {
    if (filter === 'label') command.option('--label <key=value>', 'only what has this label; repeat it', collect);
    else command.option(...(flags[filter] as [string, string]));
  }
  return command;
}

/** The path of a list with what narrows it. */
export function filtered(path: string, { label = [], ...options }: FilterOptions): string {
  const query = new URLSearchParams();
  for (const filter of Object.keys(flags) as (keyof typeof flags)[]) {
    const value = options[filter];
    if (value !== undefined) query.set(filter, value);
  }
  for (const each of label) query.append('label', each);
  return query.size === 0 ? path : `${path}?${query}`;
}

/** Whether a list was narrowed, so that nothing in it does not mean that there is nothing. */
export function isFiltered(options: FilterOptions): boolean {
  return filtered('', options) !== '';
}
