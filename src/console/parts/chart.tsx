/** The share of one pool over time: as configured (a filled step line) and as answered (a line with dots). */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clockText } from '../rules/format.ts';
import type { Series } from '../rules/series.ts';
import { percent } from '../rules/shares.ts';
import { theme } from '../state/theme.ts';

const HEIGHT = 240;
/** A line of a few seconds would look like a jump. */
const SPAN_MIN_SECONDS = 120;

export default function Chart({ pool, series }: { pool: string; series: Series }) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const data = useMemo(() => dataOf(pool, series), [pool, series]);
  const chosen = theme.value;

  useEffect(() => {
    const element = holder.current as HTMLDivElement;
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(element), data, element);
    };
    make();
    // A canvas knows no style sheet: other colours are another drawing.
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', make);
    const watcher = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      scheme.removeEventListener('change', make);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [chosen]);

  useEffect(() => plot.current?.setData(data), [data]);

  return (
    <figure>
      <div class="chart" ref={holder} role="img" aria-label={wordsOf(pool, series)} />
      <figcaption class="row small quiet">
        <span class="row">
          <span class="key" data-key="configured" aria-hidden="true" /> configured
        </span>
        <span class="row">
          <span class="key" data-key="observed" aria-hidden="true" /> observed in answers
        </span>
        <span>times in UTC</span>
      </figcaption>
    </figure>
  );
}

function dataOf(pool: string, { seconds, configured, observed }: Series): uPlot.AlignedData {
  return [seconds, configured[pool] ?? [], observed[pool] ?? []];
}

/** For those who do not see it: where the line begins and ends. */
function wordsOf(pool: string, { seconds, configured, observed }: Series): string {
  const line = configured[pool] ?? [];
  const last = line.at(-1);
  if (typeof last !== 'number') return `The share of ${pool}: nothing yet.`;
  const seen = observed[pool]?.findLast((value) => value !== null);
  const since = clockText(seconds[0] * 1000);
  return `The share of ${pool} since ${since}: from ${percent((line[0] as number) / 100)} to ${percent(last / 100)} configured${
    typeof seen === 'number' ? `, ${percent(seen / 100)} observed` : ''
  }.`;
}

function optionsOf(element: HTMLElement): uPlot.Options {
  const colour = (name: string): string => resolved(element, name);
  const axis = { stroke: colour('--ink-2'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [10, 8, 0, 0],
    scales: {
      x: { range: (_, min, max) => [Math.min(min, max - SPAN_MIN_SECONDS), max] },
      y: { range: [0, 100] },
    },
    axes: [
      { ...axis, values: (_, seconds) => seconds.map((second) => clockText(second * 1000).slice(0, 8)), space: 80 },
      { ...axis, size: 46, values: (_, values) => values.map((value) => `${value}%`) },
    ],
    series: [
      {},
      {
        stroke: colour('--accent'),
        fill: colour('--accent-soft'),
        width: 2,
        paths: uPlot.paths.stepped?.({ align: 1 }) as uPlot.Series.PathBuilder,
        points: { show: false },
      },
      {
        stroke: colour('--ink'),
        width: 1.5,
        dash: [5, 4],
        spanGaps: true,
        points: { show: true, size: 5, fill: colour('--surface'), stroke: colour('--ink') },
      },
    ],
  };
}

/** The colour that a variable of the style sheet comes to here and now. */
function resolved(element: HTMLElement, name: string): string {
  const before = element.style.color;
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = before;
  return color;
}
