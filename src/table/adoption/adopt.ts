/**
 * How a writer goes on with the table of one that died, at whatever instruction that was.
 *
 * What readers see needs no help: they are answered by the generation that was stored last, and every version says which
 * one it belongs to. So what had been prepared and not published is known by its generation, and each word that leads to it
 * is led back to the version before. What a writer knows besides is found by walking all that can be reached: services by
 * the records behind their plans, counts of names by the names, free memory by what nobody has reached. Whatever cannot be
 * reached may still be read by somebody who began before: like everything that is given up, it waits for the end of the
 * epoch (reclaim.ts). A walk that meets what cannot be is a Doubt, and the table is then built anew elsewhere.
 */
import type { CounterRegistry } from '../counters.ts';
import type { LeftOut } from '../left-out.ts';
import type { Arena } from '../memory.ts';
import type { NodeWriter } from '../nodes.ts';
import type { Reclaimer } from '../reclaim.ts';
import type { ServiceRegistry } from '../services.ts';
import type { ZoneWriter } from '../zone-writer.ts';
import { Census } from './census.ts';
import { takeServices } from './services.ts';
import { takeZones } from './zones.ts';

/** The parts of a writer that knows nothing yet. */
interface NewWriter {
  readonly arena: Arena;
  readonly reclaimer: Reclaimer;
  readonly nodes: NodeWriter;
  readonly zones: ZoneWriter;
  readonly leftOut: LeftOut;
  readonly registry: ServiceRegistry;
  readonly counters: CounterRegistry;
}

/** Goes on with what lies in the arena. Returns how many words led to what was never published. Throws a Doubt. */
export function adopt({ arena, reclaimer, nodes, zones, leftOut, registry, counters }: NewWriter): number {
  const census = new Census(arena.view);
  const left = takeZones(census, nodes);
  leftOut.adopt(left.zones.map(({ apex }) => apex));
  const used = takeServices({ census, registry, counters, zones }, left.zones, left.linked);
  for (const version of census.unsettled) reclaimer.settle(version);
  const gaps = census.gaps();
  const lines = counters.unused(used);
  reclaimer.afterwards(() => {
    arena.giveGaps(gaps);
    for (const line of lines) counters.free(line);
  });
  reclaimer.advance();
  reclaimer.collect();
  return census.takenBack;
}
