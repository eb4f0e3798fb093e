/** Memory for orders of names, in which entries are names and nothing else. */
import { nameToWire } from '../../../src/model/name.ts';
import { ENTRY, entryWords } from '../../../src/table/layout.ts';
import { Arena, ArenaFull, createSharedTable } from '../../../src/table/memory.ts';
import { pageWords } from '../../../src/table/order/page.ts';

/** An arena in which nothing that is retired is used again before `collect`: readers may still be there. */
export function makeArena() {
  const arena = new Arena(createSharedTable(2 ** 16, 2 ** 26));
  const retired: [number, number][] = [];
  const used = new Set<number>();
  const blocks = {
    view: arena.view,
    allocate(words: number): number {
      const offset = arena.allocate(words);
      if (offset === 0) throw new ArenaFull();
      used.add(offset);
      return offset;
    },
    retire(offset: number, words: number): void {
      if (!used.delete(offset)) throw new Error('retired twice, or never made');
      if (pageWords(arena.view.words[offset]) !== words) throw new Error('retired with another size');
      retired.push([offset, words]);
    },
  };
  const collect = (): void => {
    for (const [offset, words] of retired.splice(0)) {
      // What a reader of now must not see any more.
      arena.view.words.fill(-1, offset, offset + words);
      arena.free(offset, words);
    }
  };
  /** An entry of a name in wire form. */
  const entryOf = (wire: Uint8Array): number => {
    const offset = arena.allocate(entryWords(wire.length));
    arena.view.words[offset + ENTRY.NAME] = wire.length;
    arena.view.bytes.set(wire, (offset + ENTRY.NAME_BYTES) * 4);
    return offset;
  };
  const entry = (name: string): number => entryOf(nameToWire(name));
  return { arena, blocks, used, collect, entry, entryOf };
}
