/** Changes on their way into the table: services as they are answered, and without the digests (RFC 8976) that they make wrong. */
import { withHeld } from '../model/drain.ts';
import type { Problem } from '../model/errors.ts';
import { zonesOf } from '../model/fleet/left-out.ts';
import type { Service } from '../model/service.ts';
import type { Store } from '../store/sqlite.ts';
import type { TableChange, TableChanges, TableContent } from '../table/changes.ts';
import { TYPE } from '../wire/constants.ts';
import type { Log } from './log/log.ts';
import type { LocalChange, StagedZones } from './log/staged.ts';

/** Who knows of zones that are answered with a digest of all that they are. */
export interface Digests {
  /** Zones whose digest is of another content after the changes. `isCommitted`: the store has them already. */
  droppedBy(changes: readonly TableChange[], isCommitted: boolean): readonly string[];
  /** Zones of which signatures were made anew since this was asked last. */
  renewed(): readonly string[];
  /** It is answered without the digests of these zones. */
  dropped(zones: readonly string[]): void;
}

const NO_DIGESTS: Digests = { droppedBy: () => [], renewed: () => [], dropped: () => {} };

export class Preparing {
  digests = NO_DIGESTS;
  readonly #table: Pick<TableChanges, 'content' | 'prepare' | 'takeBack'>;
  readonly #inForce: (service: Service) => Service;
  /** Unix time, milliseconds, until which a process before this one may have answered. */
  #answeredUntilMs = 0;
  readonly #store: Pick<Store, 'zone' | 'signing' | 'service' | 'serviceNamesIn'>;
  readonly #staged: Pick<StagedZones, 'stager'>;
  /** Zones that lose their digest by what is prepared. */
  #dropped: readonly string[] = [];

  /** `inForce`: a service as it is answered. */
  constructor(
    table: Pick<TableChanges, 'content' | 'prepare' | 'takeBack'>,
    inForce: (service: Service) => Service,
    store: Pick<Store, 'zone' | 'signing' | 'service' | 'serviceNamesIn'>,
    staged: Pick<StagedZones, 'stager'>,
  ) {
    this.#table = table;
    this.#inForce = inForce;
    this.#store = store;
    this.#staged = staged;
  }

  /**
   * The table has services as they are answered, the store has them as people want them. A digest goes in the publication
   * in which its zone becomes another one. `isCommitted`: the store has the changes already.
   */
  prepare(changes: readonly TableChange[], isCommitted = false): Problem | undefined {
    const dropped = this.digests.droppedBy(changes, isCommitted);
    const brought = [...this.#signingsOf(changes), ...changes, ...this.#servicesOf(changes)];
    const answered = brought.map((change) =>
      change.op === 'putService' ? ({ op: 'putService', service: this.#inForce(change.service) } as const) : change,
    );
    this.#dropped = dropped;
    const problem = this.#table.prepare([...answered, ...dropped.map(withoutDigest)]);
    // What is due is signed anew on the way, which is seen only now.
    const renewed = this.digests.renewed();
    if (problem !== undefined || renewed.length === 0) return problem;
    this.#table.takeBack();
    this.#dropped = [...new Set([...dropped, ...renewed])];
    return this.#table.prepare([...answered, ...this.#dropped.map(withoutDigest)]);
  }

  /**
   * What an entry changes. One of a log that others write too is applied, room or not: where there is none, the zones that it
   * is about are left out, and all others go on. Not while a zone is built aside, which may fill the table and come to
   * nothing: the entry waits for that, and all are answered as before.
   */
  prepareEntry(changes: readonly LocalChange[], log: Pick<Log, 'isLocal'>, isCommitted = false): Problem | undefined {
    const full = this.prepare(changes, isCommitted);
    if (log.isLocal || full?.code !== 'table_full' || this.#staged.stager?.isBusy()) return full;
    const made = new Map(
      changes.flatMap((change) => (change.op === 'putZone' ? [[change.zone.name, change.zone]] : [])),
    );
    const zones = zonesOf(changes).flatMap((name) => this.#store.zone(name) ?? made.get(name) ?? []);
    const left = changes.map((change): TableChange => {
      return change.op === 'importZone' ? { ...change, staged: { ...change.staged, isLeftOut: true } } : change;
    });
    // New services come with the zone, or they would take the rest of what is kept for shifts.
    const known = left.filter((change) => change.op !== 'putService' || this.#isInTable(change.service.name));
    const leave = (keepsRecords: boolean): Problem | undefined =>
      this.prepare([...zones.map((zone) => ({ op: 'leaveOut', zone, keepsRecords }) as const), ...known], isCommitted);
    const emptied = leave(false);
    return emptied?.code === 'table_full' ? leave(true) : emptied;
  }

  /** Whether the service comes with its zone, which is left out, and has no room before. */
  comesLater({ zone, name }: Service): boolean {
    return this.#table.content.leftOut().has(zone) && !this.#isInTable(name);
  }

  /** To be called before anything is prepared by who reads all of the store, at so many milliseconds of Unix time. */
  begin(atMs: number): void {
    this.#answeredUntilMs = atMs;
  }

  #isInTable(service: string): boolean {
    return this.#table.content.service(service) !== undefined;
  }

  /** Services that had no room in zones that are brought in. */
  #servicesOf(changes: readonly TableChange[]): TableChange[] {
    const leftOut = this.#table.content.leftOut();
    if (leftOut.size === 0) return [];
    const said = new Set(changes.flatMap((each) => serviceOf(each) ?? []));
    return changes.flatMap((change) => {
      if (change.op !== 'importZone' || change.staged.isLeftOut || !leftOut.has(change.zone.name)) return [];
      const missing = this.#store
        .serviceNamesIn(change.zone.name)
        .filter((name) => !this.#isInTable(name) && !said.has(name));
      return missing
        .flatMap((name) => this.#store.service(name) ?? [])
        .map((service): TableChange => {
          return { op: 'putService', service: withHeld(service, service, this.#answeredUntilMs) };
        });
    });
  }

  /** Of zones that the table had left out, and that are brought in: whoever signs knows nothing of them. */
  #signingsOf(changes: readonly TableChange[]): TableChange[] {
    const leftOut = this.#table.content.leftOut();
    if (leftOut.size === 0) return [];
    return changes.flatMap((change) => {
      if (change.op !== 'importZone' || change.staged.isLeftOut || !leftOut.has(change.zone.name)) return [];
      const { name } = change.zone;
      const isSaid = changes.some(
        (each) =>
          (each.op === 'putSigning' && each.signing.zone === name) ||
          (each.op === 'deleteSigning' && each.zone === name),
      );
      const signing = isSaid ? undefined : this.#store.signing(name);
      return signing === undefined ? [] : [{ op: 'putSigning', signing }];
    });
  }

  /** To be called when what was prepared is answered from. */
  published(): void {
    this.digests.dropped(this.#dropped);
  }
}

/** What takes all digests out of a table of which it is not known what has changed: those that are no records of their zones. */
export function digestsInTable(store: Pick<Store, 'allZones' | 'rrset'>, table: TableContent): TableChange[] {
  const type = TYPE.ZONEMD;
  const isDigested = (zone: string): boolean =>
    table.hasRRset(zone, zone, type) && store.rrset(zone, zone, type) === undefined;
  return store.allZones().flatMap(({ name }) => (isDigested(name) ? [withoutDigest(name)] : []));
}

function serviceOf(change: TableChange): string | undefined {
  if (change.op === 'putService') return change.service.name;
  return change.op === 'deleteService' ? change.name : undefined;
}

const withoutDigest = (zone: string): TableChange => ({ op: 'putDigest', zone });
