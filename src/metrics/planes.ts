/** The processes of a server of two planes, each as it is seen by the one that decides. */
import type { Registry } from 'prom-client';
import { collectCounter, collectGauge } from './collected.ts';

export interface MeasuredPlane {
  readonly plane: string;
  readonly isUp: boolean;
  /** How often it was started again. */
  readonly restarts: number;
  /** Memory that no other process has part in, bytes; undefined where the system does not tell. */
  readonly privateBytes: number | undefined;
}

export function planeMetrics(registry: Registry, planes: () => readonly MeasuredPlane[]): void {
  const labels = ['plane'];
  collectGauge(
    registry,
    { name: 'teal_plane_up', help: '1: the process of this plane tells that it works.', labels },
    (set) => {
      for (const { plane, isUp } of planes()) set(isUp ? 1 : 0, { plane });
    },
  );
  collectCounter(
    registry,
    {
      name: 'teal_plane_restarts_total',
      help: 'How often the process of this plane ended and was started again.',
      labels,
    },
    (set) => {
      for (const { plane, restarts } of planes()) set(restarts, { plane });
    },
  );
  collectGauge(
    registry,
    { name: 'teal_plane_private_bytes', help: 'Memory of this process alone, without that of the table.', labels },
    (set) => {
      for (const { plane, privateBytes } of planes()) if (privateBytes !== undefined) set(privateBytes, { plane });
    },
  );
}
