/** Imports while a commit is in doubt, of theirs or of another change: nothing is left of what comes to nothing. */
import t from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { Problem, StoreUnavailable } from '../../../src/model/errors.ts';
import { LogReads } from '../../../src/store/log-reads.ts';
import { beginAside, head, many, shapes, zone } from '../../fixtures/aside.ts';
import { NOON_MS } from '../../fixtures/engine.ts';
import { collectAll } from '../../fixtures/table.ts';

type World = ReturnType<typeof beginAside>;

const SERVICES = 40;
const text = `${head}${shapes}${many(SERVICES)}`;
const context = { actor: 'test', atMs: NOON_MS } as const;
const nameOf = (i: number): string => `s${i}.${zone}`;
const shift = { kind: 'weights.put', name: nameOf(2), weights: { blue: 0, green: 1 } } as unknown as Command;

function putService(i: number): Command {
  const pools = { blue: { weight: 1, targets: ['192.0.2.10'] }, green: { weight: 1, targets: ['192.0.2.20'] } };
  return { kind: 'service.put', name: nameOf(i), body: { pools } } as unknown as Command;
}

/** A zone with services. */
async function begin(world: World): Promise<number> {
  const { send, must, table } = world;
  await send(text);
  for (let i = 0; i < SERVICES; i++) must(putService(i));
  collectAll(table);
  return table.memory.usedBytes;
}

async function importMore({ files }: World): Promise<string> {
  const result = await files.import(zone, Buffer.from(`${text}more 60 A 192.0.2.1\n`), context);
  return result instanceof Problem ? result.code : 'none';
}

/** A store whose next commit fails, after which it cannot be read, until it is mended. */
function breakable({ store }: World): { fail(): void; mend(): void } {
  const { commit } = store;
  const lastRevision = Object.getOwnPropertyDescriptor(LogReads.prototype, 'lastRevision')?.get as () => number;
  let isReadable = true;
  Object.defineProperty(store, 'lastRevision', {
    configurable: true,
    get() {
      if (!isReadable) throw new StoreUnavailable('the store cannot be read');
      return lastRevision.call(store);
    },
  });
  return {
    fail() {
      store.commit = () => {
        isReadable = false;
        return new Problem('store_unavailable', 'the disk failed');
      };
    },
    mend() {
      store.commit = commit;
      isReadable = true;
    },
  };
}

t.test('nothing is left of an import whose commit is found out later not to have been kept', async (t) => {
  const world = beginAside(t);
  const { table, engine } = world;
  const usedBytes = await begin(world);
  const { fail, mend } = breakable(world);
  fail();
  t.equal(await importMore(world), 'store_unavailable');
  t.equal(engine.isInDoubt, true);
  t.equal(table.followed, 1, 'it may turn out to be kept');
  mend();
  engine.recover();
  t.equal(table.followed, 0);
  t.equal(world.ask(`more.${zone}`), 3);
  collectAll(table);
  t.ok(table.memory.usedBytes < usedBytes * 1.05, 'given back');
  // The same file, sent again while the first one is in doubt still.
  fail();
  t.equal(await importMore(world), 'store_unavailable');
  mend();
  t.equal(await importMore(world), 'none');
  t.same(world.ask(`more.${zone}`), ['192.0.2.1']);
  t.equal(table.followed, 0);
});

t.test('nor of one that is refused since the commit of another change is in doubt', async (t) => {
  const world = beginAside(t);
  const { table, engine, store } = world;
  const usedBytes = await begin(world);
  const { fail, mend } = breakable(world);
  const failShift = (): void => {
    fail();
    const shifted = engine.executeAtOnce(shift, context);
    t.equal(shifted instanceof Problem && shifted.code, 'store_unavailable');
  };
  const serviceNamesIn = store.serviceNamesIn.bind(store);
  let calls = 0;
  store.serviceNamesIn = (of) => {
    calls += 1;
    // When it is about to be given to the engine; the first time they are read for the thread.
    if (calls === 2) failShift();
    return serviceNamesIn(of);
  };
  t.equal(await importMore(world), 'store_unavailable');
  t.equal(calls, 2);
  t.equal(engine.isInDoubt, true, 'by then still');
  t.equal(table.followed, 0);
  mend();
  engine.recover();
  t.equal(world.ask(`more.${zone}`), 3);
  collectAll(table);
  t.ok(table.memory.usedBytes < usedBytes * 1.05, 'given back');
});
