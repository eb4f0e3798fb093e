/** What a zone file holds, name by name. */

interface NamedContent<One> {
  entries(): Iterator<[string, One[]]> & Iterable<[string, One[]]>;
  has(name: string): boolean;
}

/** The names of a zone with their RRsets, as a map has them. */
export class ContentNames<One> {
  readonly #content: NamedContent<One>;

  constructor(content: NamedContent<One>) {
    this.#content = content;
  }

  [Symbol.iterator](): Iterator<[string, One[]]> {
    return this.#content.entries();
  }

  *keys(): Generator<string> {
    for (const [name] of this.#content.entries()) yield name;
  }

  *values(): Generator<One[]> {
    for (const [, rrsets] of this.#content.entries()) yield rrsets;
  }

  has(name: string): boolean {
    return this.#content.has(name);
  }
}
