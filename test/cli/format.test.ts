/** What is printed, as text: numbers, bars, columns, colours, and nothing that could take over a terminal. */
import fc from 'fast-check';
import t from 'tap';
import { drainLines, undrained } from '../../src/cli/format/drain.ts';
import { analysisLines } from '../../src/cli/format/gates.ts';
import { bar, poolLines } from '../../src/cli/format/pools.ts';
import { gateLines, planLines, releaseLines } from '../../src/cli/format/release.ts';
import { plain, poolColour, styleFor } from '../../src/cli/format/style.ts';
import { columns, duration, percent, printable, widthOf, wrap } from '../../src/cli/format/text.ts';
import { cutStyled, Screen } from '../../src/cli/screen.ts';
import type { Output, Shell } from '../../src/cli/shell.ts';
import { parseStepWords } from '../../src/cli/step-words.ts';
import { parseWeightWords } from '../../src/cli/weight-words.ts';
import type { AnalysisProgress, Drain, Release } from '../../src/contract/types.ts';
import { readDuration } from '../../src/duration.ts';
import { runs } from '../fixtures/runs.ts';

const at = (second: number) => `2026-01-31T12:00:${second}0.123Z`;
const culprit = {
  stepIndex: 1,
  phase: 'failed',
  message: 'errors failed: is 0.2',
  startedAt: at(0),
  endedAt: at(1),
  earlier: false,
  failureLimit: 1,
  metrics: [
    {
      name: 'errors',
      phase: 'failed',
      counts: { passed: 10, failed: 2, error: 0 },
      measurements: [
        { at: at(0), phase: 'failed', value: 0.3, message: 'is 0.3' },
        { at: at(1), phase: 'failed', value: 0.2, message: 'is 0.2\u001b[2J' },
      ],
    },
    {
      name: 'smoke',
      phase: 'passed',
      counts: { passed: 2 },
      measurements: [0, 1].map((second) => ({ at: at(second), phase: 'passed', message: 'fine' })),
    },
  ],
};

const terminal = (more: Partial<Output> = {}): Output => ({
  write() {},
  isTerminal: true,
  columns: 80,
  rows: 24,
  lost: new AbortController().signal,
  ...more,
});
const coloured = styleFor({ env: {} } as unknown as Shell, terminal());

t.test('a share that is not 0 never reads as 0, one that is not all never as all', async (t) => {
  t.same([0, 0.5, 1].map(percent), ['0.0 %', '50.0 %', '100.0 %']);
  t.same([1e-6, 1 - 1e-6].map(percent), ['<0.1 %', '>99.9 %']);
  fc.assert(
    fc.property(fc.double({ min: Number.MIN_VALUE, max: 1 - Number.EPSILON, noNaN: true }), (share) => {
      const drawn = bar(share, plain);
      return (
        drawn.length === 24 && drawn.includes('█') && drawn.includes('░') && !/^(0\.0|100\.0) %$/.test(percent(share))
      );
    }),
    { numRuns: runs(100) },
  );
  t.equal(bar(0, plain), '░'.repeat(24));
  t.equal(bar(1, plain), '█'.repeat(24));
});

t.test('durations, written and read', async (t) => {
  t.same([0, 0.4, 59, 60, 90, 3600, 3661, 90_000].map(duration), [
    '0s',
    '0s',
    '59s',
    '1m',
    '1m 30s',
    '1h',
    '1h 1m',
    '1d 1h',
  ]);
  t.same(['30s', '5m', '1h30m', '2d', '45'].map(readDuration), [30, 300, 5400, 172_800, 45]);
  t.same(['', 's', '5 m', '-1s', '1.5h', '5x'].map(readDuration), Array(6).fill(undefined));
});

t.test('columns align, whatever colours are in them', async (t) => {
  const rows = [
    ['a', '1', 'x'],
    [coloured.colour('blue', 'bbb'), '100', ''],
  ];
  const lines = columns(rows, [1]);
  t.equal(lines[0], 'a      1  x');
  t.equal(widthOf(lines[1]), 'bbb  100'.length, 'and nothing trails');
});

t.test('lines are wrapped at words, and cut without their colours', async (t) => {
  t.same(wrap('one two three four', 9, ' '), [' one two', ' three', ' four']);
  t.equal(cutStyled('\u001b[31mabcdef\u001b[39m', 3), '\u001b[31mabc\u001b[39m');
});

t.test('text from elsewhere cannot move the cursor', async (t) => {
  t.equal(printable('\u001b[2Jgone'), '\ufffd[2Jgone');
  fc.assert(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come through
    fc.property(fc.string({ unit: 'binary' }), (text) => !/[\u0000-\u001f\u007f-\u009f]/.test(printable(text))),
    { numRuns: runs(100) },
  );
});

t.test(
  'colours on a terminal only, unless the environment says otherwise; the words are the same without',
  async (t) => {
    const styled = (env: Record<string, string>, isTerminal: boolean): string =>
      styleFor({ env } as unknown as Shell, terminal({ isTerminal })).colour('blue', 'x');
    t.equal(styled({}, true), '\u001b[34mx\u001b[39m');
    t.equal(styled({}, false), 'x');
    t.equal(styled({ NO_COLOR: '1' }, true), 'x');
    t.equal(styled({ NO_COLOR: '' }, true), '\u001b[34mx\u001b[39m', 'empty: not set (no-color.org)');
    t.equal(styled({ TERM: 'dumb' }, true), 'x');
    t.equal(styled({ FORCE_COLOR: '1' }, false), '\u001b[34mx\u001b[39m');
    t.equal(styleFor({ env: { LANG: 'C' } } as unknown as Shell, terminal()).symbols.full, '#', 'no UTF-8, no blocks');
    t.same(
      ['blue', 'green', 'red-team', 'canary'].map((pool) => poolColour(pool, ['blue', 'canary', 'green', 'red-team'])),
      ['blue', 'green', 'cyan', 'magenta'],
    );
  },
);

t.test('pools have a label, a number and a bar each: nothing is told by colour alone', async (t) => {
  const lines = poolLines(
    [
      { pool: 'blue', weight: 90, share: 0.9, observed: 0.893 },
      { pool: 'green', weight: 10, share: 0.1, observed: 'none', note: 'new' },
    ],
    plain,
  );
  t.same(lines, [
    'blue   90  90.0 %  ██████████████████████░░  89.3 % seen',
    'green  10  10.0 %  ██░░░░░░░░░░░░░░░░░░░░░░   no answers  new',
  ]);
});

t.test('weights and steps as they are typed', async (t) => {
  t.same(parseWeightWords(['a.example', 'green=1', 'blue=0', 'b.example', 'x=65535']), {
    'a.example': { green: 1, blue: 0 },
    'b.example': { x: 65535 },
  });
  t.same(parseStepWords('10, 5m,12.5%,pause,100'), [
    { setWeight: 10 },
    { pause: { duration: '5m' } },
    { setWeight: 12.5 },
    { pause: {} },
    { setWeight: 100 },
  ]);
});

const release: Release = {
  id: '7',
  to: 'green',
  state: 'progressing',
  reason: 'analysis_running',
  message: 'Step 2 of 3 is an analysis.',
  stepIndex: 1,
  wait: { kind: 'analysis', seconds: null, until: null },
  steps: [
    { setWeight: 10 },
    { analysis: { count: 3, metrics: [{ name: 'smoke' }, { name: 'errors' }] } },
    { setWeight: 100 },
  ],
  services: {
    'app.example.com': {
      weights: { blue: 90, green: 10 },
      shares: { blue: 0.9, green: 0.1 },
      before: { blue: 100, green: 0 },
      ttlSeconds: 5,
      steadyTtlSeconds: 5,
    },
  },
  warnings: [{ code: 'ttl_long', message: 'The TTL is 600 s.' }],
  createdAt: '2026-01-31T12:00:00.000Z',
  revision: 7,
};

t.test('a release: where it stands, weights, steps, gates', async (t) => {
  // As a server of an earlier version says it, which counts no errors.
  const analysis = {
    count: 3,
    failureLimit: 1,
    lastAt: null,
    metrics: [
      {
        name: 'smoke',
        measurements: 2,
        failures: 0,
        inconclusive: 0,
        last: { outcome: 'passed', message: 'status 200' },
      },
      { name: 'errors', measurements: 2, failures: 1, inconclusive: 1, last: null },
    ],
  } as unknown as AnalysisProgress;
  t.same(releaseLines({ ...release, analysis }, plain, 0, { width: 80 }), [
    'app.example.com to green: release 7, progressing',
    '  Step 2 of 3 is an analysis.',
    '  ! The TTL is 600 s. [ttl_long]',
    '',
    '  blue   90  90.0 %  ██████████████████████░░',
    '  green  10  10.0 %  ██░░░░░░░░░░░░░░░░░░░░░░',
    '',
    '  ✓  1  set weight 10 %                     done',
    '  ▶  2  analysis of smoke, errors, 3 times  now',
    '  ·  3  set weight 100 %',
    '',
    '  ✓  gate smoke   2 of 3 measured, 0 failed (1 allowed)                  passed: status 200',
    '  ·  gate errors  2 of 3 measured, 1 failed (1 allowed), 1 inconclusive',
  ]);
  t.same(
    analysisLines({ ...release, analyses: [{ ...culprit, endedAt: null }] }, plain),
    [],
    'one that goes on is above',
  );
  const aborted = { ...release, state: 'aborted', analyses: [{ ...culprit, stepIndex: 0, phase: 'passed' }, culprit] };
  t.same(releaseLines(aborted as Release, plain, 0, { width: 80 }).slice(-8), [
    '',
    '  gates of step 1 passed at 2026-01-31 12:00:10 UTC: errors failed: is 0.2',
    '  gates of step 2 failed at 2026-01-31 12:00:10 UTC: errors failed: is 0.2',
    '    gate errors failed: 12 measured, 2 failed (1 allowed)',
    '      2026-01-31 12:00:00 UTC  failed  0.3  is 0.3',
    '      2026-01-31 12:00:10 UTC  failed  0.2  is 0.2\ufffd[2J',
    '    gate smoke passed: 2 measured, 0 failed (1 allowed)',
    '      2026-01-31 12:00:10 UTC  passed    fine',
  ]);
  const [failed] = gateLines(
    {
      ...analysis,
      failureLimit: 0,
      metrics: [{ ...analysis.metrics[1], last: { outcome: 'failed', message: '0.2' } }],
    } as never,
    plain,
  );
  t.match(failed, /^✗ {2}gate errors/);
  const paused = {
    ...release,
    state: 'paused',
    wait: { kind: 'pause', seconds: 300, until: '2026-01-31T12:05:00Z' },
  } as const;
  t.match(releaseLines(paused, plain, Date.parse('2026-01-31T12:03:30Z'), { width: 80 })[1], /\(1m 30s left\)$/);
});

t.test('a plan says which times are only the earliest', async (t) => {
  const entry = { ...release, at: '2026-01-31T12:00:00.000Z', certain: true };
  const lines = planLines(
    { ...release, dryRun: true, warnings: [], plan: [entry, { ...entry, certain: false }] },
    plain,
  );
  t.equal(lines[2], '2026-01-31 12:00:00 UTC       progressing  blue 90.0 % · green 10.0 %');
  t.equal(lines[3], 'from 2026-01-31 12:00:00 UTC  progressing  blue 90.0 % · green 10.0 %');
  t.match(lines[4], /the earliest time/);
});

t.test('the drain of a service: who still answers, and when it is over', async (t) => {
  const pool = {
    lateQueries: null,
    topNetworks: [],
    answers: 10,
    lastAnswerAt: '2026-01-31T12:00:00Z',
    lastTtlSeconds: 5,
    drainedAt: null,
    drained: false,
    assumed: false,
  };
  const drain: Drain = {
    service: 'app.example.com',
    at: at(1),
    since: at(0),
    pools: {
      blue: {
        ...pool,
        weight: 0,
        drainedAt: '2026-01-31T12:00:07Z',
        share: { configured: 0, answers: 0.25, resolvers: 0.5 },
        resolvers: { distinct: 3, notBack: 1, errorPercent: 0, method: 'counted' },
        lateQueries: 2,
        topNetworks: [{ network: '192.0.2.0/24', answers: 7 }],
      },
      green: {
        ...pool,
        weight: 100,
        share: { configured: 1, answers: 0.75, resolvers: 0.5 },
        resolvers: { distinct: 12000, notBack: 9000, errorPercent: 3, method: 'sketch' },
      },
    },
    message: 'blue is drained at 12:00:07.',
    propagation: [
      { resolver: '192.0.2.53', pool: 'blue', answers: ['192.0.2.10'], ttlSeconds: 3 },
      { resolver: '192.0.2.54', pool: null, answers: [], ttlSeconds: null, error: 'no answer' },
    ],
  };
  t.same(drainLines('app.example.com', drain, plain, Date.parse('2026-01-31T12:00:02Z'), 80), [
    'app.example.com',
    '  blue     0    0.0 %  ░░░░░░░░░░░░░░░░░░░░░░░░  25.0 % seen  drained in 5s',
    '  green  100  100.0 %  ████████████████████████  75.0 % seen',
    '  POOL     RESOLVERS  NOT BACK  LATE  MOST ANSWERS TO',
    '  blue             3         1     2  192.0.2.0/24 (7)',
    '  green  some 12,000      9000     -',
    '  blue is drained at 12:00:07.',
    '  RESOLVER    POOL       ANSWERS     TTL',
    '  192.0.2.53  blue       192.0.2.10  3 s',
    '  192.0.2.54  no answer',
  ]);
  t.same(undrained(drain), ['blue']);

  const fleet = {
    waitingFor: ['ns2', 'ns3'],
    holding: [
      { node: 'ns3', why: 'silent' as const, since: '2026-01-31T12:00:00Z', message: 'ns3 is gone.', command: null },
    ],
    nodes: [
      { node: 'ns1', toldAt: '2026-01-31T12:00:01Z', answers: { blue: 1234, green: 5 } },
      { node: 'ns2', toldAt: '2026-01-31T11:59:52Z', answers: { blue: 7, green: 0 } },
    ],
  };
  const lines = drainLines('app.example.com', { ...drain, fleet }, plain, Date.parse('2026-01-31T12:00:02Z'), 80);
  t.same(lines.slice(7, 12), [
    '  NODE  TOLD     ANSWERED',
    '  ns1   1s ago   blue 1,234, green 5',
    '  ns2   10s ago  blue 7, green 0      waited for',
    '  ns3   not yet                       waited for',
    '  All drains wait for 2s: ns3 is gone.',
  ]);
  const alone = { ...drain, fleet: { waitingFor: [], holding: [], nodes: [] } };
  t.notMatch(drainLines('a', alone, plain, 0, 80).join(' '), 'NODE', 'a fleet of one');
});

t.test('a screen is drawn in place, within the size of the terminal', async (t) => {
  let written = '';
  const screen = new Screen(terminal({ columns: 5, rows: 4, write: (text) => (written += text) }));
  screen.draw(['123456789', 'b']);
  t.equal(written, '\u001b[?25l1234\u001b[K\nb\u001b[K\n\u001b[J', 'a longer line would wrap and spoil the count');
  written = '';
  screen.draw(['1', '2', '3', '4', '5']);
  t.equal(
    written,
    '\u001b[2A\r1\u001b[K\n2\u001b[K\n…\u001b[K\n\u001b[J',
    'up by what was drawn, and never more than fits',
  );
  written = '';
  screen.end();
  t.equal(written, '\u001b[?25h', 'the cursor is shown again');
});
