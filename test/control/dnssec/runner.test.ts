/** The steps of signed zones: by what parents are seen to have, killed at any moment, with parents that lag, lie, or lose a server. */
import t, { type Test } from 'tap';
import { SigningRunner } from '../../../src/control/dnssec/runner.ts';
import { Signings } from '../../../src/control/dnssec/signings.ts';
import { wantedKeys } from '../../../src/model/dnssec/apex.ts';
import type { SigningKey } from '../../../src/model/dnssec/signing.ts';
import type { Ds, ParentServer } from '../../../src/model/dnssec/transition.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { makeEngine } from '../../fixtures/engine.ts';
import { makeKeyring } from '../../fixtures/keyring.ts';

const zone = 'example.com';
const keyring = makeKeyring();

/** A zone that is signed, a parent whose servers a test sets, and a process that can be killed. */
function begin(t: Test) {
  const fixture = makeEngine(t);
  fixture.must({ kind: 'zone.put', zone, body: { nameservers: ['ns1.example.net'], hostmaster: 'h.example.com' } });
  const clock = new TestClock();
  const fresh = (): SigningKey => keyring.make(zone, 13, clock.wallMs()) as SigningKey;
  const at = () => ({ atMs: clock.wallMs() });
  fixture.must({ kind: 'dnssec.sign', zone, body: {}, key: fresh(), isGiven: false }, at());
  const world = { parent: (): readonly ParentServer[] => [], inForce: true, looks: 0 };
  const warned: string[] = [];
  const log = { info() {}, warn: (_: object, text: string) => warned.push(text) };
  const start = (): SigningRunner => {
    const look = async (): Promise<readonly ParentServer[]> => {
      world.looks += 1;
      return world.parent();
    };
    const signings = new Signings(fixture.store, keyring);
    const { store, engine } = fixture;
    const runner = new SigningRunner({ engine, store, signings, look, inForce: () => world.inForce, clock, log });
    runner.start();
    return runner;
  };
  let runner = start();
  return {
    ...fixture,
    world,
    warned,
    clock,
    at,
    fresh,
    stage: (): string => fixture.store.signing(zone)?.stage ?? 'none',
    /** The process dies, and another one starts. */
    kill(): void {
      runner.stop();
      clock.kill();
      runner = start();
    },
    /** Lets time pass until the stage is there; false: it never was. */
    async until(stage: string, hours = 30, whilst: () => void = () => {}): Promise<boolean> {
      for (let minutes = 0; minutes < hours * 60; minutes += 5) {
        if ((fixture.store.signing(zone)?.stage ?? 'none') === stage) return true;
        whilst();
        await clock.pass(300);
      }
      return false;
    },
    /** What the parent is told to have. */
    wanted: (): Ds[] => {
      const signing = fixture.store.signing(zone);
      return signing === undefined ? [] : wantedKeys(signing).map((key) => ({ ...key, digestType: 2 }));
    },
  };
}

const server = (name: string, ds: readonly Ds[]): ParentServer => ({ server: name, ds, ttlSeconds: 3600 });

t.test(
  'with a parent that follows, a zone is signed, rolled and unsigned, killed in the middle of every stage',
  async (t) => {
    const { world, until, kill, must, store, wanted, fresh, at, stage } = begin(t);

    const seen = new Set<string>();
    world.parent = () => ['a', 'b'].map((name) => server(name, seen.has('ds-needed') ? wanted() : []));
    const dies = (): void => {
      seen.add(stage());
      kill();
    };
    t.ok(await until('secure', 30, dies));
    must({ kind: 'dnssec.roll', zone, key: fresh() }, at());
    const [old] = store.signing(zone)?.keys ?? [];
    t.ok(await until('secure', 30, dies));
    t.same(
      store.signing(zone)?.keys.map(({ role }) => role),
      ['active'],
    );
    t.not(store.signing(zone)?.keys[0]?.id, old?.id);
    must({ kind: 'dnssec.unsign', zone, force: false }, at());
    t.ok(await until('none', 30, dies));
    for (const each of ['signing', 'key-published', 'ds-needed', 'ds-seen', 'replacing', 'ds-removal', 'ds-gone']) {
      t.ok(seen.has(each), `it died in ${each}`);
    }
  },
);

t.test('nothing goes on before every server of ours answers by the stage', async (t) => {
  const { world, until } = begin(t);
  world.inForce = false;
  t.notOk(await until('ds-needed', 4));
  world.inForce = true;
  t.ok(await until('ds-needed'));
});

t.test('a DS that never comes is waited for, and the parent is asked once a minute and no more', async (t) => {
  const { world, until, stage, clock, store } = begin(t);
  world.parent = () => [server('a', [])];
  await until('ds-needed');
  await clock.pass(60);
  const [looks, last] = [world.looks, store.lastRevision];
  await clock.pass(4 * 3600);
  t.equal(stage(), 'ds-needed');
  t.equal(store.lastRevision, last, 'nothing is written while nothing happens');
  t.ok(world.looks - looks <= 4 * 60 + 1, `${world.looks - looks} looks`);
});

t.test('one server of the parent that lags, or does not answer, holds it up; one that is gone does not', async (t) => {
  const { world, until, stage, wanted, clock } = begin(t);
  world.parent = () => [server('a', wanted()), server('b', [])];
  await until('ds-needed');
  await clock.pass(3600);
  t.equal(stage(), 'ds-needed', 'b has none yet');
  world.parent = () => [server('a', wanted()), { server: 'b', error: 'no answer within 3 s' }];
  await clock.pass(3600);
  t.equal(stage(), 'ds-needed', 'b may have anything');
  world.parent = () => [server('a', wanted())];
  t.ok(await until('secure'));
});

t.test('a parent that goes back sets it back, and one whose servers are not found is waited for', async (t) => {
  const { world, until, stage, wanted, clock } = begin(t);
  world.parent = () => [server('a', wanted())];
  t.ok(await until('ds-seen'));
  world.parent = () => [server('a', [])];
  await clock.pass(120);
  t.equal(stage(), 'ds-needed');
  world.parent = () => [];
  await clock.pass(7200);
  t.equal(stage(), 'ds-needed');
  world.parent = () => [server('a', [{ tag: 1, algorithm: 13, digestType: 2, digest: 'ab' }])];
  await clock.pass(7200);
  t.equal(stage(), 'ds-needed', 'the DS of another key');
  world.parent = () => [server('a', wanted())];
  t.ok(await until('secure'));
});

t.test('unsigning waits for as long as any server has a DS', async (t) => {
  const { world, until, stage, wanted, must, at, clock } = begin(t);
  const ds = wanted;
  world.parent = () => [server('a', ds()), server('b', ds())];
  await until('secure');
  const had = ds();
  must({ kind: 'dnssec.unsign', zone, force: false }, at());
  world.parent = () => [server('a', []), server('b', had)];
  await clock.pass(6 * 3600);
  t.equal(stage(), 'ds-removal');
  world.parent = () => [server('a', []), server('b', [])];
  t.ok(await until('none'));
});

t.test('a clock that is set ends no wait for what caches hold, and makes none longer', async (t) => {
  const day = 86_400_000;
  for (const jumpMs of [40 * 60_000, 3 * day, -40 * 60_000, -3 * day]) {
    const { world, until, stage, wanted, must, at, fresh, clock } = begin(t);
    world.parent = () => [server('a', wanted())];
    /** The clock is set as soon as the stage is there, and again in the middle: it takes what it takes. */
    const throughStage = async (name: string, next: string, seconds: number): Promise<void> => {
      t.ok(await until(name), `${jumpMs}: ${name}`);
      clock.jump(jumpMs);
      await clock.pass(seconds / 2);
      clock.jump(jumpMs);
      await clock.pass(seconds / 2 - 400);
      t.equal(stage(), name, `${jumpMs}: ${name} waits still`);
      t.ok(await until(next, 0.25), `${jumpMs}: ${name} waits no longer`);
    };
    await throughStage('ds-seen', 'secure', 3600);
    const had = wanted();
    world.parent = () => [server('a', had)];
    must({ kind: 'dnssec.roll', zone, key: fresh() }, at());
    await throughStage('key-published', 'ds-needed', 3600);
    world.parent = () => [server('a', wanted())];
    await throughStage('ds-seen', 'replacing', 3600);
    await throughStage('replacing', 'secure', 3600);
    must({ kind: 'dnssec.unsign', zone, force: false }, at());
    world.parent = () => [server('a', [])];
    await throughStage('ds-gone', 'none', 3600);
  }
});

t.test('the parent of a zone that is signed again is asked at once', async (t) => {
  const { world, clock, must, at, fresh } = begin(t);
  const again: (() => void)[] = [
    () => must({ kind: 'dnssec.unsign', zone, force: true }, at()),
    () => {
      must({ kind: 'zone.delete', zone, withServices: true }, at());
      must({ kind: 'zone.put', zone, body: { nameservers: ['ns1.example.net'], hostmaster: 'h.example.com' } }, at());
    },
  ];
  for (const end of again) {
    await clock.pass(60);
    end();
    must({ kind: 'dnssec.sign', zone, body: {}, key: fresh(), isGiven: false }, at());
    const before = world.looks;
    await clock.pass(10);
    t.equal(world.looks, before + 1);
  }
});
