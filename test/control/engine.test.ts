/** Nothing acknowledged is lost, and nothing refused leaves a trace: the engine over a store that fails and restarts. */
import fc from 'fast-check';
import t from 'tap';
import type { Command } from '../../src/control/commands/command.ts';
import { Queries } from '../../src/control/queries.ts';
import { bluegreen, makeEngine, withService, zoneBody } from '../fixtures/engine.ts';
import { runs } from '../fixtures/runs.ts';
import { setReadOnly } from '../fixtures/store.ts';

const app = 'app.example.com';
const NXDOMAIN = 3;
const REFUSED = 5;

t.test('a store that is full or read-only refuses changes with a code; answers and later changes go on', async (t) => {
  const fixture = withService(makeEngine(t));
  setReadOnly(fixture.store, true);
  t.equal(fixture.code({ kind: 'weights.put', name: app, weights: { blue: 0, green: 1 } }), 'store_unavailable');
  t.same(fixture.ask(app), ['192.0.2.10'], 'still blue');
  t.match(fixture.queries.readiness(), { code: 'store_unavailable' });
  const short = new Queries(fixture.store, { missingWorkers: () => [1] });
  t.match(short.readiness(), { code: 'store_unavailable' }, 'whatever else is not well');
  t.equal(fixture.code({ kind: 'service.put', name: 'new.example.com', body: bluegreen(1, 1) }), 'store_unavailable');
  t.equal(fixture.ask('new.example.com'), NXDOMAIN);
  setReadOnly(fixture.store, false);
  t.equal(fixture.queries.readiness(), undefined);
  t.match(short.readiness(), { code: 'workers_missing' });
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 0, green: 1 } });
  t.same(fixture.ask(app), ['192.0.2.20']);
});

t.test('a full store', async (t) => {
  const fixture = withService(makeEngine(t, { maxPages: 60 }));
  let made = 0;
  let code = 'none';
  for (; code === 'none' && made < 2000; made++) {
    const body = { ttlSeconds: 60, rdata: [`"${'x'.repeat(250)}"`] };
    code = fixture.code({ kind: 'rrset.put', zone: 'example.com', name: `n${made}.example.com`, type: 'TXT', body });
  }
  t.equal(code, 'store_unavailable');
  t.ok(made > 10, `after ${made} RRsets`);
  t.match(fixture.queries.readiness(), { code: 'store_unavailable' }, 'though a row that is there can be changed');
  t.equal(fixture.ask(`n${made - 1}.example.com`, 'TXT'), NXDOMAIN, 'the refused one is not answered');
  t.same(fixture.ask(app), ['192.0.2.10']);
  fixture.close();
  const again = makeEngine(t, { folder: fixture.folder });
  t.equal(again.store.lastRevision, made + 1, 'all that were acknowledged are there');
});

t.test('a full table refuses the change before it is committed', async (t) => {
  const fixture = withService(makeEngine(t, { tableMaxBytes: 256 * 1024 }));
  fixture.must({ kind: 'service.put', name: 'other.example.com', body: bluegreen(1, 0) });
  let made = 0;
  let code = 'none';
  for (; code === 'none' && made < 2000; made++) {
    const body = { ttlSeconds: 60, rdata: [`"${'x'.repeat(250)}"`] };
    code = fixture.code({ kind: 'rrset.put', zone: 'example.com', name: `n${made}.example.com`, type: 'TXT', body });
  }
  t.equal(code, 'table_full');
  t.equal(fixture.store.lastRevision, made + 2, 'the refused one is not in the log');
  t.equal(fixture.ask(`n${made - 1}.example.com`, 'TXT'), NXDOMAIN);
  t.same(fixture.ask(app), ['192.0.2.10']);
});

t.test('a table that has room for nothing more still takes shifts, and the deletes that make room', async (t) => {
  const fixture = withService(makeEngine(t, { tableMaxBytes: 256 * 1024 }));
  fixture.must({ kind: 'service.put', name: 'other.example.com', body: bluegreen(1, 0) });
  const put = (i: number, length: number) => {
    const body = { ttlSeconds: 60, rdata: [`"${'x'.repeat(length)}"`] };
    return fixture.code({ kind: 'rrset.put', zone: 'example.com', name: `n${i}.example.com`, type: 'TXT', body });
  };
  let made = 0;
  let shifts = 0;
  const shift = () => {
    fixture.must({ kind: 'weights.put', name: app, weights: { blue: shifts % 2, green: 1 - (shifts % 2) } });
    t.same(fixture.ask(app), [shifts % 2 === 0 ? '192.0.2.20' : '192.0.2.10']);
    shifts++;
  };
  // Down to records for which a few words are enough; what the last of them gave back is there after the next change.
  for (let before = -1; before < made; shift()) {
    before = made;
    for (let length = 250; length > 0; length -= 50) while (put(made, length) === 'none') made++;
  }
  t.ok(shifts < 5, 'shifts make no room');
  while (shifts < 200) shift();
  t.equal(put(made, 250), 'table_full', 'shifts have made no room');
  fixture.must({ kind: 'service.delete', name: 'other.example.com' });
  for (let i = 0; i < made; i++) {
    fixture.must({ kind: 'rrset.delete', zone: 'example.com', name: `n${i}.example.com`, type: 'TXT' });
  }
  t.equal(put(0, 250), 'none');
});

t.test('after a restart the table answers as before', async (t) => {
  const first = withService(makeEngine(t));
  first.must({
    kind: 'rrset.put',
    zone: 'example.com',
    name: 'www.example.com',
    type: 'A',
    body: { ttlSeconds: 60, rdata: ['192.0.2.80'] },
  });
  first.must({ kind: 'weights.put', name: app, weights: { blue: 0, green: 3 } });
  first.close();
  const second = makeEngine(t, { folder: first.folder });
  t.same(second.ask(app), ['192.0.2.20']);
  t.same(second.ask('www.example.com'), ['192.0.2.80']);
  t.equal(second.store.lastRevision, 4);
});

t.test('a seed fills an empty store only, all or nothing', async (t) => {
  const fixture = makeEngine(t);
  const context = { actor: 'bootstrap', atMs: 0 };
  const zone: Command = { kind: 'zone.put', zone: 'example.com', body: zoneBody };
  const bad: Command = { kind: 'service.put', name: app, body: bluegreen(0, 0) };
  t.match(fixture.engine.seed([zone, bad], context), { code: 'weights_all_zero' });
  t.equal(fixture.store.lastRevision, 0);
  t.equal(fixture.engine.seed([zone], context), undefined);
  t.equal(fixture.engine.seed([{ kind: 'zone.delete', zone: 'example.com', withServices: true }], context), undefined);
  t.equal(fixture.store.lastRevision, 1, 'a store that has revisions is left alone');
});

/** A small world, so that commands meet each other. */
const names = ['example.com', 'a.example.com', 'b.a.example.com', '*.example.com', 'other.test'];
const anyName = fc.constantFrom(...names);
const anyWeight = fc.integer({ min: 0, max: 2 });
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  anyName.map((zone): Command => ({ kind: 'zone.put', zone, body: zoneBody })),
  fc.tuple(anyName, fc.boolean()).map(([zone, withServices]): Command => ({ kind: 'zone.delete', zone, withServices })),
  fc
    .tuple(anyName, anyName, fc.constantFrom('A 192.0.2.1', 'TXT hi', 'CNAME b.a.example.com.', 'NS ns.test.'))
    .map(([zone, name, record]): Command => {
      const [type, rdata] = record.split(' ') as [string, string];
      return { kind: 'rrset.put', zone, name, type, body: { ttlSeconds: 60, rdata: [rdata] } };
    }),
  fc
    .tuple(anyName, anyName, fc.constantFrom('A', 'TXT', 'CNAME', 'NS'))
    .map(([zone, name, type]): Command => ({ kind: 'rrset.delete', zone, name, type })),
  fc.tuple(anyName, anyWeight, anyWeight, fc.boolean()).map(([name, blue, green, host]): Command => {
    const targets = host ? [['x.test'], ['y.test']] : [['192.0.2.10'], ['192.0.2.20']];
    const pools = {
      blue: { weight: blue, targets: targets[0] },
      green: { weight: green, targets: targets[1] },
    };
    return { kind: 'service.put', name, body: { pools } };
  }),
  anyName.map((name): Command => ({ kind: 'service.delete', name })),
  fc
    .tuple(anyName, anyWeight, anyWeight)
    .map(([name, blue, green]): Command => ({ kind: 'weights.put', name, weights: { blue, green } })),
  fc
    .tuple(anyName, fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }))
    .map(
      ([name, revision]): Command =>
        revision === undefined ? { kind: 'rollback', name } : { kind: 'rollback', name, revision },
    ),
);

t.test('any sequence of commands: the running table, a restarted one and the log agree', async (t) => {
  const types = ['A', 'TXT', 'CNAME', 'NS', 'SOA'];
  await fc.assert(
    fc.asyncProperty(fc.array(anyCommand, { minLength: 5, maxLength: 30 }), async (commands) => {
      await t.test('a sequence', async (t) => {
        const first = makeEngine(t);
        for (const command of commands) {
          const before = first.store.lastRevision;
          const refused = first.code(command) !== 'none';
          const after = first.store.lastRevision;
          if (refused ? after !== before : after > before + 1) throw new Error(`${before} -> ${after}`);
        }
        const answers = (fixture: typeof first) =>
          // A service of two weights answers by chance: the sets of what can come are compared.
          names.flatMap((name) => {
            const length = fixture.store.service(name) === undefined ? 1 : 24;
            return types.map((type) => {
              const seen = new Set(Array.from({ length }, () => JSON.stringify(fixture.ask(name, type))));
              return [name, type, [...seen].sort()];
            });
          });
        const running = answers(first);
        first.close();
        const second = makeEngine(t, { folder: first.folder });
        t.same(answers(second), running);
        const log = second.store.revisions(0, 1000).map(({ revision }) => revision);
        t.same(
          log,
          Array.from(log, (_, i) => i + 1),
          'the log has no gap',
        );
      });
    }),
    { numRuns: runs(60), endOnFailure: true },
  );
});

t.test('names outside every zone are refused by the answers too', async (t) => {
  const fixture = withService(makeEngine(t));
  t.equal(fixture.ask('www.other.test'), REFUSED);
  t.equal(fixture.code({ kind: 'service.put', name: 'www.other.test', body: bluegreen(1, 1) }), 'name_outside_zones');
});
