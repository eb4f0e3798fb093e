/** Parents are told that CDS has changed when all nameservers answer by it, again where nobody took it, and not more often. */
import t from 'tap';
import { ParentNotifier } from '../../../src/control/dnssec/notifier.ts';
import type { Notice, Telling } from '../../../src/model/dnssec/notice.ts';
import type { SigningStage, ZoneSigning } from '../../../src/model/dnssec/signing.ts';

const zone = 'example.com';
const dnskey = Buffer.from('0101030d00', 'hex').toString('base64');
const key = { tag: 1, algorithm: 13, dnskey, digest: 'ab', id: '1', role: 'active', wrapped: '', madeAtMs: 0 } as const;

function signing(stage: SigningStage, more: Partial<ZoneSigning> = {}): ZoneSigning {
  const ttls = { dnskeyTtlSeconds: 1, maxTtlSeconds: 1, dsTtlSeconds: 1 };
  return {
    zone,
    stage,
    sinceMs: 0,
    denial: 'nsec',
    zonemd: false,
    keys: [key],
    foreign: [],
    ...ttls,
    revision: 1,
    ...more,
  };
}

function begin() {
  const told: number[] = [];
  const notices: Notice[] = [];
  const state = { nowMs: 0, telling: { endpoint: 'n.test:53' } as Telling, inForce: true };
  const log = { info() {}, warn() {} };
  const notifier = new ParentNotifier({
    tell: async () => {
      told.push(state.nowMs);
      return state.telling;
    },
    inForce: () => state.inForce,
    note: (_, notice) => notices.push(notice),
    clock: { wallMs: () => state.nowMs, steadyMs: () => state.nowMs },
    log,
  });
  /** So many turns of five seconds. */
  const pass = async (signings: readonly ZoneSigning[], turns: number): Promise<void> => {
    for (let turn = 0; turn < turns; turn++) {
      notifier.turn(signings);
      await new Promise((resolve) => setImmediate(resolve));
      state.nowMs += 5000;
    }
  };
  return { told, notices, state, pass };
}

t.test('it is told once, when every nameserver answers by it, and a day later once more', async (t) => {
  const { told, notices, pass, state } = begin();
  await pass([signing('signing')], 3);
  await pass([signing('ds-needed')], 3);
  t.same(told, [], 'not before: the parent would look in vain');
  await pass([signing('ds-needed', { inForceMs: state.nowMs })], 100);
  t.equal(told.length, 1);
  t.match(notices, [{ telling: { endpoint: 'n.test:53' } }]);
  await pass([signing('ds-needed', { inForceMs: 1 })], 24 * 720);
  t.equal(told.length, 2);
  await pass([signing('ds-seen')], 24 * 720 + 100);
  await pass([signing('secure')], 24 * 720 + 100);
  t.equal(told.length, 2, 'nothing has changed since');
  await pass([signing('ds-removal', { inForceMs: 1 })], 10);
  t.equal(told.length, 3, 'the CDS that asks for the removal');
});

t.test('where nobody takes it, it is told again, later each time, and not for ever', async (t) => {
  const { told, pass, state } = begin();
  state.telling = { error: 'no answer' };
  await pass([signing('ds-needed', { inForceMs: 1 })], 3 * 720);
  t.equal(told.length, 6);
  const gaps = told.slice(1).map((at, i) => Math.round((at - (told[i] ?? 0)) / 60_000));
  t.same(gaps, [1, 2, 4, 8, 16]);
});

t.test('a parent that does not want to hear is asked once a day', async (t) => {
  const { told, pass, state } = begin();
  state.telling = 'none';
  await pass([signing('ds-needed', { inForceMs: 1 })], 3 * 24 * 720);
  t.equal(told.length, 3);
});

t.test('another key of others is a new CDS; what a process did not see change is not told', async (t) => {
  const { told, pass, state } = begin();
  await pass([signing('secure')], 10);
  t.same(told, []);
  const { id: _id, role: _role, wrapped: _wrapped, madeAtMs: _made, ...other } = { ...key, digest: 'cd' };
  const more = signing('secure', { foreign: [other] });
  state.inForce = false;
  await pass([more], 10);
  t.same(told, []);
  state.inForce = true;
  await pass([more], 10);
  t.equal(told.length, 1);
  await pass([], 1);
  await pass([more], 10);
  t.equal(told.length, 1);
});
