/** Random files over random states: one run is enough, the second changes nothing, and what has no label is never taken away. */
import fc from 'fast-check';
import t from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal } from '../fixtures/process.ts';
import { runs } from '../fixtures/runs.ts';
import { typist } from './typed.ts';

const ZONES = ['a.test', 'sub.a.test', 'b.test'];
const NAMES = ['www', 'x', 'y', '*', 'deep.x'];
const labels = fc.constantFrom(undefined, { by: 'apply' }, { by: 'hand' }, { by: 'apply', team: 'web' });

const rrset = fc.oneof(
  fc.record({
    type: fc.constant('A'),
    rdata: fc.uniqueArray(fc.constantFrom('192.0.2.1', '192.0.2.2'), { minLength: 1 }),
  }),
  fc.record({ type: fc.constant('CNAME'), rdata: fc.constantFrom(['t.example.net.'], ['www.a.test.']) }),
  fc.record({ type: fc.constant('TXT'), rdata: fc.constantFrom(['"one"'], ['"two" "parts"', '"three"']) }),
);
const target = fc.constantFrom('192.0.2.10', '192.0.2.11', '2001:db8::1');

const file = fc.record({
  zones: fc.dictionary(
    fc.constantFrom(...ZONES),
    fc.record({ nameservers: fc.constantFrom(['ns1.example.net'], ['ns1.example.net', 'ns2.example.net']), labels }),
    { minKeys: 1 },
  ),
  rrsets: fc.array(
    fc.record({
      zone: fc.constantFrom(...ZONES),
      name: fc.constantFrom(...NAMES),
      ttlSeconds: fc.constantFrom(5, 60),
      rrset,
      labels,
    }),
    {
      maxLength: 6,
    },
  ),
  services: fc.array(
    fc.record({
      zone: fc.constantFrom(...ZONES),
      name: fc.constantFrom('app', 'x', 'y'),
      targets: fc.tuple(target, target),
      weights: fc.tuple(fc.nat(9), fc.nat(9)).filter(([blue, green]) => blue + green > 0),
      replace: fc.boolean(),
      labels,
    }),
    { maxLength: 3 },
  ),
  prune: fc.boolean(),
});

type File = typeof file extends fc.Arbitrary<infer Value> ? Value : never;

function written({ zones, rrsets, services }: File): string {
  const records: Record<string, Record<string, object>> = {};
  for (const {
    zone,
    name,
    ttlSeconds,
    rrset: { type, rdata },
    labels,
  } of rrsets) {
    const owner = `${name}.${zone}`;
    records[owner] = { ...records[owner], [type]: { ttlSeconds, rdata, ...(labels && { labels }) } };
  }
  const bodies = services.map(({ zone, name, targets: [blue, green], weights, replace, labels }) => [
    `${name}.${zone}`,
    {
      ...(replace && { replace }),
      pools: { blue: { targets: [blue], weight: weights[0] }, green: { targets: [green], weight: weights[1] } },
      ...(labels && { labels }),
    },
  ]);
  const ofZones = Object.entries(zones).map(([name, { nameservers, labels }]) => [
    name,
    { nameservers, hostmaster: `h.${name}`, ...(labels && { labels }) },
  ]);
  return JSON.stringify({ zones: Object.fromEntries(ofZones), records, services: Object.fromEntries(bodies) });
}

/** Of forty files each. */
const ROUNDS_MAX = 5;

t.test('one run is enough, and nothing goes that has no label', async (t) => {
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  const type = typist(teal);
  type Noun = { name: string; type?: string; labels?: Record<string, string> };
  const nouns = async (): Promise<Map<string, Noun>> => {
    const found = new Map<string, Noun>();
    const zones = (await type('zone list --json')).json.items as Noun[];
    const lists = await Promise.all(zones.map(({ name }) => type(`record list ${name} --json`)));
    for (const noun of zones) found.set(`zone ${noun.name}`, noun);
    for (const noun of lists.flatMap((list) => list.json.items as Noun[])) found.set(`${noun.name}/${noun.type}`, noun);
    for (const noun of (await type('service list --json')).json.items as Noun[])
      found.set(`service ${noun.name}`, noun);
    return found;
  };
  const revision = async (): Promise<number> => (await type('history --json --limit 1')).json.items[0].revision;
  let applied = 0;
  let pruned = 0;
  const property = fc.asyncProperty(file, async (declared) => {
    const input = written(declared);
    const more = declared.prune ? ' --prune --label by=apply' : '';
    const [before, at] = [await nouns(), await revision()];
    const planned = await type(`apply -f - --dry-run${more}`, { input });
    if ((await revision()) !== at) throw new Error('a look changed something');
    const first = await type(`apply -f - --yes${more}`, { input });
    if (planned.code !== first.code)
      throw new Error(`looked at: ${planned.code} ${planned.stderr}; applied: ${first.code} ${first.stderr}`);
    if (first.code !== 0) {
      if (first.code !== EXIT.REFUSED) throw new Error(first.stderr);
      if ((await revision()) !== at) throw new Error(`refused, and something was done: ${first.stderr}`);
      return;
    }
    applied += 1;
    const after = await nouns();
    for (const [id, { name, type, labels }] of before) {
      if (after.has(id)) continue;
      // A service may take the place of records: that is what it was told to do.
      const isReplaced = ['A', 'AAAA', 'CNAME'].includes(type ?? '') && after.has(`service ${name}`);
      if (isReplaced && !before.has(`service ${name}`)) continue;
      if (!declared.prune || labels?.by !== 'apply')
        throw new Error(`${id} is gone, with the labels ${JSON.stringify(labels)}`);
      pruned += 1;
    }
    const then = await revision();
    const again = await type(`apply -f - --yes${more}`, { input });
    if (again.code !== 0 || !/\n?0 to make, 0 to change, \d+ as declared\.\n$/.test(again.stdout)) {
      throw new Error(`again: ${again.stdout}${again.stderr}`);
    }
    if ((await revision()) !== then) throw new Error('the second run made a revision');
    const check = await type(`apply -f - --check${more}`, { input });
    if (check.code !== 0) throw new Error(`checked: ${check.stdout}`);
  });
  // Of forty some twelve are applied; by chance there may be few.
  for (let round = 0; round === 0 || (round < ROUNDS_MAX && (applied < 5 || pruned < 1)); round++)
    await fc.assert(property, { numRuns: runs(40) });
  t.ok(applied >= 5, `${applied} files were applied`);
  t.ok(pruned >= 1, `${pruned} nouns were taken away`);
});
