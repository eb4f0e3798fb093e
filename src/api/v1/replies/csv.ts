/** Revisions as CSV (RFC 4180): a line for each thing that one changed. */
import type * as contract from '../../../contract/types.ts';

const HEAD = [
  ...['revision', 'at', 'actor', 'kind', 'subject', 'name', 'from', 'to'],
  ...['summary', 'reason', 'links', 'request'],
];

/** What a spreadsheet would take for a formula, which runs when the file is opened. */
const FORMULA = /^[=+\-@\t\r]/;

export function revisionsAsCsv(revisions: readonly contract.Revision[]): string {
  return [HEAD, ...revisions.flatMap(rowsOf)].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function rowsOf(revision: contract.Revision): string[][] {
  const { at, actor, kind, summary, reason = '', links = [], requestId = '', subjects } = revision;
  const first = [String(revision.revision), at, actor, kind];
  const last = [summary, reason, links.join(' '), requestId];
  const rows = subjects.map((subject) => {
    return [...first, subject.kind, subject.name, textOf(subject.before), textOf(subject.after), ...last];
  });
  return rows.length === 0 ? [[...first, '', '', '', '', ...last]] : rows;
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : JSON.stringify(value);
}

function field(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
