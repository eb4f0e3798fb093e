/** Sessions over a restart: opened by their own browser and by nothing else, with the times that they had. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { SessionFiles } from '../../../src/control/people/kept-sessions.ts';
import type { Word } from '../../../src/control/people/provider.ts';
import { type Keeping, Sessions } from '../../../src/control/people/sessions.ts';
import type { Role } from '../../../src/model/token.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const times = { idleMs: 2 * HOUR_MS, maxMs: 12 * HOUR_MS, trustMs: HOUR_MS };
const word: Word = {
  claims: { sub: 'ann', email: 'ann@example.com' },
  tellsGroups: 'token',
  refreshToken: 'refresh-token-of-ann',
};
const admin: Role = { scope: 'admin' };

/** A machine: files and a wall clock that outlive its processes. */
function machine() {
  const kept = new Map<string, Uint8Array>();
  const files: SessionFiles = {
    read: (name) => kept.get(name),
    async write(name, bytes) {
      kept.set(name, bytes);
    },
    async remove(name) {
      kept.delete(name);
      return true;
    },
  };
  const clock = { wallMs: Date.parse('2026-11-29T10:00:00Z') };
  /** Its steady clock begins anew. */
  const process = (more: Partial<Keeping> & { roles?: readonly Role[] } = {}) => {
    const { roles = [admin], ...keeping } = more;
    const beganAtMs = clock.wallMs;
    const person = { name: 'person:ann@example.com', subject: 'ann', title: 'Ann', groups: ['ops'] };
    const known = () => ({ person, roles });
    const parts = { randomBytes, steadyMs: () => clock.wallMs - beganAtMs };
    const all = { files, wallMs: () => clock.wallMs, provider: 'https://id.example.com teal', known, ...keeping };
    const sessions = new Sessions(times, parts, all);
    return { sessions, begin: () => sessions.begin(person, roles, word).secret };
  };
  return { kept, clock, process };
}

t.test('a session goes on in the next process, with the roles that the settings give then', async (t) => {
  const { clock, process, kept } = machine();
  const secret = process().begin();
  const other = process().begin();
  clock.wallMs += MINUTE_MS;
  const shift: Role = { scope: 'shift' };
  const { sessions } = process({ roles: [shift] });
  t.match(sessions.find(secret, true), { person: { name: 'person:ann@example.com' }, roles: [shift], word });
  t.equal(sessions.find('another', true), undefined);
  t.equal(sessions.size, 1, 'only those whose browsers came back');
  t.ok(sessions.find(other, false));
  t.equal(kept.size, 2);
});

t.test('nothing that is in the files lets anybody in', async (t) => {
  const { process, kept } = machine();
  const secrets = [process().begin(), process().begin()];
  const text = [...kept].map(([name, bytes]) => `${name} ${Buffer.from(bytes).toString('latin1')}`).join('\n');
  for (const hidden of [...secrets, 'refresh-token', 'ann', 'example.com']) t.notOk(text.includes(hidden), hidden);
  const [first = '', second = ''] = kept.keys();
  const { sessions } = process();
  t.equal(sessions.find(first, true), undefined, 'the name of a file is no secret');
  const [one, two] = [...kept.values()] as [Uint8Array, Uint8Array];
  kept.set(first, two).set(second, one);
  for (const secret of secrets) t.equal(process().sessions.find(secret, true), undefined, 'nor is the file of another');
  t.equal(kept.size, 0, 'what does not open is taken away');
});

t.test('a file that was changed, cut, or is of another provider opens nothing', async (t) => {
  for (const spoil of [
    (bytes: Uint8Array) => bytes.map((byte, i) => (i === 20 ? byte ^ 1 : byte)),
    (bytes: Uint8Array) => bytes.subarray(0, -1),
    () => new Uint8Array(0),
    () => new Uint8Array(5),
  ]) {
    const { process, kept } = machine();
    const secret = process().begin();
    for (const [name, bytes] of kept) kept.set(name, spoil(bytes));
    t.equal(process().sessions.find(secret, true), undefined, String(spoil));
  }
  const { process } = machine();
  const secret = process().begin();
  t.equal(process({ provider: 'https://id.example.com other' }).sessions.find(secret, true), undefined);
});

t.test(
  'it lives no longer by a restart: idle, at the longest, and as long as the word of the provider is trusted',
  async (t) => {
    for (const [what, aheadMs, isGood] of [
      ['soon', 59 * MINUTE_MS, true],
      ['the provider was not asked for too long', HOUR_MS, false],
    ] as const) {
      const { clock, process } = machine();
      const secret = process().begin();
      clock.wallMs += aheadMs;
      t.equal(process().sessions.find(secret, true) !== undefined, isGood, what);
    }
    const { clock, process } = machine();
    const secret = process().begin();
    for (let i = 0; i < 13; i++) {
      clock.wallMs += 59 * MINUTE_MS;
      const { sessions } = process();
      const session = sessions.find(secret, true);
      t.equal(session !== undefined, 59 * (i + 1) < 12 * 60, `after ${59 * (i + 1)} minutes`);
      if (session === undefined) break;
      // The provider vouches anew.
      session.saidAtMs = 0;
      sessions.keep(session);
    }
  },
);

t.test('whoever does something is not idle in the next process', async (t) => {
  const { clock, process } = machine();
  const { sessions, begin } = process();
  const secret = begin();
  clock.wallMs += 50 * MINUTE_MS;
  const session = sessions.find(secret, true);
  t.ok(session);
  clock.wallMs += 9 * MINUTE_MS;
  const again = process().sessions.find(secret, false);
  t.equal(again && -again.activeAtMs, 9 * MINUTE_MS, 'active nine minutes before that process began');
  t.equal(again?.askedAtMs, Number.NEGATIVE_INFINITY, 'the provider is asked at once');
});

t.test('what has ended stays so, and a clock that was put back ends it', async (t) => {
  const { clock, process, kept } = machine();
  const { sessions, begin } = process();
  const secret = begin();
  await sessions.end(sessions.find(secret, true) as never);
  t.equal(kept.size, 0);
  t.equal(process().sessions.find(secret, true), undefined);
  const other = process().begin();
  clock.wallMs -= MINUTE_MS;
  t.equal(process().sessions.find(other, true), undefined);
  t.equal(process({ roles: [] }).sessions.find(process().begin(), true), undefined, 'none of the groups is named');
});

t.test('a request that is on its way while somebody signs out does not bring the session back', async (t) => {
  for (const isGone of [true, false]) {
    const { kept, process } = machine();
    const removed = Promise.withResolvers<boolean>();
    const files: SessionFiles = {
      read: (name) => kept.get(name),
      async write(name, bytes) {
        kept.set(name, bytes);
      },
      async remove(name) {
        const gone = await removed.promise;
        if (gone) kept.delete(name);
        return gone;
      },
    };
    const { sessions, begin } = process({ files });
    const secret = begin();
    const session = sessions.find(secret, true);
    if (session === undefined) return t.fail('it was begun');
    const ended = sessions.end(session);
    t.equal(kept.size, 1, 'the disk takes its time');
    t.equal(sessions.find(secret, true), undefined);
    removed.resolve(isGone);
    t.equal(await ended, isGone);
    t.equal(sessions.find(secret, true), undefined, isGone ? 'gone' : 'nor where its file cannot be taken away');
    t.equal(sessions.size, 0);
  }
});
