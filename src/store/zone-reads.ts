/** A connection that reads zones whole, as they are at one moment, while the main one goes on. */
import Sqlite, { type Database } from 'better-sqlite3';
import type { ZoneSigning } from '../model/dnssec/signing.ts';
import type { RRset } from '../model/rrset.ts';
import type { Service } from '../model/service.ts';
import type { Zone } from '../model/zone.ts';
import { Condition } from './condition.ts';
import { ContentReads } from './content-reads.ts';
import type { SharedStore } from './staging.ts';
import { SERVICES_IN } from './statements.ts';

/** A zone with all that is in it, whose RRsets are read as they are asked for, once. */
export interface ReadZone {
  readonly zone: Zone;
  readonly services: readonly Service[];
  readonly rrsets: Iterable<RRset>;
  /** Undefined: nobody signs it here. */
  readonly signing?: ZoneSigning | undefined;
}

export class ZoneReads {
  readonly #database: Database;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #contents: ContentReads;
  readonly #condition = new Condition();

  /** The database is one that the main thread has opened and migrated. */
  constructor({ file }: Pick<SharedStore, 'file'>) {
    this.#database = new Sqlite(file, { readonly: true, fileMustExist: true });
    this.#statements = prepare(this.#database);
    this.#contents = new ContentReads(this.#database);
  }

  /**
   * Gives a zone to `use`, and its RRsets as they are read, so that they need not all be there at once. A row that cannot
   * be understood is the store's fault, and not that of what `use` makes of the others.
   */
  read<Result>(name: string, use: (zone: Zone, rrsets: Iterable<RRset>) => Result): Result | undefined {
    const read = this.#database.transaction((): Result | undefined => {
      const zone = this.#condition.read('a zone', () => parsed<Zone>(this.#statements.zone.get(name)));
      return zone === undefined ? undefined : use(zone, this.#rrsetsOf(name));
    });
    return read.deferred();
  }

  /** The same with its services, and how it is signed. */
  readWhole<Result>(name: string, use: (read: ReadZone) => Result): Result | undefined {
    return this.read(name, (zone, rrsets) => {
      const services = this.#condition.read('services', () =>
        this.#statements.services.all(name).map((row) => parsed<Service>(row) as Service),
      );
      const signing = this.#condition.read('a signing', () => parsed<ZoneSigning>(this.#statements.signing.get(name)));
      return use({ zone, services, rrsets, signing });
    });
  }

  close(): void {
    this.#database.close();
  }

  *#rrsetsOf(zone: string): Generator<RRset> {
    const place = this.#condition.read('RRsets', () => this.#contents.placeOf(zone));
    if (place === undefined) return;
    const walk = this.#contents.walk(place.content);
    for (;;) {
      const rrset = this.#condition.read('RRsets', () => (walk.next() ? walk.rrset(place) : undefined));
      if (rrset === undefined) return;
      yield rrset;
    }
  }
}

function parsed<Noun>(row: unknown): Noun | undefined {
  return row === undefined ? undefined : (JSON.parse((row as { body: string }).body) as Noun);
}

function prepare(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  return {
    zone: sql('SELECT body FROM zones WHERE name = ?'),
    services: sql(SERVICES_IN),
    signing: sql('SELECT body FROM signings WHERE zone = ?'),
  };
}
