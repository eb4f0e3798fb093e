/**
 * The RRsets of a zone in canonical order, packed: a million of them take some 60 bytes each, where as many objects would
 * take ten times that. What is given out is made as it is asked for.
 */
import { NameOrder } from '../table/order/compare.ts';
import { TYPE } from '../wire/constants.ts';

/** Names in lower-case wire form. */
export interface ViewRRset {
  readonly owner: Uint8Array;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdata: readonly Uint8Array[];
}

/** All that stands at a name, the SOA first and then by type. */
export interface NameRRsets {
  readonly owner: Uint8Array;
  readonly rrsets: readonly ViewRRset[];
}

/** Memory is taken in pieces of it, so that nothing is copied as the zone grows. */
const CHUNK_BYTES = 2 ** 22;
/** Type, TTL, number of records, length of the owner. */
const HEAD_BYTES = 11;

export class SortedRRsets {
  readonly #chunks: Uint8Array[] = [];
  readonly #views: DataView[] = [];
  /** Of the last chunk. */
  #used = CHUNK_BYTES;
  /** Where each RRset is: bytes from the beginning of the first chunk, as if each had the size of all. */
  #places = new Float64Array(1024);
  #count = 0;
  /** The same in order. */
  #sorted: Float64Array<ArrayBuffer> | undefined;
  readonly #shared: number;
  readonly #order = new NameOrder();
  readonly #rank: (type: number) => number;

  /** All names end in the apex. `rankOf`: by what types stand at a name; those that are alike stay in their order. */
  constructor(apex: Uint8Array, rankOf = rank) {
    this.#shared = apex.length;
    this.#rank = rankOf;
  }

  add({ owner, type, ttlSeconds, rdata }: ViewRRset): void {
    let bytes = HEAD_BYTES + owner.length;
    for (const data of rdata) bytes += 2 + data.length;
    if (this.#used + bytes > CHUNK_BYTES) this.#begin(bytes);
    const last = this.#chunks.length - 1;
    const [chunk, view] = [this.#chunks[last], this.#views[last]];
    let at = this.#used;
    this.#used += bytes;
    this.#note(last * CHUNK_BYTES + at);
    view.setUint16(at, type);
    view.setUint32(at + 2, ttlSeconds);
    view.setUint32(at + 6, rdata.length);
    view.setUint8(at + 10, owner.length);
    chunk.set(owner, at + HEAD_BYTES);
    at += HEAD_BYTES + owner.length;
    for (const data of rdata) {
      view.setUint16(at, data.length);
      chunk.set(data, at + 2);
      at += 2 + data.length;
    }
  }

  /** Those that were added, name by name; nothing may be added after that. It can be asked for more than once. */
  *names(): Generator<NameRRsets> {
    const places = this.#inOrder();
    let rrsets: ViewRRset[] = [];
    for (let i = 0; i < places.length; i++) {
      if (i > 0 && this.#compareOwners(places[i - 1], places[i]) !== 0) {
        yield { owner: rrsets[0].owner, rrsets };
        rrsets = [];
      }
      rrsets.push(this.#rrsetAt(places[i]));
    }
    if (rrsets.length > 0) yield { owner: rrsets[0].owner, rrsets };
  }

  /** The same, one after the other. */
  *rrsets(): Generator<ViewRRset> {
    for (const place of this.#inOrder()) yield this.#rrsetAt(place);
  }

  /** In the order in which they were added. */
  *added(): Generator<ViewRRset> {
    for (let i = 0; i < this.#count; i++) yield this.#rrsetAt(this.#places[i]);
  }

  #begin(bytes: number): void {
    const chunk = new Uint8Array(Math.max(bytes, CHUNK_BYTES));
    this.#chunks.push(chunk);
    this.#views.push(new DataView(chunk.buffer));
    this.#used = 0;
  }

  #note(place: number): void {
    if (this.#count === this.#places.length) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#places);
      this.#places = larger;
    }
    this.#places[this.#count++] = place;
  }

  #inOrder(): Float64Array {
    if (this.#sorted !== undefined) return this.#sorted;
    const rankAt = (place: number): number => this.#rank(this.#viewOf(place).getUint16(place % CHUNK_BYTES));
    // What is alike stays in its order.
    const compare = (a: number, b: number): number => this.#compareOwners(a, b) || rankAt(a) - rankAt(b) || a - b;
    const places = this.#places.subarray(0, this.#count);
    // A store has names by their text: of a flat zone that mostly is this order.
    let sorted = 1;
    while (sorted < places.length && compare(places[sorted - 1], places[sorted]) < 0) sorted++;
    this.#sorted = sorted < places.length ? places.slice().sort(compare) : places;
    return this.#sorted;
  }

  #compareOwners(a: number, b: number): number {
    const [one, other] = [this.#chunkOf(a), this.#chunkOf(b)];
    const [oneAt, otherAt] = [a % CHUNK_BYTES, b % CHUNK_BYTES];
    this.#order.lookFor(other, otherAt + HEAD_BYTES, this.#shared);
    return this.#order.placeOf(one, oneAt + HEAD_BYTES, one[oneAt + HEAD_BYTES - 1]);
  }

  #rrsetAt(place: number): ViewRRset {
    const [chunk, view] = [this.#chunkOf(place), this.#viewOf(place)];
    let at = place % CHUNK_BYTES;
    const [type, ttlSeconds, count] = [view.getUint16(at), view.getUint32(at + 2), view.getUint32(at + 6)];
    const owner = chunk.subarray(at + HEAD_BYTES, at + HEAD_BYTES + chunk[at + HEAD_BYTES - 1]);
    at += HEAD_BYTES + owner.length;
    const rdata: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      const end = at + 2 + view.getUint16(at);
      rdata.push(chunk.subarray(at + 2, end));
      at = end;
    }
    return { owner, type, ttlSeconds, rdata };
  }

  #chunkOf(place: number): Uint8Array {
    return this.#chunks[Math.floor(place / CHUNK_BYTES)];
  }

  #viewOf(place: number): DataView {
    return this.#views[Math.floor(place / CHUNK_BYTES)];
  }
}

/** SOA first, as everybody expects it. */
function rank(type: number): number {
  return type === TYPE.SOA ? -1 : type;
}
