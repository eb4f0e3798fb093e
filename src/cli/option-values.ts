/** Values of flags, checked where they are read. */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from './format/text.ts';

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
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError('Expected a duration such as 30s, 5m, 1h30m or 2d.');
}

/** For flags that may be repeated. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
