/** Zones and nodes that a writer left. */

import { finishHash, HashedName } from '../hash.ts';
import { findEntry } from '../index.ts';
import {
  ARENA,
  ENTRY,
  entryWords,
  HASHED_NAME,
  NODE,
  NODE_EXISTS,
  NODE_IS_APEX,
  nodeWords,
  RRSET,
  ZONE,
  ZONE_IS_HASHED,
} from '../layout.ts';
import type { NodeWriter } from '../nodes.ts';
import { childrenIn, countOf, entriesIn, levelOf, PAGE_HEAD, pageWords } from '../order/page.ts';
import { type Census, Doubt } from './census.ts';
import { takeIndex } from './indexes.ts';

/** A node that leads to a cell: of a service, of a preview, or of what was one. */
export interface Linked {
  readonly zone: LeftZone;
  readonly node: number;
  readonly version: number;
  readonly cell: number;
}

export interface LeftZone {
  /** Lower-case wire form. */
  readonly apex: Uint8Array;
  /** The cell of its index. */
  readonly index: number;
}

/** The name of an entry, in lower-case wire form. */
export function nameOf({ view }: Census, entry: number): Uint8Array {
  const start = (entry + ENTRY.NAME_BYTES) * 4;
  return view.bytes.slice(start, start + (view.words[entry + ENTRY.NAME] & 0xff));
}

/** Owns all zones with what they hold, services left out. */
export function takeZones(census: Census, nodes: NodeWriter): { zones: LeftZone[]; linked: Linked[] } {
  const zones: LeftZone[] = [];
  const linked: Linked[] = [];
  const { words } = census.view;
  takeIndex(census, ARENA.ZONES, (entry) => {
    takeEntry(census, entry);
    const version = census.newest(entry + ENTRY.VERSION_WORD);
    if (version !== 0) census.own(version, ZONE.WORDS);
    const index = version === 0 ? 0 : words[version + ZONE.INDEX];
    if (index === 0) return nodes.removeLeft(ARENA.ZONES, entry, version, ZONE.WORDS);
    const zone = { apex: nameOf(census, entry), index };
    takeNodes(census, nodes, zone, linked);
    const apex = words[version + ZONE.APEX];
    if (apex !== find(census, zone)) throw new Doubt('the apex of a zone is elsewhere');
    takeOrder(census, words[version + ZONE.ORDER], (words[version + ZONE.FLAGS] & ZONE_IS_HASHED) !== 0);
    zones.push(zone);
  });
  return { zones, linked };
}

/** Owns the pages of an order; its entries are those of the zone's index, or, where it is hashed, its own. */
function takeOrder(census: Census, root: number, isHashed: boolean): void {
  if (root === 0) return;
  const { words } = census.view;
  census.mustLie(root, PAGE_HEAD);
  const head = words[root];
  census.own(root, pageWords(head));
  const level = levelOf(head);
  for (let i = 0; i < countOf(head); i++) {
    const entry = words[root + entriesIn(head) + i];
    if (isHashed && level === 0) takeHashed(census, entry);
    else if (!isHashed && !census.isOwned(entry)) throw new Doubt('an order with a name that is none of its zone');
    if (level === 0) continue;
    const child = words[root + childrenIn(head) + i];
    census.mustLie(child, PAGE_HEAD);
    if (levelOf(words[child]) !== level - 1) throw new Doubt('an order with a page out of its place');
    takeOrder(census, child, isHashed);
    if (entry !== words[child + entriesIn(words[child])]) throw new Doubt('an order with a page of another name');
  }
}

function takeHashed(census: Census, entry: number): void {
  takeEntry(census, entry);
  const { words } = census.view;
  const node = words[entry + ENTRY.PARENT];
  if (words[entry + ENTRY.CHILDREN] !== HASHED_NAME || (node !== 0 && !census.isOwned(node)))
    throw new Doubt('a hashed name that is none');
  takeRRset(census, words[entry + ENTRY.VERSION_WORD]);
}

function takeEntry(census: Census, entry: number): void {
  census.mustLie(entry, ENTRY.NAME_BYTES + 1);
  const length = census.view.words[entry + ENTRY.NAME] & 0xff;
  if (length === 0) throw new Doubt('a name without bytes');
  census.own(entry, entryWords(length));
}

function takeNodes(census: Census, nodes: NodeWriter, zone: LeftZone, linked: Linked[]): void {
  const { words } = census.view;
  census.own(zone.index, 1);
  nodes.keepIndex(zone.index);
  // Those below the apex that exist: what the counts of names above them are made of.
  const existing: number[] = [];
  takeIndex(census, zone.index, (node) => {
    takeEntry(census, node);
    if (words[node + ENTRY.CHILDREN] !== 0) Atomics.store(words, node + ENTRY.CHILDREN, 0);
    const version = census.newest(node + ENTRY.VERSION_WORD);
    const flags = version === 0 ? 0 : takeContent(census, version);
    if ((flags & NODE_EXISTS) === 0) {
      const size = version === 0 ? 0 : nodeWords(words[version + NODE.COUNT]);
      return nodes.removeLeft(zone.index, node, version, size);
    }
    if ((flags & NODE_IS_APEX) === 0) existing.push(node);
    const cell = words[version + NODE.SERVICE];
    if (cell !== 0) linked.push({ zone, node, version, cell });
  });
  for (const node of existing) countChild(census, node);
}

/** Owns a node's version and its RRsets; the flags. */
function takeContent(census: Census, version: number): number {
  const { words } = census.view;
  const count = words[version + NODE.COUNT];
  census.own(version, nodeWords(count));
  for (let i = 0; i < count; i++) takeRRset(census, words[version + NODE.PAIRS + 2 * i + 1]);
  return words[version + NODE.FLAGS];
}

export function takeRRset(census: Census, rrset: number): void {
  census.mustLie(rrset, RRSET.DATA);
  census.own(rrset, census.view.words[rrset + RRSET.WORDS]);
}

function countChild(census: Census, node: number): void {
  const { words, bytes } = census.view;
  const parent = words[node + ENTRY.PARENT];
  const label = 1 + bytes[(node + ENTRY.NAME_BYTES) * 4];
  const length = words[node + ENTRY.NAME] & 0xff;
  if (!census.isOwned(parent) || (words[parent + ENTRY.NAME] & 0xff) !== length - label)
    throw new Doubt('a node whose parent is another one');
  words[parent + ENTRY.CHILDREN]++;
}

/** The node of a zone's apex. */
function find({ view }: Census, { apex, index }: LeftZone): number {
  const name = new HashedName(view.keys);
  name.set(apex, 0);
  return findEntry(view, index, finishHash(name.states[0]), name.bytes, 0, apex.length);
}
