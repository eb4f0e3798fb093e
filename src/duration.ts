/**
 * How long something takes, as text: `30s`, `1h30m`, `2d`. Pure, and imports nothing, so that the server, the command
 * line and the console read and write it alike.
 */

/** The largest first. */
const unitSeconds = { d: 86_400, h: 3600, m: 60, s: 1 } as const;
const units = Object.keys(unitSeconds) as DurationUnit[];

export type DurationUnit = keyof typeof unitSeconds;

interface DurationPart {
  readonly count: number;
  readonly unit: DurationUnit;
}

/** `5m`, `90s`, `1h30m`, `2d` in seconds; a bare number is seconds; undefined for anything else. */
export function readDuration(text: string): number | undefined {
  if (!/^(?:\d+|(?:\d+[dhms])+)$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, digits, unit = 's'] of text.matchAll(/(\d+)([dhms]?)/g))
    seconds += Number(digits) * unitSeconds[(unit || 's') as DurationUnit];
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}

/** Whole seconds by days, hours, minutes and seconds, from the largest unit of which there is one; empty for none. */
export function durationParts(seconds: number): DurationPart[] {
  let left = seconds;
  const parts = units.map((unit): DurationPart => {
    const count = Math.floor(left / unitSeconds[unit]);
    left %= unitSeconds[unit];
    return { count, unit };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  return first === -1 ? [] : parts.slice(first);
}

/**
 * Whole seconds as `readDuration` reads them: 5400 is `1h30m`. For people, who need no more than the largest units, with
 * something between them: 90061 is `1d 1h`.
 */
export function writeDuration(seconds: number, { mostUnits = units.length, between = '' } = {}): string {
  const shown = durationParts(seconds).slice(0, mostUnits);
  const some = shown.filter(({ count }) => count > 0);
  return some.length === 0 ? '0s' : some.map(({ count, unit }) => `${count}${unit}`).join(between);
}
