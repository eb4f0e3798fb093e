/** A watch that nobody serves any more is found out by itself, and opened elsewhere; one that has nothing to tell is left alone. */
import t from 'tap';
import { Etcd } from '../../src/etcd/client.ts';
import { Watch, type WatchEvent } from '../../src/etcd/watch.ts';
import { standIn, type WatchRequest, type WatchStream } from './stand-in.ts';

/** As long as a busy machine may take; what comes ends it. */
const WORD_MS = 30_000;

const etcdOf = (endpoints: readonly string[]): Etcd =>
  new Etcd({ endpoints, timeoutMs: WORD_MS, random: () => 0, wallMs: Date.now });

const reply = (more: object = {}): object => ({ header: { revision: '9' }, watch_id: '0', ...more });
const put = (key: string, revision: number): object => ({
  type: 'PUT',
  kv: { key: Buffer.from(key), value: Buffer.from('x'), create_revision: `${revision}`, mod_revision: `${revision}` },
});

/** Answers the beginning of a watch, and then only what is asked of it. */
function serving(onProgress: (stream: WatchStream) => void, begun: (from: number, stream: WatchStream) => void) {
  return (stream: WatchStream): void => {
    stream.on('data', ({ create_request: create }: WatchRequest) => {
      if (create === undefined) return onProgress(stream);
      stream.write(reply({ created: true }));
      begun(Number(create.start_revision), stream);
    });
    stream.on('error', () => {});
  };
}

t.test('a member that has begun a watch and forgets it', async (t) => {
  const begun: string[] = [];
  const forgetful = await standIn(t, {
    watch: serving(
      () => {},
      (from, stream) => {
        begun.push(`forgetful from ${from}`);
        if (from === 5) stream.write(reply({ events: [put('a', 7)] }));
      },
    ),
  });
  const well = await standIn(t, {
    watch: serving(
      (stream) => stream.write(reply({ watch_id: '-1' })),
      (from, stream) => {
        begun.push(`well from ${from}`);
        stream.write(reply({ events: [put('b', 8)] }));
      },
    ),
  });
  const etcd = etcdOf([forgetful, well]);
  t.teardown(() => etcd.close());
  const seen: WatchEvent[] = [];
  const broken: string[] = [];
  await new Promise<void>((resolve) => {
    const watch = new Watch(
      etcd,
      { key: 'a' },
      5,
      {
        onEvents: (events) => {
          seen.push(...events);
          if (seen.length === 2) resolve();
        },
        onCompacted: () => t.fail('nothing was compacted'),
        onBroken: (detail) => broken.push(detail),
      },
      // Both ends are this process: no pause of it may be taken for a member's silence.
      { quietMs: 20, wordMs: 2000 },
    );
    t.teardown(() => watch.close());
  });
  t.match(
    seen.map(({ key, modRevision }) => `${key} ${modRevision}`),
    ['a 7', 'b 8'],
  );
  t.same(begun.slice(0, 2), ['forgetful from 5', 'well from 8'], 'from where it left off');
  t.match(broken[0], /silent/);
});

t.test('a member that has nothing to tell, and says so', async (t) => {
  let asked = 0;
  let opened = 0;
  const broken: string[] = [];
  let enough = (): void => {};
  const isEnough = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const quiet = await standIn(t, {
    watch: serving(
      (stream) => {
        stream.write(reply({ watch_id: '-1' }));
        if (++asked === 5) enough();
      },
      () => opened++,
    ),
  });
  const etcd = etcdOf([quiet]);
  t.teardown(() => etcd.close());
  const listener = {
    onEvents: () => t.fail('nothing is told'),
    onCompacted: () => t.fail('nothing was compacted'),
    onBroken: (detail: string) => broken.push(detail),
  };
  const watch = new Watch(etcd, { key: 'a' }, 5, listener, { quietMs: 10, wordMs: WORD_MS });
  await isEnough;
  watch.close();
  t.same({ opened, broken }, { opened: 1, broken: [] });
});
