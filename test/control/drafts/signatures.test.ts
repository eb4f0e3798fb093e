/** Signatures of one name are no RRset together: each keeps the TTL of what it signs (RFC 4034 §3). */
import t, { type Test } from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { ZoneFiles } from '../../../src/control/zone-files/zone-files.ts';
import { systemClock } from '../../../src/server/system-clock.ts';
import { buildQuery, decode } from '../../fixtures/dns-client.ts';
import { makeEngine, NOON_MS } from '../../fixtures/engine.ts';
import { askBytes } from '../../fixtures/table.ts';

const top = '$TTL 60\n@ SOA ns.other. h 1 2 3 4 5\n';

t.test(
  'signatures keep the TTLs of what they sign: by file and by API, in answers, in the export, after a restart',
  async (t: Test) => {
    const fixture = makeEngine(t);
    const files = new ZoneFiles(fixture.store, fixture.table, fixture.engine, systemClock);
    const signature = (type: string) => `${type} 8 2 60 20300101000000 20200101000000 1 example. AAAA`;
    const lines = ['A', 'TXT', 'NSEC'].map((type, i) => `a ${10 * (i + 1)} RRSIG ${signature(type)}\n`).join('');
    const context = { actor: 'test', atMs: NOON_MS };
    const ttls = ({ responder }: Pick<typeof fixture, 'responder'>, name: string) =>
      decode(askBytes(responder, buildQuery({ name, type: 46 })) as Buffer)
        .answers.map(({ ttl }) => ttl)
        .sort();
    const text = `${top}@ NS ns.test.\na 10 A 192.0.2.1\n${lines}`;
    t.match(await files.import('example', Buffer.from(text), context), { body: { warnings: [] } });
    t.same(ttls(fixture, 'a.example'), [10, 20, 30]);
    t.match(fixture.queries.rrset('example', 'a.example', 'RRSIG'), {
      body: { ttlSeconds: 10, recordTtlSeconds: [10, 20, 30] },
    });

    const put = (name: string, type: string, rdata: string[], more: object): Command => ({
      kind: 'rrset.put',
      zone: 'example',
      name,
      type,
      body: { ttlSeconds: 5, rdata, ...more },
    });
    const two = ['A', 'MX'].map(signature);
    fixture.must(put('b.example', 'RRSIG', two, { recordTtlSeconds: [7, 5] }));
    t.same(ttls(fixture, 'b.example'), [5, 7]);
    t.match(fixture.execute(put('b.example', 'RRSIG', two, { recordTtlSeconds: [7] })), {
      code: 'rrset_invalid',
      pointer: '/recordTtlSeconds',
    });
    t.match(fixture.execute(put('b.example', 'RRSIG', two, { recordTtlSeconds: [7, -1] })), { code: 'ttl_invalid' });
    t.match(fixture.execute(put('b.example', 'TXT', ['x', 'y'], { recordTtlSeconds: [7, 5] })), {
      code: 'rrset_invalid',
    });
    fixture.must(put('c.example', 'RRSIG', two, { recordTtlSeconds: [9, 9] }));
    t.same((fixture.queries.rrset('example', 'c.example', 'RRSIG') as { body: object }).body, {
      zone: 'example',
      name: 'c.example',
      type: 'RRSIG',
      ttlSeconds: 9,
      rdata: two,
      revision: 3,
    });

    const read = async () =>
      Buffer.concat(((await files.export('example')) as { pieces: readonly Uint8Array[] }).pieces);
    const exported = await read();
    for (const ttl of [10, 20, 30]) t.match(exported.toString(), new RegExp(`^a +${ttl} +IN RRSIG`, 'm'));
    t.match(await files.import('example', exported, context), { revision: 3 }, 'no change');
    await files.stop();
    fixture.close();
    const again = makeEngine(t, { folder: fixture.folder });
    t.same(ttls(again, 'a.example'), [10, 20, 30]);
    t.same(ttls(again, 'b.example'), [5, 7]);
  },
);

t.test('a large zone, which is staged, keeps them too', async (t) => {
  const fixture = makeEngine(t);
  const files = new ZoneFiles(fixture.store, fixture.table, fixture.engine, systemClock);
  t.teardown(() => files.stop());
  const signature = (type: string) => `${type} 8 2 60 20300101000000 20200101000000 1 example. AAAA`;
  const names = Array.from(
    { length: 600 },
    (_, i) => `n${i} 1 RRSIG ${signature('A')}\nn${i} 2 RRSIG ${signature('TXT')}\n`,
  );
  const text = `${top}@ NS ns.test.\n${names.join('')}`;
  const context = { actor: 'test', atMs: NOON_MS };
  t.match(await files.import('example', Buffer.from(text), context), { body: { rrsets: 600 } });
  t.match(fixture.store.rrset('example', 'n599.example', 46), { ttlSeconds: 1, recordTtlSeconds: [1, 2] });
  t.match(await files.import('example', Buffer.from(text), context), { revision: 1 }, 'the same again is no change');
});
