/** Revisions as CSV (RFC 4180): a line for each thing that one changed. */
import type * as contract from '../../../contract/types.ts';

const HEAD = [
  ...['revision', 'at', 'actor', 'kind', 'subject', 'name', 'from', 'to'],
  ...['summary', 'reason', 'links', 'request'],
];

/**
 * Where a spreadsheet would take what comes for a formula, which runs when the file is opened: at the beginning of a cell.
 * One may begin behind a semicolon or a tab too, where these are what the reader's country has between cells; and then the
 * quotes that are doubled here may be around it.
 */
const FORMULA = /(^|[;\t])(?=[\s"]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])/g;

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
  const harmless = text.replace(FORMULA, "$1'");
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
