/** Which way imports point inside `src/control`: from what runs, down to what is drafted, shown and named. */
import t from 'tap';
import { importsOf, readFiles, type SourceFile } from '../fixtures/sources.ts';

/** What each folder of control, and each file beside them, may import of the others. */
const controlAllowed: Readonly<Record<string, readonly string[]>> = {
  names: [],
  clock: [],
  // How long ago something began that the log has.
  since: ['clock'],
  lines: [],
  loading: ['names'],
  nodes: [],
  // How far the clocks of a fleet are apart.
  'shared-clocks': ['clock', 'lines', 'nodes'],
  listing: [],
  // Work that leaves the thread to others in between.
  slices: [],
  // What was answered, hour by hour.
  hours: ['slices'],
  outbound: ['clock'],
  commands: [],
  // How what changes anything is kept, one after the other.
  log: ['clock', 'commands'],
  // What is known without a revision, how nouns are shown, what a command would do, how far a token reaches.
  observed: ['clock', 'nodes'],
  replies: ['names', 'nodes', 'observed'],
  drafts: ['commands', 'names', 'replies', 'slices'],
  grant: ['drafts', 'names'],
  // Commands that are only looked at.
  rehearsal: ['commands', 'drafts', 'log', 'slices'],
  drafting: ['commands', 'drafts', 'grant'],
  // Changes on their way into the table.
  preparing: ['log'],
  engine: ['commands', 'drafting', 'drafts', 'loading', 'log', 'preparing', 'rehearsal', 'slices'],
  // What is read.
  proposal: ['drafts', 'grant', 'names'],
  touched: ['drafts', 'grant'],
  agreement: ['drafts', 'grant', 'listing'],
  search: ['grant', 'listing', 'names'],
  revisions: ['clock', 'grant', 'listing', 'search'],
  // What a zone answers, and what makes it.
  answered: ['grant', 'listing', 'names', 'replies', 'search'],
  // What would have to be done, all of it rehearsed.
  apply: ['commands', 'drafts', 'engine', 'grant', 'names', 'replies', 'slices'],
  queries: [
    'agreement',
    'answered',
    'apply',
    'commands',
    'drafts',
    'grant',
    'listing',
    'names',
    'observed',
    'proposal',
    'revisions',
    'search',
    'slices',
    'touched',
  ],
  explain: ['drafts', 'names', 'observed', 'slices'],
  drain: ['clock', 'drafts', 'log', 'names', 'nodes'],
  // What is read of all services at once, with what was observed.
  overview: ['drain', 'grant', 'names', 'nodes', 'observed', 'slices'],
  gates: ['clock', 'drain', 'names', 'nodes', 'observed', 'outbound'],
  // What runs by itself, or sends commands.
  events: ['engine', 'grant', 'names', 'nodes', 'observed', 'listing', 'replies'],
  health: ['clock', 'commands', 'engine', 'lines', 'log', 'nodes', 'observed', 'outbound', 'shared-clocks'],
  proposals: ['clock', 'commands', 'engine', 'lines'],
  releases: ['clock', 'commands', 'drain', 'engine', 'gates', 'lines', 'observed', 'since'],
  'service-comparison': ['commands', 'drafts', 'engine', 'names', 'queries', 'replies', 'slices'],
  tokens: ['clock', 'commands', 'engine'],
  // Who signed in, and the provider that vouches for them.
  people: ['clock', 'lines', 'outbound'],
  webhooks: ['clock', 'drafts', 'events', 'grant', 'lines', 'outbound'],
  // Keys of zones: sealed, opened, and the steps between.
  dnssec: ['clock', 'commands', 'engine', 'lines', 'log', 'names', 'nodes', 'outbound', 'replies', 'since', 'slices'],
  'zone-files': ['clock', 'commands', 'drafts', 'engine', 'grant', 'lines', 'names', 'slices'],
};

/** The folder of control that a file is in, or the file's own name beside them; undefined: it is not in control. */
function controlPartOf(path: string): string | undefined {
  return /^src\/control\/(?<part>[a-z-]+)/.exec(path)?.groups?.part;
}

function wrongImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const part = controlPartOf(file.path);
    if (part === undefined) return [];
    const wrong = importsOf(file).files.filter((to) => {
      const other = controlPartOf(to);
      return other !== undefined && other !== part && !controlAllowed[part]?.includes(other);
    });
    return wrong.map((to) => `${file.path} imports ${to}`);
  });
}

t.test('imports inside control point one way', async (t) => {
  const sources = readFiles('src/control/**/*.ts');
  t.ok(sources.length > 0);
  t.same(wrongImports(sources), []);
  const unknown = sources.map(({ path }) => controlPartOf(path) as string).filter((part) => !(part in controlAllowed));
  t.same(unknown, [], 'every part has a row above');
  const up = [{ path: 'src/control/drafts/a.ts', text: "import { Engine } from '../engine.ts';\n" }];
  t.same(wrongImports(up), ['src/control/drafts/a.ts imports src/control/engine.ts'], 'this check can fail');
  const rows = Object.keys(controlAllowed);
  const upwards = rows.flatMap((part, at) =>
    (controlAllowed[part] ?? []).filter((below) => rows.indexOf(below) >= at).map((below) => `${part} → ${below}`),
  );
  t.same(upwards, [], 'a row names only rows above it, so that there is no circle');
});
