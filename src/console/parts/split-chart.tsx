/** The live split of a service as a chart, from its history and from what the drain report counts. */
import type { ComponentType } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Drain, Revision } from '../../contract/types.ts';
import { type Look, looksFromHistory, type Series, seriesOf } from '../rules/series.ts';
import { sharesOf } from '../rules/shares.ts';
import { Card, Loading } from './controls.tsx';

/** How far back the line begins, where the history has that much. */
const BACK_MS = 15 * 60_000;
/** Half an hour of looks; the oldest go. */
const LOOKS_MAX = 900;

type ChartComponent = ComponentType<{ pool: string; series: Series }>;

export function SplitChart(props: {
  name: string;
  pools: readonly string[];
  /** The pool that is looked at first. */
  pool: string;
  history: readonly Revision[];
  drain: Drain | undefined;
  weights: Readonly<Record<string, number>>;
}) {
  const { name, pools, history, drain, weights } = props;
  const [chosen, setChosen] = useState<string>();
  const pool = chosen ?? props.pool;
  const Chart = useChart();
  const looks = useLooks(drain, weights);
  const openedMs = useRef(Date.now());
  const series = useMemo(() => {
    const past = looksFromHistory(name, history, openedMs.current - BACK_MS);
    const all = [...past, ...looks].sort((a, b) => a.atMs - b.atMs);
    return seriesOf(pools, all);
  }, [history, looks]);
  return (
    <Card
      title={`Share of ${pool}`}
      tools={
        pools.length > 2 && (
          <select
            aria-label="Pool in the chart"
            value={pool}
            onChange={(event) => setChosen(event.currentTarget.value)}
          >
            {pools.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )
      }
    >
      {Chart === undefined ? <Loading /> : <Chart pool={pool} series={series} />}
    </Card>
  );
}

/** Loaded when it is first needed: signing in does not wait for it. */
function useChart(): ChartComponent | undefined {
  const [chart, setChart] = useState<{ of: ChartComponent }>();
  useEffect(() => {
    void import('./chart.tsx').then(({ default: of }) => setChart({ of }));
  }, []);
  return chart?.of;
}

/** One look for each report, and for each change of the weights; without reports the weights alone. */
function useLooks(drain: Drain | undefined, weights: Readonly<Record<string, number>>): readonly Look[] {
  const [looks, setLooks] = useState<readonly Look[]>([]);
  const key = JSON.stringify(weights);
  useEffect(() => {
    const answers = Object.fromEntries(
      Object.entries(drain?.pools ?? {}).flatMap(([pool, { answers }]) =>
        answers === undefined ? [] : [[pool, answers]],
      ),
    );
    setLooks((before) => [
      ...before.slice(1 - LOOKS_MAX),
      { atMs: Date.now(), configured: sharesOf(weights), answers },
    ]);
  }, [drain, key]);
  return looks;
}
