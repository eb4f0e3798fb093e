/** How full etcd is: by the member that has the least room, told once for each change. */
import t from 'tap';
import { EtcdFailure } from '../../../src/etcd/failure.ts';
import type { MemberStatus } from '../../../src/etcd/members.ts';
import { RoomWatch, roomOf } from '../../../src/server/fleet/room.ts';

const GIB = 2 ** 30;

const member = (more: Partial<MemberStatus>): MemberStatus => ({
  ...{
    endpoint: 'http://a',
    cluster: '1',
    version: '3.4.23',
    databaseBytes: 1,
    quotaBytes: undefined,
    isLeader: false,
    errors: [],
  },
  ...more,
});
const AWAY = new EtcdFailure('unreachable', 'nobody there');
const of = (...members: (MemberStatus | EtcdFailure)[]) => ({ members: async () => members });

t.test('the member with the least room speaks for all', async (t) => {
  for (const [members, level, databaseBytes, quotaBytes] of [
    [[member({}), member({ databaseBytes: 2 })], 'ample', 2, 2 * GIB],
    [[member({ databaseBytes: 1.1 * GIB })], 'warn', 1.1 * GIB, 2 * GIB],
    [[member({ databaseBytes: 3 * GIB, quotaBytes: 8 * GIB })], 'ample', 3 * GIB, 8 * GIB],
    [[member({ databaseBytes: 3 * GIB, quotaBytes: 8 * GIB }), member({ databaseBytes: GIB })], 'warn', GIB, 2 * GIB],
    [[AWAY, member({ databaseBytes: 7 * GIB, quotaBytes: 8 * GIB })], 'refuse', 7 * GIB, 8 * GIB],
    [[member({ databaseBytes: GIB }), member({ errors: ['memberID:1 alarm:NOSPACE '] })], 'full', 1, 2 * GIB],
  ] as const)
    t.same(await roomOf(of(...members)), { member: 'http://a', level, databaseBytes, quotaBytes });
  t.equal(await roomOf(of(AWAY, AWAY)), undefined);
});

t.test('a change is told once, and what is away changes nothing', async (t) => {
  const lines: string[] = [];
  const line = (level: string) => (_: object, words: string) => lines.push(`${level}: ${words}`);
  let members: (MemberStatus | EtcdFailure)[] = [member({})];
  const log = { info: line('info'), warn: line('warn'), error: line('error') };
  const watch = new RoomWatch({ members: async () => members }, log as never);
  const look = async (...now: (MemberStatus | EtcdFailure)[]): Promise<string[]> => {
    members = now;
    await watch.look();
    return lines.splice(0);
  };
  t.same(await look(member({})), []);
  t.match(await look(member({ databaseBytes: 1.2 * GIB })), [/^warn: .*half/]);
  t.same(await look(member({ databaseBytes: 1.3 * GIB })), []);
  t.same(await look(AWAY), []);
  t.match(watch.seen, { level: 'warn', databaseBytes: 1.3 * GIB });
  t.match(await look(member({ databaseBytes: 1.7 * GIB })), [/^warn: .*imports are refused/]);
  t.match(await look(member({ errors: ['alarm:NOSPACE'] })), [/^error: .*full/]);
  t.match(await look(member({})), [/^info: .*room again/]);
});
