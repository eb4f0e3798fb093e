/** Numbers as people type them. Pure. */

/** undefined: nothing is typed; NaN: it is no number, or not yet. A blank is none, and not the zero that JavaScript takes it for. */
export function numberOf(text: string): number | undefined {
  const typed = text.trim();
  if (typed === '') return undefined;
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(typed) ? Number(typed) : Number.NaN;
}

/** For a request: what is no number goes as it was typed, so that the refusal names it. */
export function typedNumber(text = ''): number | string {
  const number = numberOf(text);
  return number === undefined || Number.isNaN(number) ? text.trim() : number;
}

/** What a field shows of a number: what was typed for it as long as it means that, so that `0.` can become `0.05`. */
export function shownNumber(value: number | undefined, typed: string | undefined): string {
  if (typed !== undefined && Object.is(numberOf(typed), value)) return typed;
  return value === undefined || Number.isNaN(value) ? '' : String(value);
}
