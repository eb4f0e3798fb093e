/**
 * Thousands of services of a zone that is imported are held against the new records some at a time, before the command:
 * that has to look only at those of which something has changed meanwhile.
 */

import { parentOf } from '../../model/name.ts';
import { previewNames } from '../../model/preview.ts';
import type { ModelChange } from '../../model/revision.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Command } from '../commands/command.ts';
import { placeConflict } from '../drafts/zone-import.ts';
import type { Engine } from '../engine.ts';
import type { Sliced } from '../slices.ts';

type ImportCommand = Extract<Command, { kind: 'zone.import' }>;

/** Services that are looked at in one go: each is some reads of the store, a millisecond or two in all. */
const LOOKED_AT_ONCE = 20;

/** Names of services, for the thread that checks a file. */
interface NamesOfServices {
  /** With those of their previews, one a line. */
  readonly services: string;
  /** Those of them that answer with a CNAME. */
  readonly aliases: string;
}

export class Placing {
  readonly #store: Store;
  /** Names of which something has changed, for each import that is under way. */
  readonly #changed = new Set<Set<string>>();

  constructor(store: Store, engine: Pick<Engine, 'onChange'>) {
    this.#store = store;
    engine.onChange((changes) => {
      if (this.#changed.size > 0) for (const change of changes) this.#note(change);
    });
  }

  /** The services of a zone; undefined: there is none. */
  *names(zone: string | undefined): Sliced<NamesOfServices> {
    const services: string[] = [];
    const aliases: string[] = [];
    const names = zone === undefined ? [] : this.#store.serviceNamesIn(zone);
    for (const [i, name] of names.entries()) {
      const service = this.#store.service(name);
      if (service === undefined) continue;
      services.push(name, ...previewNames(service).keys());
      if (service.kind === 'host') aliases.push(name);
      if (i % LOOKED_AT_ONCE === LOOKED_AT_ONCE - 1) yield;
    }
    return { services: services.join('\n'), aliases: aliases.join('\n') };
  }

  /** The command with what is known of the places of the zone's services, until `end` is called with it. */
  *place(command: ImportCommand): Sliced<ImportCommand> {
    const { zone, built } = command;
    const { staged } = built;
    if (staged === undefined) return command;
    const changed = new Set<string>();
    this.#changed.add(changed);
    try {
      for (const [i, name] of this.#store.serviceNamesIn(zone).entries()) {
        const service = this.#store.service(name);
        const isThere = service !== undefined && service.zone === zone;
        // The command looks at it once more, and says so. All others are looked at too: this one may be gone by then.
        if (isThere && placeConflict(this.#store, zone, service, staged) !== undefined) changed.add(name);
        if (i % LOOKED_AT_ONCE === LOOKED_AT_ONCE - 1) yield;
      }
    } catch (error) {
      this.#changed.delete(changed);
      throw error;
    }
    return { ...command, unplaced: changed };
  }

  end({ unplaced }: Pick<ImportCommand, 'unplaced'>): void {
    this.#changed.delete(unplaced as Set<string>);
  }

  #note(change: ModelChange): void {
    for (const name of namesOf(change)) {
      // What stands at a name decides whether the preview of the service above answers there.
      for (const each of [name, parentOf(name)]) {
        if (each !== undefined) for (const changed of this.#changed) changed.add(each);
      }
    }
  }
}

function namesOf(change: ModelChange): string[] {
  switch (change.op) {
    case 'putService':
      return [change.service.name];
    case 'deleteService':
    case 'deleteRRset':
      return [change.name];
    case 'putRRset':
      return [change.rrset.name];
    case 'putZone':
    case 'importZone':
      return [change.zone.name];
    case 'deleteZone':
      return [change.zone];
    default:
      return [];
  }
}
