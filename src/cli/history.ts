/** `teal history`: who changed what, when. */
import type { Command } from 'commander';
import type { Page, Revision } from '../contract/types.ts';
import { type Api, path } from './api.ts';
import { ServiceArgument } from './arguments.ts';
import type { Style } from './format/style.ts';
import { columns, instant, printable, whyLines } from './format/text.ts';
import { wholeNumber } from './option-values.ts';
import { describeRemote, openSession, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface Options extends SessionOptions {
  readonly limit: number;
}

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('history')
    .addArgument(new ServiceArgument('[service]'))
    .helpGroup('Looking:')
    .summary('who changed what, when, and why')
    .description('Show the changes of a service, of a deleted one too, or of everything; the newest come last.')
    .option('-n, --limit <count>', 'how many, up to 1000', wholeNumber, 20)
    .action((service: string | undefined, options: Options) => history(service, options, shell));
  describeRemote(
    command,
    `
    teal history app.example.com
    teal history --limit 100
    `,
  );
}

async function history(service: string | undefined, options: Options, shell: Shell): Promise<void> {
  const session = await openSession(shell, options);
  const revisions = await newest(session.api, service, options.limit);
  session.show({ items: revisions }, () =>
    revisions.length === 0 ? ['There is no change yet.'] : historyLines(revisions, session.style),
  );
}

/** The last revisions, the newest last. */
async function newest(api: Api, service: string | undefined, limit: number): Promise<readonly Revision[]> {
  const from = service === undefined ? '/v1/revisions' : path`/v1/services/${service}/history`;
  const { items } = await api.get<Page<Revision>>(`${from}?order=newest&limit=${limit}`);
  return items.toReversed();
}

export function historyLines(revisions: readonly Revision[], style: Style): string[] {
  const rows = revisions.map(({ revision, at, actor, summary }) => [
    String(revision),
    style.dim(instant(at)),
    printable(actor),
    printable(summary),
  ]);
  const [head = '', ...lines] = columns([['REVISION', 'AT', 'BY', 'WHAT'], ...rows], [0]);
  const below = (revision: Revision) => [...whyLines(revision).map((line) => `    ${line}`), ...againLines(revision)];
  return [head, ...lines.flatMap((line, i) => [line, ...below(revisions[i])])];
}

/** How what was deleted is set again: its content is nowhere else. */
function againLines({ subjects = [] }: Revision): string[] {
  return subjects.flatMap(({ kind, name, before, after }) => {
    const { ttlSeconds, rdata } = (before ?? {}) as { ttlSeconds?: number; rdata?: string[] };
    if (kind !== 'rrset' || after !== null || rdata === undefined) return [];
    const slash = name.lastIndexOf('/');
    const words = [name.slice(0, slash), name.slice(slash + 1), ...rdata].map((word) => shellWord(printable(word)));
    return [`    set it again: teal record set ${words.join(' ')} --ttl ${ttlSeconds}`];
  });
}

/** As a shell takes it for one word, whatever is in it. */
function shellWord(text: string): string {
  return /^[\w.:/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
