/** A change that is about much is kept whole: in the log, in what a start reads, and in the table. */
import t from 'tap';
import { ZoneFiles } from '../../src/control/zone-files/zone-files.ts';
import { Problem } from '../../src/model/errors.ts';
import type { RecordChange } from '../../src/model/record-change.ts';
import { systemClock } from '../../src/server/system-clock.ts';
import { makeEngine, NOON_MS, withService } from '../fixtures/engine.ts';

const zone = 'example.com';
const names = Array.from({ length: 40 }, (_, i) => `h${i}.${zone}`);
const header = '@ 3600 IN SOA ns1 hostmaster 1 7200 3600 1209600 60\n@ 7200 IN NS ns1\nns1 300 IN A 192.0.2.1\n';

t.test('a list of changes: each name has it in its history, and all of them are there after a start', async (t) => {
  const fixture = withService(makeEngine(t));
  const put = (name: string, i: number): RecordChange => ({
    put: { name, type: 'A', ttlSeconds: 60, rdata: [`198.51.100.${i}`] },
  });
  const { revision } = fixture.must({ kind: 'records.change', zone, changes: names.map(put) });
  const [newest] = fixture.store.revisionsBefore(revision + 1, 1);
  t.equal(newest?.subjects.length, names.length);
  for (const { kind, name } of newest?.subjects ?? [])
    t.equal(fixture.store.history(kind, name, revision + 1, 1)[0]?.revision, revision, name);
  const gone = names.filter((_, i) => i % 3 === 0);
  const remove = (name: string): RecordChange => ({ delete: { name, type: 'A' } });
  fixture.must({ kind: 'records.change', zone, changes: gone.map(remove) });
  const answers = names.map((name) => fixture.ask(name));
  t.same(
    answers,
    names.map((_, i) => (i % 3 === 0 ? 3 : [`198.51.100.${i}`])),
  );
  fixture.close();
  const again = makeEngine(t, { folder: fixture.folder });
  t.same(
    names.map((name) => again.ask(name)),
    answers,
  );
});

t.test('what is deleted of a zone that came by a file is gone after a start, and the rest is there', async (t) => {
  // More than is put in by rows.
  const names = Array.from({ length: 300 }, (_, i) => `h${i}.${zone}`);
  const fixture = withService(makeEngine(t));
  const files = new ZoneFiles(fixture.store, fixture.table, fixture.engine, systemClock);
  t.teardown(() => files.stop());
  const records = names.map((_, i) => `h${i} 60 A 198.51.100.${i % 250}\nh${i} 60 TXT "${i}"\n`).join('');
  const result = await files.import(zone, Buffer.from(`${header}${records}`), { actor: 'test', atMs: NOON_MS });
  if (result instanceof Problem) throw new Error(result.detail);
  const [first, last] = [names[0], names.at(-1)] as [string, string];
  for (const name of [first, names[20] as string, last]) fixture.must({ kind: 'rrset.delete', zone, name, type: 'A' });
  const ask = (of: typeof fixture) => names.map((name) => [of.ask(name), of.ask(name, 'TXT')]);
  const answers = ask(fixture);
  t.same(
    answers,
    names.map((name, i) => [[first, names[20], last].includes(name) ? [] : [`198.51.100.${i % 250}`], [`"${i}"`]]),
  );
  fixture.close();
  t.same(ask(makeEngine(t, { folder: fixture.folder })), answers);
});
