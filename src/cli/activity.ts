/** `teal activity`: every change, found by who, what, when and what it is about; as lines, JSON or CSV. */
import { type Command, Option } from 'commander';
import type { Page, Revision } from '../contract/types.ts';
import { historyLines } from './history.ts';
import { wholeNumber } from './option-values.ts';
import { describeRemote, openSession, type Session, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

/** What narrows it, as the API takes it. */
const FILTERS = ['actor', 'kind', 'q', 'zone', 'name', 'type', 'since', 'until'] as const;

type Options = SessionOptions & { readonly [Filter in (typeof FILTERS)[number]]?: string } & {
  readonly limit: number;
  readonly csv?: boolean;
};

/** The most items that a page has (API contract). */
const PAGE_ITEMS = 1000;

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('activity')
    .helpGroup('Looking:')
    .summary('every change, found by who, what and when')
    .description('Show changes with who made them, what they changed and why; the newest come first. Filters add up.')
    .option('--actor <token>', 'only what this token did')
    .option('--kind <kind>', 'only this kind, such as shift; release. for all that begin so')
    .option('--q <text>', 'only what is about a name with this text in it')
    .option('--zone <zone>', 'only what is about this zone')
    .option('--name <name>', 'only what is about this name')
    .option('--type <type>', 'only changes of records of this type')
    .option('--since <time>', 'only what was done then or later (RFC 3339, or a date)')
    .option('--until <time>', 'only what was done before then')
    .option('-n, --limit <count>', 'how many at the most', wholeNumber, 50)
    .addOption(new Option('--csv', 'as CSV, a line for each thing that was changed').conflicts('json'))
    .action((options: Options) => activity(options, shell));
  describeRemote(
    command,
    `
    teal activity --actor carol --since 2026-01-31
    teal activity --kind release. --name app.example.com
    teal activity --csv --limit 100000 > activity.csv
    `,
  );
}

async function activity(options: Options, shell: Shell): Promise<void> {
  const session = await openSession(shell, options);
  const query = new URLSearchParams({ order: 'newest' });
  for (const filter of FILTERS) if (options[filter] !== undefined) query.set(filter, options[filter]);
  if (options.csv) return writeCsv(session, query, options.limit);
  const items = await found(session, query, options.limit);
  session.show({ items }, () =>
    items.length === 0 ? ['There is no such change.'] : historyLines(items, session.style),
  );
}

/** So many at the most; a page may have few of them, or none, and still have a next one. */
async function found({ api }: Session, query: URLSearchParams, limit: number): Promise<Revision[]> {
  const items: Revision[] = [];
  for (let after: string | undefined = ''; after !== undefined && items.length < limit; ) {
    const page: Page<Revision> = await api.get(pathOf(query, limit - items.length, after));
    items.push(...page.items);
    after = page.next;
  }
  return items;
}

/** Page by page, so that a log of any length goes through; `limit` counts lines. */
async function writeCsv({ api, shell }: Session, query: URLSearchParams, limit: number): Promise<void> {
  let left = limit;
  for (let after: string | undefined = ''; after !== undefined && left > 0; ) {
    const page = await api.csv(`${pathOf(query, left, after)}&format=csv`);
    // Each page has the head; the file has it once.
    shell.stdout.write(after === '' ? page.text : page.text.slice(page.text.indexOf('\r\n') + 2));
    left -= page.text.split('\r\n').length - 2;
    after = page.next;
  }
}

function pathOf(query: URLSearchParams, limit: number, after: string): string {
  const params = new URLSearchParams(query);
  params.set('limit', String(Math.min(limit, PAGE_ITEMS)));
  if (after !== '') params.set('after', after);
  return `/v1/revisions?${params}`;
}
