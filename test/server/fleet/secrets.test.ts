/** All nodes tell resolvers apart by one key, whoever looks for it first, and whatever is lost on the way. */
import t from 'tap';
import { SECRETS_KEY } from '../../../src/model/fleet/keys.ts';
import { bytesOf } from '../../../src/model/fleet/records.ts';
import { readSampling } from '../../../src/server/fleet/secrets.ts';
import { MemoryKeeper } from '../../fixtures/keeper.ts';

t.test('who comes at the same time, and who comes later, has the same', async (t) => {
  const keeper = new MemoryKeeper();
  const found = await Promise.all(['ns1', 'ns2', 'ns3'].map((node) => readSampling(keeper.of(node))));
  t.match(found[0], { id: /^.{36}$/, key: Number });
  t.equal(new Set(found.map((each) => JSON.stringify(each))).size, 1);
  t.same(await readSampling(keeper.of('ns4')), found[0]);
  t.not(((await readSampling(new MemoryKeeper().of('ns1'))) as { key: number }).key, (found[0] as { key: number }).key);
});

t.test('a lost reply, and a lost request', async (t) => {
  const keeper = new MemoryKeeper();
  keeper.fate = (_node, { puts }) => (puts.length > 0 ? 'reply lost' : undefined);
  t.equal(await readSampling(keeper.of('ns1')), 'the reply was lost');
  t.match(await readSampling(keeper.of('ns1')), { id: String }, 'it was put there all the same');
  keeper.fate = () => 'request lost';
  t.equal(await readSampling(keeper.of('ns1')), 'the request was lost');
});

t.test('what cannot be read is not put aside: others may read it', async (t) => {
  const keeper = new MemoryKeeper();
  for (const [value, words] of [
    ['{}', /has not form 1/],
    ['{"form":1}', /no key to sample by/],
    ['{"form":1,"sampling":{"id":"a","key":0}}', /no key to sample by/],
    ['{"form":2}', /only a newer Teal reads/],
  ] as const) {
    keeper.put(SECRETS_KEY, bytesOf(value));
    t.match(await readSampling(keeper.of('ns1')), words);
    t.equal(new TextDecoder().decode(keeper.under(SECRETS_KEY)[0]?.value), value);
  }
});
