/** Values of flags, checked where they are read. */
import { InvalidArgumentError } from 'commander';
import { readDuration } from '../duration.ts';

export function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}

/** As the API takes them. */
export function idempotencyKey(text: string): string {
  if (/^[\x20-\x7e]{1,255}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected 1 to 255 printable ASCII characters.');
}

/** Seconds. */
export function durationValue(text: string): number {
  const seconds = readDuration(text);
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError('Expected a duration such as 30s, 5m, 1h30m or 2d.');
}

/** `2026-12-01 10:00 Europe/Berlin`, or with an offset: as the API takes it. */
export function timeValue(text: string): { readonly at: string; readonly timeZone?: string } {
  const named = /^(?<at>\S*\d(?: \d{1,2}:\d\d)?) +(?<timeZone>[A-Za-z][\w/+-]*)$/.exec(text.trim())?.groups;
  if (named?.at !== undefined && named.timeZone !== undefined) return { at: named.at, timeZone: named.timeZone };
  if (text.trim() !== '') return { at: text.trim() };
  throw new InvalidArgumentError('Expected a time such as 2026-12-01 10:00 Europe/Berlin, or 2026-12-01T10:00+01:00.');
}

export const atFlag = [
  '--at <time>',
  'only then, such as `2026-12-01 10:00 Europe/Berlin`; until then it is a proposal',
  timeValue,
] as const;

export type Labels = Readonly<Record<string, string>>;

/** `team=web`, several of them. The server says what may be in one. */
export function labelValue(text: string, before: Labels = {}): Labels {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected a label such as team=web.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

export const labelFlag = ['--label <key=value>', 'a word of your own to find it by; repeat it', labelValue] as const;

/** For flags that may be repeated. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
