/** Metrics whose values stand elsewhere (shared memory, the store) and are read when somebody asks. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { tellFault } from '../guard.ts';

interface Described {
  /** After https://prometheus.io/docs/practices/naming: unit last, `_total` on counters. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** Tells a value of the series with these labels; several values of one series are summed. */
type SetValue = (value: number, labels?: Readonly<Record<string, string>>) => void;

/** A counter whose series are read anew each time; one that `read` no longer sets is gone. */
export function collectCounter(registry: Registry, described: Described, read: (set: SetValue) => void): void {
  new Counter({
    ...described,
    labelNames: described.labels ?? [],
    registers: [registry],
    collect() {
      forget(this, described);
      readWhole(described.name, read, (value, labels = {}) => this.inc({ ...labels }, value));
    },
  });
}

/** The same for a value that also falls. */
export function collectGauge(registry: Registry, described: Described, read: (set: SetValue) => void): void {
  new Gauge({
    ...described,
    labelNames: described.labels ?? [],
    registers: [registry],
    collect() {
      forget(this, described);
      readWhole(described.name, read, (value, labels = {}) => this.inc({ ...labels }, value));
    },
  });
}

/** One without labels is at 0 after its reset, as if that had been read: a time of 1970, say, that an alert would go by. */
function forget(metric: Counter | Gauge, { labels = [] }: Described): void {
  metric.reset();
  if (labels.length === 0) metric.remove();
}

/** A series whose source fails is left out, whole; all others are told. */
function readWhole(name: string, read: (set: SetValue) => void, set: SetValue): void {
  const values: Parameters<SetValue>[] = [];
  try {
    read((...value) => values.push(value));
  } catch (fault) {
    return tellFault(fault, `the metric ${name}`);
  }
  for (const value of values) set(...value);
}
