/** A zone below a signed one of the same server that does not delegate it, as data of before may have. */
import t from 'tap';
import { examineAbove } from '../../../src/cli/doctor/above.ts';
import { EXIT } from '../../../src/cli/exit.ts';
import { Failure } from '../../../src/cli/failure.ts';

const codes = async (zone: string, there: readonly string[], refused = ''): Promise<string[]> => {
  const find = async (path: string): Promise<unknown> => {
    if (path === refused) throw new Failure(EXIT.NEGATIVE, 'out of reach');
    return there.includes(path) ? {} : undefined;
  };
  const findings = await examineAbove(zone, { find } as never);
  return findings.map(({ code }) => code);
};

t.test('only a signed parent without NS at the zone, or between the two, is told of', async (t) => {
  const parent = '/v1/zones/example.com';
  const zone = 'a.b.example.com';
  t.same(await codes(zone, []), []);
  t.same(await codes(zone, [parent]), [], 'not signed');
  t.same(await codes(zone, [parent, `${parent}/dnssec`]), ['child_undelegated']);
  t.same(await codes(zone, [parent, `${parent}/dnssec`, `${parent}/rrsets/${zone}/NS`]), []);
  t.same(await codes(zone, [parent, `${parent}/dnssec`, `${parent}/rrsets/b.example.com/NS`]), []);
  const nearer = [parent, `${parent}/dnssec`, '/v1/zones/b.example.com'];
  t.same(await codes(zone, nearer), [], 'the nearest one is its parent');
  t.same(await codes(zone, [], parent), [], 'what a token does not reach');
});
