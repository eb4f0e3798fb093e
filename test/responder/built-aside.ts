/** Zones that are built aside in the table's own thread, while they change, for random histories. */
import { nameToWire } from '../../src/model/name.ts';
import type { RRset } from '../../src/model/rrset.ts';
import type { Service } from '../../src/model/service.ts';
import type { Zone } from '../../src/model/zone.ts';
import type { CaughtUp, RRsetNow, TableChange } from '../../src/table/changes.ts';
import { soaRdata } from '../../src/table/compile.ts';
import { Arena } from '../../src/table/memory.ts';
import type { RRsetSigner } from '../../src/table/rrset-signer.ts';
import { SealedPacker, unpackSealed } from '../../src/table/sealed-services.ts';
import { ZoneBuilder } from '../../src/table/zone-builder.ts';
import { TYPE } from '../../src/wire/constants.ts';
import { apply, type makeTable } from '../fixtures/table.ts';

type Made = ReturnType<typeof makeTable>;

export interface Content {
  readonly zone: Zone;
  /** By `name type`. */
  readonly rrsets: Map<string, RRset>;
  readonly services: Map<string, Service['kind']>;
}

/** A zone that is built aside while it changes, as the thread does that signs large ones. */
export class Aside {
  readonly zone: Zone;
  readonly #table: Made['table'];
  readonly #staged: CaughtUp['staged'];
  readonly #changed = new Map<string, { readonly name: string; readonly type: number }>();

  constructor({ table, shared }: Made, { zone, rrsets }: Content, signer: RRsetSigner | undefined, isHashed: boolean) {
    this.zone = zone;
    this.#table = table;
    const arena = new Arena(shared);
    arena.absorb(table.lendBlocks());
    const builder = new ZoneBuilder(arena, zone.name, 0, signer);
    for (const { name, type, ttlSeconds, rdata } of rrsets.values())
      builder.put(nameToWire(name), type, ttlSeconds, rdata);
    const apex = nameToWire(zone.name);
    builder.put(apex, TYPE.SOA, zone.ttlSeconds, [soaRdata(zone)]);
    builder.put(apex, TYPE.NS, zone.nameserversTtlSeconds, zone.nameservers.map(nameToWire));
    if (isHashed) builder.put(apex, TYPE.NSEC3PARAM, 0, [Uint8Array.of(1, 0, 0, 0, 0)]);
    const followed = table.follow(zone.name);
    const packer = new SealedPacker();
    for (const name of table.content.servicesIn(zone.name))
      for (const sealed of table.content.sealed(zone.name, name)) packer.add(sealed);
    const order = builder.seal(apex, unpackSealed(packer.packed));
    const signedBy = isHashed ? 'hashed' : 'plain';
    this.#staged = { index: builder.cell, flags: builder.flags, order, signedBy, followed };
    table.absorbBlocks(arena.lend());
  }

  /** False: it is of no use any more. */
  follow(changes: readonly TableChange[]): boolean {
    for (const change of changes) {
      if (change.op === 'deleteZone' && change.zone === this.zone.name) return false;
      if (change.op === 'putRRset' && change.rrset.zone === this.zone.name)
        this.#note(change.rrset.name, change.rrset.type);
      if (change.op === 'deleteRRset' && change.zone === this.zone.name) this.#note(change.name, change.type);
    }
    return true;
  }

  #note(name: string, type: number): void {
    this.#changed.set(`${name} ${type}`, { name, type });
  }

  /** Its services are led to, and may change after it. */
  link(): void {
    apply(this.#table, { op: 'linkAhead', zone: this.zone.name, staged: this.#staged });
  }

  /** Some of what has changed is brought in, and may change after it. */
  catchUp(now: Content, most: number): void {
    const caughtUp = { zone: this.zone.name, staged: this.#staged, since: this.#take(now, most) };
    apply(this.#table, { op: 'catchUp', caughtUp });
  }

  #take(now: Content, most: number): RRsetNow[] {
    const some = [...this.#changed].slice(0, most);
    return some.map(([key, gone]) => {
      this.#changed.delete(key);
      const rrset = [...now.rrsets.values()].find(({ name, type }) => name === gone.name && type === gone.type);
      return rrset === undefined ? { gone } : { rrset };
    });
  }

  /** Takes the place of what is answered. */
  swap(now: Content): void {
    const since = this.#take(now, Number.POSITIVE_INFINITY);
    const rebuilt = { zone: now.zone, signing: undefined, staged: this.#staged, since };
    apply(this.#table, { op: 'rebuildZone', rebuilt });
  }

  discard(): void {
    this.#table.discard(this.#staged);
  }
}
