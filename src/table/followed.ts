/** What becomes of a zone's names while it is built aside: what was built is caught up to it before it is answered from. */

export class Followed {
  /** Canonical name. */
  readonly zone: string;
  /** Services that stood there when it began, whose names are still to be led to them. */
  readonly unlinked: string[];
  /** Names of which something has changed since. */
  readonly changed = new Set<string>();
  /** What has been put into the index since it was built says of the zone; see flags.ts. */
  flags = 0;
  /** The root of the order of its names, where that is another one since. */
  order: number | undefined;

  constructor(zone: string, services: Iterable<string>) {
    this.zone = zone;
    this.unlinked = [...services];
  }
}

/** Who follows which zones. */
export class Following {
  readonly #followed = new Set<Followed>();

  begin(zone: string, services: Iterable<string>): Followed {
    const followed = new Followed(zone, services);
    this.#followed.add(followed);
    return followed;
  }

  end(followed: Followed): void {
    this.#followed.delete(followed);
  }

  /** Something has changed, or will with what is pending, of a name of the zone. */
  note(zone: string, name: string): void {
    for (const followed of this.#followed) if (followed.zone === zone) followed.changed.add(name);
  }

  has(zone: string): boolean {
    for (const followed of this.#followed) if (followed.zone === zone) return true;
    return false;
  }

  get size(): number {
    return this.#followed.size;
  }
}
