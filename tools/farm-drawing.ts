/** The farm's run as a picture: a row for each resolver, thick while it answers blue and thin once it answers green. */
import type { FarmRun, Pool, Sample, ServiceRun } from '../test/interop/farm/run.ts';

const LABELS_WIDTH = 138;
const CHART_WIDTH = 700;
const RIGHT = 32;
const WIDTH = LABELS_WIDTH + CHART_WIDTH + RIGHT;
const ROW_HEIGHT = 11;
/** Between the rows of one kind and the next. */
const KIND_GAP = 6;
const TITLE_HEIGHT = 92;
const STEPS_HEIGHT = 26;
const PANEL_GAP = 28;
const AXIS_HEIGHT = 44;
const LEGEND_HEIGHT = 40;
const TICK_SECONDS = 10;
/** Answers as the caches filled, before the releases. */
const LEAD_SECONDS = 3;

/** A stretch of one resolver's answers of one pool, seconds since the releases began. */
interface Stretch {
  readonly pool: Pool;
  readonly from: number;
  readonly to: number;
}

/** Colours for a light and a dark page. The pools differ in thickness as well, so that the picture reads without them. */
const STYLE = `
  svg { --page: #ffffff; --ink: #1f2937; --faint: #6b7280; --rule: #e5e7eb; --blue: #2563eb; --green: #16a34a; --wait: #f3f4f6; --drain: #fef3c7; --edge: #b45309; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #0d1117; --ink: #e6edf3; --faint: #9198a1; --rule: #2a313c; --blue: #6ea8fe; --green: #3fb950; --wait: #161b22; --drain: #3a2d10; --edge: #f0b429; }
  }
  text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: var(--ink); }
  .heading { font-size: 17px; font-weight: 650; }
  .panel { font-size: 14px; font-weight: 600; }
  .faint { fill: var(--faint); }
  .small { font-size: 11px; }
  .edge { fill: var(--edge); font-weight: 600; }
  .blue { fill: var(--blue); }
  .green { fill: var(--green); }
`;

/** An SVG document. */
export function draw(run: FarmRun): string {
  const endSeconds = Math.max(...run.samples.map(({ answeredAtMs }) => (answeredAtMs - run.beganAtMs) / 1000));
  const x = (seconds: number): number =>
    LABELS_WIDTH + ((seconds + LEAD_SECONDS) / (endSeconds + LEAD_SECONDS)) * CHART_WIDTH;
  const panelHeight = STEPS_HEIGHT + rowTop(run, run.resolvers.length) + 26;
  const parts = [heading(run)];
  let top = TITLE_HEIGHT;
  for (const [service, { name }] of run.services.entries()) {
    parts.push(`<g transform="translate(0 ${top})" role="group" aria-label="${name}">${panel(run, service, x)}</g>`);
    top += panelHeight + PANEL_GAP;
  }
  top -= PANEL_GAP;
  parts.push(axis(top, endSeconds, x), legend(top + AXIS_HEIGHT));
  const height = top + AXIS_HEIGHT + LEGEND_HEIGHT;
  const title = 'Which pool the clients of each resolver were sent to during a release, with and without a lowered TTL';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${title}"><title>${title}</title><style>${STYLE}</style><rect width="100%" height="100%" rx="10" style="fill:var(--page)"/>${parts.join('\n')}</svg>\n`;
}

function heading({ resolvers }: FarmRun): string {
  return `<text class="heading" x="20" y="30">The same release behind ${resolvers.length} real resolvers</text>
<text class="faint" x="20" y="50">Each row is a resolver, and the pool that it sends its clients to: thick for blue, thin for green.</text>
<text class="faint" x="20" y="67">Dashed lines: from here on, Teal gives so many per cent of its answers to green.</text>`;
}

/** Where a row begins below the panel's first. */
function rowTop({ resolvers }: FarmRun, row: number): number {
  const kindsBefore = new Set(resolvers.slice(0, row + 1).map(({ kind }) => kind)).size - 1;
  return row * ROW_HEIGHT + kindsBefore * KIND_GAP;
}

function panel(run: FarmRun, service: number, x: (seconds: number) => number): string {
  const facts = run.services[service];
  const rowsTop = 26 + STEPS_HEIGHT;
  const bottom = rowsTop + rowTop(run, run.resolvers.length);
  return [
    `<text class="panel" x="20" y="14">${panelTitle(facts)}</text>`,
    moments(run, facts, bottom, x),
    ...run.resolvers.map(({ kind }, row) => {
      const isFirst = run.resolvers[row - 1]?.kind !== kind;
      const label = isFirst
        ? `<text class="small faint" x="20" y="${rowsTop + rowTop(run, row) + 9}">${kind}</text>`
        : '';
      const bars = stretches(run, service, row).map((stretch) => bar(stretch, rowsTop + rowTop(run, row), x));
      return label + bars.join('');
    }),
  ].join('\n');
}

function panelTitle({ steadyTtlSeconds, releaseTtlSeconds }: ServiceRun): string {
  if (releaseTtlSeconds === steadyTtlSeconds) return `Without: a TTL of ${steadyTtlSeconds} s all the time`;
  return `With TTL choreography: lowered from ${steadyTtlSeconds} s to ${releaseTtlSeconds} s first`;
}

/** The wait before the first step, the steps, and the time from the last one to the drain report's. */
function moments({ beganAtMs }: FarmRun, facts: ServiceRun, bottom: number, x: (seconds: number) => number): string {
  const since = (atMs: number): number => (atMs - beganAtMs) / 1000;
  const first = since(facts.steps[0]?.atMs ?? beganAtMs);
  const last = since(facts.steps.at(-1)?.atMs ?? beganAtMs);
  const drained = since(facts.drainedAtMs);
  const top = 22;
  const area = (from: number, to: number, fill: string): string =>
    `<rect x="${x(from).toFixed(1)}" y="${top}" width="${(x(to) - x(from)).toFixed(1)}" height="${bottom - top}" style="fill:var(--${fill})"/>`;
  const parts: string[] = [];
  if (first > 2) {
    parts.push(area(0, first, 'wait'));
    const middle = (x(0) + x(first)) / 2;
    parts.push(
      `<text class="small faint" x="${middle.toFixed(1)}" y="38" text-anchor="middle">waits for the old TTL</text>`,
    );
  }
  parts.push(area(last, drained, 'drain'));
  for (const { atMs, percent } of facts.steps) {
    const at = x(since(atMs)).toFixed(1);
    parts.push(
      `<line x1="${at}" x2="${at}" y1="${top}" y2="${bottom}" style="stroke:var(--faint)" stroke-dasharray="2 3"/>`,
    );
    parts.push(`<text class="small" x="${Number(at) + 4}" y="38">${percent}%</text>`);
  }
  const at = x(drained).toFixed(1);
  parts.push(`<line x1="${at}" x2="${at}" y1="${top}" y2="${bottom}" style="stroke:var(--edge)" stroke-width="1.5"/>`);
  const note = `drained ${(drained - last).toFixed(0)} s after 100%`;
  // Beside the line, on the side that has room for it.
  const isWide = x(drained) - x(last) > 200;
  const anchor = isWide ? `x="${Number(at) - 6}" text-anchor="end"` : `x="${Number(at) + 6}"`;
  parts.push(`<text class="small edge" ${anchor} y="38">${note}</text>`);
  return parts.join('');
}

/** Answers that follow each other with the same pool are one stretch, up to the first one with another. */
function stretches({ samples, beganAtMs }: FarmRun, service: number, resolver: number): Stretch[] {
  const own = samples
    .filter((sample) => sample.service === service && sample.resolver === resolver)
    .filter(({ answeredAtMs }) => answeredAtMs >= beganAtMs - 1000 * LEAD_SECONDS)
    .sort((a: Sample, b: Sample) => a.askedAtMs - b.askedAtMs);
  const found: Stretch[] = [];
  for (const { pool, askedAtMs } of own) {
    const at = (askedAtMs - beganAtMs) / 1000;
    const last = found.at(-1);
    if (last !== undefined) found[found.length - 1] = { ...last, to: at };
    if (last?.pool !== pool) found.push({ pool, from: at, to: at });
  }
  return found;
}

function bar({ pool, from, to }: Stretch, top: number, x: (seconds: number) => number): string {
  const height = pool === 'blue' ? ROW_HEIGHT - 2 : 3;
  const y = top + (ROW_HEIGHT - height) / 2;
  const width = Math.max(x(to) - x(from), 1);
  return `<rect class="${pool}" x="${x(from).toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${height}"/>`;
}

function axis(top: number, endSeconds: number, x: (seconds: number) => number): string {
  const ticks: string[] = [];
  for (let seconds = 0; seconds <= endSeconds; seconds += TICK_SECONDS) {
    const at = x(seconds).toFixed(1);
    ticks.push(`<line x1="${at}" x2="${at}" y1="${top}" y2="${top + 5}" style="stroke:var(--faint)"/>`);
    ticks.push(`<text class="small faint" x="${at}" y="${top + 18}" text-anchor="middle">${seconds} s</text>`);
  }
  const label = `<text class="small faint" x="20" y="${top + 18}">since the start</text>`;
  return `<line x1="${x(-LEAD_SECONDS)}" x2="${x(endSeconds)}" y1="${top}" y2="${top}" style="stroke:var(--faint)"/>${ticks.join('')}${label}`;
}

function legend(top: number): string {
  const y = top + 8;
  return `<rect class="blue" x="${LABELS_WIDTH}" y="${y - 5}" width="34" height="9"/><text x="${LABELS_WIDTH + 42}" y="${y + 4}">sent to blue, the old pool</text>
<rect class="green" x="${LABELS_WIDTH + 230}" y="${y - 2}" width="34" height="3"/><text x="${LABELS_WIDTH + 272}" y="${y + 4}">sent to green</text>
<rect x="${LABELS_WIDTH + 400}" y="${y - 7}" width="34" height="13" style="fill:var(--drain)"/><text x="${LABELS_WIDTH + 442}" y="${y + 4}">nobody new is sent to blue; caches let go</text>`;
}
