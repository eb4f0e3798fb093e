/** A moment as programs write it: RFC 3339 §5.6, and nothing that Date.parse takes besides. */

const FORM = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d):\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** True for text of the form of a moment, whether or not there is such a day and time. */
export function isInstantForm(text: string): boolean {
  return FORM.test(text);
}

/** Unix time, milliseconds; undefined for anything else. Seconds may be left out, and a blank stand for the T. */
export function readInstant(text: string): number | undefined {
  const [, date, hour] = FORM.exec(text) ?? [];
  // Date.parse takes 30 February for 2 March, and 24:00 for the next day, which RFC 3339 §5.7 does not have.
  if (date === undefined || readDay(date) === undefined || hour === '24') return undefined;
  const atMs = Date.parse(text.toUpperCase().replace(' ', 'T'));
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** When a day such as `2026-01-31` begins in UTC, Unix time, milliseconds; undefined where the calendar has none such. */
export function readDay(text: string): number | undefined {
  const atMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text) ? atMs : undefined;
}
