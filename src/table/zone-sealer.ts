/**
 * Signs a zone that is built aside, when all its records are there: the order of its names, what proves them, and the
 * signatures of its RRsets. What comes of it is what `proofs/chain.ts` keeps up once the zone is answered from.
 */
import { nameToWire } from '../model/name.ts';
import { previewNames } from '../model/preview.ts';
import { type Pool, type Service, ttlInForce } from '../model/service.ts';
import { TYPE } from '../wire/constants.ts';
import { ENTRY, NODE, NODE_HAS_DNAME, NODE_IS_CUT, NSEC_IN_CHAIN } from './layout.ts';
import type { Blocks } from './memory.ts';
import { buildOrder } from './order/build.ts';
import { BELOW, compareNames } from './order/compare.ts';
import { HashedNames } from './proofs/hashed-names.ts';
import { denialTtl, hashedProofsFor, isVouchedFor, proofsFor, type ServiceProof } from './proofs/nsec.ts';
import type { Retirer } from './reclaim.ts';
import type { RRsetCompiler } from './rrset-compiler.ts';

/** A name that will lead to a service, or to a preview of one. */
export interface SealedService extends ServiceProof {
  /** Lower-case wire form. */
  readonly owner: Uint8Array;
  /** Where it has records, it is a name like any other. */
  readonly isPreview: boolean;
}

/** What a service and its previews say of their names. */
export function sealedOf(service: Service): SealedService[] {
  const ttlSeconds = ttlInForce(service);
  const typesOf = ({ targets }: Pool): number[] => {
    if (service.kind === 'host') return [TYPE.CNAME];
    const isSix = (target: string): boolean => target.includes(':');
    return [...(targets.every(isSix) ? [] : [TYPE.A]), ...(targets.some(isSix) ? [TYPE.AAAA] : [])];
  };
  const pools = service.pools.map(typesOf);
  const previews = [...previewNames(service)].flatMap(([name, of]) => {
    const pool = service.pools.find((each) => each.name === of);
    return pool === undefined ? [] : [{ owner: nameToWire(name), isPreview: true, pools: [typesOf(pool)], ttlSeconds }];
  });
  return [{ owner: nameToWire(service.name), isPreview: false, pools, ttlSeconds }, ...previews];
}

/** An index that nobody reads yet. */
interface UnseenIndex {
  readonly blocks: Blocks & Retirer;
  readonly compiler: RRsetCompiler;
  entries(): Iterable<number>;
  /** The node of a name, made where it is not there. */
  nodeOf(name: Uint8Array): number;
  /** Gives a node other RRsets, by type. */
  replace(node: number, pairs: ReadonlyMap<number, number>): void;
  /** An RRset that the compiler has made has come to where it will be found, whatever becomes of the others. */
  keep(rrset: number): void;
}

interface Sealed {
  /** The root of the order of the zone's names, or of their hashes. */
  readonly order: number;
  /** It proves by NSEC3, as its NSEC3PARAM says. */
  readonly isHashed: boolean;
}

/** The SOA is among the zone's records, with what its keys put at the apex. Throws ArenaFull. */
export function sealZone(index: UnseenIndex, apex: Uint8Array, services: readonly SealedService[]): Sealed {
  const { blocks } = index;
  const atApex = index.nodeOf(apex);
  const ofApex = pairsOf(blocks, atApex);
  const isHashed = ofApex.has(TYPE.NSEC3PARAM);
  const atServices = proofsOfServices(index, services);
  // Hashed names are proved with the empty non-terminals among them.
  const isProved = (entry: number): boolean => isHashed || ownsRecords(blocks, entry) || atServices.has(entry);
  const entries = inOrder(blocks, [...index.entries()].filter(isProved));
  const ours = within(blocks, entries);
  const hashed = isHashed ? new HashedNames(blocks, ours) : undefined;
  const ttlSeconds = denialTtl(blocks.view, ofApex.get(TYPE.SOA) ?? 0, apex);
  const names = new SealedNames(index, { apex, atApex, ttlSeconds, atServices, hashed });
  try {
    for (const i of byNeed(blocks, ours, atApex, atServices)) {
      names.seal(ours[i], i + 1 < ours.length ? nameOf(blocks, ours[i + 1]) : apex);
    }
    return { order: buildOrder(blocks, hashed?.entries ?? entries), isHashed };
  } catch (error) {
    hashed?.giveBack();
    throw error;
  }
}

/** What services say of their names, by the nodes of these, which are made where they are not there. */
function proofsOfServices(index: UnseenIndex, services: readonly SealedService[]): Map<number, ServiceProof> {
  const proofs = new Map<number, ServiceProof>();
  // A service at the name of another one's preview is what answers there.
  for (const previews of [true, false]) {
    for (const { owner, isPreview, ...proof } of services) {
      if (isPreview !== previews) continue;
      const node = index.nodeOf(owner);
      if (!isPreview || !ownsRecords(index.blocks, node)) proofs.set(node, proof);
    }
  }
  return proofs;
}

/** The places of entries in the order in which they are signed: where not all can be now, that are first which most answers need. */
function* byNeed(
  blocks: Blocks,
  entries: readonly number[],
  atApex: number,
  atServices: ReadonlyMap<number, ServiceProof>,
): Generator<number> {
  const ranks: ((entry: number) => boolean)[] = [
    (entry) => entry === atApex,
    (entry) => atServices.has(entry),
    (entry) => isWildcard(blocks, entry) || isBorder(blocks, entry),
    () => true,
  ];
  const ranked = entries.map((entry) => ranks.findIndex((has) => has(entry)));
  for (let rank = 0; rank < ranks.length; rank++) {
    for (let i = 0; i < entries.length; i++) if (ranked[i] === rank) yield i;
  }
}

/** What the names of a zone are proved by. */
interface ZoneProof {
  readonly apex: Uint8Array;
  readonly atApex: number;
  /** Of what denies. */
  readonly ttlSeconds: number;
  readonly atServices: ReadonlyMap<number, ServiceProof>;
  /** Undefined: it proves by NSEC. */
  readonly hashed: HashedNames | undefined;
}

class SealedNames {
  readonly #index: UnseenIndex;
  readonly #zone: ZoneProof;

  constructor(index: UnseenIndex, zone: ZoneProof) {
    this.#index = index;
    this.#zone = zone;
  }

  /** Signs the RRsets of a name, and proves what it has and that nothing is between it and the next one. */
  seal(entry: number, next: Uint8Array): void {
    const { blocks, compiler } = this.#index;
    const { atApex, atServices, hashed } = this.#zone;
    const owner = nameOf(blocks, entry);
    const pairs = pairsOf(blocks, entry);
    const isCut = pairs.has(TYPE.NS) && entry !== atApex;
    const owned = { types: [...pairs.keys()], isCut, service: atServices.get(entry) };
    for (const [type, rrset] of pairs)
      if (isVouchedFor(type, isCut)) pairs.set(type, compiler.signCompiled(owner, type, rrset));
    const { apex, ttlSeconds } = this.#zone;
    const proofs = hashed
      ? hashedProofsFor(hashed.nextOf(entry), ttlSeconds, owned)
      : proofsFor(next, ttlSeconds, owned);
    const [type, at] = hashed ? [TYPE.NSEC3, hashed.ownerOf(entry, apex)] : [TYPE.NSEC, owner];
    for (const [form, proof] of proofs) {
      const made = compiler.compileSigned(at, type, proof.ttlSeconds, [proof.rdata]);
      if (!hashed || form !== NSEC_IN_CHAIN) {
        pairs.set(form, made);
      } else {
        hashed.give(entry, made);
        this.#index.keep(made);
      }
    }
    if (pairs.size > 0) this.#index.replace(entry, pairs);
  }
}

/** The RRsets of an entry, by type. */
function pairsOf({ view }: Blocks, entry: number): Map<number, number> {
  const { words } = view;
  const version = words[entry + ENTRY.VERSION_WORD];
  const pairs = new Map<number, number>();
  const end = version + NODE.PAIRS + 2 * words[version + NODE.COUNT];
  for (let at = version + NODE.PAIRS; at < end; at += 2) pairs.set(words[at], words[at + 1]);
  return pairs;
}

function ownsRecords({ view }: Blocks, entry: number): boolean {
  const { words } = view;
  return words[words[entry + ENTRY.VERSION_WORD] + NODE.COUNT] > 0;
}

function isWildcard({ view }: Blocks, entry: number): boolean {
  const name = (entry + ENTRY.NAME_BYTES) * 4;
  return view.bytes[name] === 1 && view.bytes[name + 1] === 0x2a;
}

/** Whether what lies below it is not the zone's: a cut, or a DNAME. */
function isBorder({ view }: Blocks, entry: number): boolean {
  const { words } = view;
  return (words[words[entry + ENTRY.VERSION_WORD] + NODE.FLAGS] & (NODE_IS_CUT | NODE_HAS_DNAME)) !== 0;
}

function nameOf({ view }: Blocks, entry: number): Uint8Array {
  const start = (entry + ENTRY.NAME_BYTES) * 4;
  return view.bytes.slice(start, start + (view.words[entry + ENTRY.NAME] & 0xff));
}

function inOrder({ view }: Blocks, entries: number[]): readonly number[] {
  const { bytes } = view;
  const at = (entry: number): number => (entry + ENTRY.NAME_BYTES) * 4;
  return entries.sort((a, b) => compareNames(bytes, at(a), bytes, at(b)));
}

/** Those that the zone vouches for: what lies beyond a cut or a DNAME comes right behind it. */
function within(blocks: Blocks, entries: readonly number[]): number[] {
  const { bytes } = blocks.view;
  const at = (entry: number): number => (entry + ENTRY.NAME_BYTES) * 4;
  let border = 0;
  return entries.filter((entry) => {
    if (border !== 0 && compareNames(bytes, at(entry), bytes, at(border)) === BELOW) return false;
    border = isBorder(blocks, entry) ? entry : 0;
    return true;
  });
}
