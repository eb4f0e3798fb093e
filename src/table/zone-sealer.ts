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
import { BELOW, compareNames } from './order/compare.ts';
import { OrderWriter } from './order/tree.ts';
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
  const pairsOf = (entry: number): Map<number, number> => {
    const { words } = blocks.view;
    const version = words[entry + ENTRY.VERSION_WORD];
    const pairs = new Map<number, number>();
    const end = version + NODE.PAIRS + 2 * words[version + NODE.COUNT];
    for (let at = version + NODE.PAIRS; at < end; at += 2) pairs.set(words[at], words[at + 1]);
    return pairs;
  };
  const ownsRecords = (entry: number): boolean =>
    blocks.view.words[blocks.view.words[entry + ENTRY.VERSION_WORD] + NODE.COUNT] > 0;
  const atServices = new Map<number, ServiceProof>();
  // A service at the name of another one's preview is what answers there.
  for (const previews of [true, false]) {
    for (const { owner, isPreview, ...proof } of services) {
      if (isPreview !== previews) continue;
      const node = index.nodeOf(owner);
      if (!isPreview || !ownsRecords(node)) atServices.set(node, proof);
    }
  }
  const isHashed = pairsOf(atApex).has(TYPE.NSEC3PARAM);
  // Hashed names are proved with the empty non-terminals among them.
  const owners = [...index.entries()].filter((entry) => isHashed || ownsRecords(entry) || atServices.has(entry));
  const entries = inOrder(blocks, owners);
  const ttlSeconds = denialTtl(blocks.view, pairsOf(atApex).get(TYPE.SOA) ?? 0, apex);
  const ours = within(blocks, entries);
  // Where not all can be signed now, that are first which most answers need.
  const isNeeded = (entry: number): boolean => {
    const { words, bytes } = blocks.view;
    const name = (entry + ENTRY.NAME_BYTES) * 4;
    const isWildcard = bytes[name] === 1 && bytes[name + 1] === 0x2a;
    const flags = words[words[entry + ENTRY.VERSION_WORD] + NODE.FLAGS];
    return isWildcard || (flags & (NODE_IS_CUT | NODE_HAS_DNAME)) !== 0;
  };
  const ranks: ((entry: number) => boolean)[] = [
    (entry) => entry === atApex,
    (entry) => atServices.has(entry),
    isNeeded,
    () => true,
  ];
  const rankOf = (entry: number): number => ranks.findIndex((has) => has(entry));
  const hashed = isHashed ? new HashedNames(blocks, ours) : undefined;
  const prove = (entry: number, owner: Uint8Array, next: Uint8Array): void => {
    const pairs = pairsOf(entry);
    const isCut = pairs.has(TYPE.NS) && entry !== atApex;
    const owned = { types: [...pairs.keys()], isCut, service: atServices.get(entry) };
    for (const [type, rrset] of pairs)
      if (isVouchedFor(type, isCut)) pairs.set(type, index.compiler.signCompiled(owner, type, rrset));
    const proofs = hashed
      ? hashedProofsFor(hashed.nextOf(entry), ttlSeconds, owned)
      : proofsFor(next, ttlSeconds, owned);
    const [type, at] = hashed ? [TYPE.NSEC3, hashed.ownerOf(entry, apex)] : [TYPE.NSEC, owner];
    for (const [form, proof] of proofs) {
      const made = index.compiler.compileSigned(at, type, proof.ttlSeconds, [proof.rdata]);
      if (hashed && form === NSEC_IN_CHAIN) hashed.give(entry, made);
      else pairs.set(form, made);
    }
    if (pairs.size > 0) index.replace(entry, pairs);
  };
  try {
    const ranked = ours.map(rankOf);
    for (let rank = 0; rank < ranks.length; rank++) {
      for (const [i, entry] of ours.entries()) {
        if (ranked[i] !== rank) continue;
        prove(entry, nameOf(blocks, entry), i + 1 < ours.length ? nameOf(blocks, ours[i + 1]) : apex);
      }
    }
    return { order: orderOf(blocks, hashed?.entries ?? entries), isHashed };
  } catch (error) {
    hashed?.giveBack();
    throw error;
  }
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
function within({ view }: Blocks, entries: readonly number[]): number[] {
  const { words, bytes } = view;
  const at = (entry: number): number => (entry + ENTRY.NAME_BYTES) * 4;
  let border = 0;
  return entries.filter((entry) => {
    if (border !== 0 && compareNames(bytes, at(entry), bytes, at(border)) === BELOW) return false;
    const flags = words[words[entry + ENTRY.VERSION_WORD] + NODE.FLAGS];
    border = (flags & (NODE_IS_CUT | NODE_HAS_DNAME)) === 0 ? 0 : entry;
    return true;
  });
}

/** Nothing leads to its pages yet: where there is no room for all of them, they go back. */
function orderOf(blocks: Blocks & Retirer, entries: readonly number[]): number {
  const made: { readonly offset: number; readonly words: number }[] = [];
  const noted = {
    get view() {
      return blocks.view;
    },
    allocate: (words: number): number => {
      const offset = blocks.allocate(words);
      made.push({ offset, words });
      return offset;
    },
    retire: () => {},
  };
  try {
    return new OrderWriter(noted).build(entries);
  } catch (error) {
    for (const { offset, words } of made) blocks.retire(offset, words);
    throw error;
  }
}
