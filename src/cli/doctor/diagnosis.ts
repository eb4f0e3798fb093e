/** What the doctor found: what is so, why it matters, what to do. */
import type { Style } from '../format/style.ts';
import { printable, wrap } from '../format/text.ts';

export interface Diagnosis {
  readonly level: 'ok' | 'warning' | 'error' | 'unknown';
  /** Stable: scripts may rely on it. */
  readonly code: string;
  readonly what: string;
  readonly why?: string;
  readonly todo?: string;
}

export function ok(code: string, what: string): Diagnosis {
  return { level: 'ok', code, what };
}

export function diagnosisLines({ level, code, what, why, todo }: Diagnosis, style: Style, width: number): string[] {
  const { done, failed, warning, todo: dot } = style.symbols;
  const mark = {
    ok: style.colour('green', done),
    warning: style.colour('yellow', warning),
    error: style.colour('red', failed),
    unknown: dot,
  }[level];
  const label = level === 'ok' ? '' : `${level}: `;
  const [first = '', ...rest] = wrap(printable(`${label}${what}${level === 'ok' ? '' : ` [${code}]`}`), width - 2);
  return [
    `${mark} ${first}`,
    ...rest.map((line) => `  ${line}`),
    ...(why === undefined ? [] : wrap(printable(`Why it matters: ${why}`), width, '    ')),
    ...(todo === undefined ? [] : wrap(printable(`What to do: ${todo}`), width, '    ')),
  ];
}
