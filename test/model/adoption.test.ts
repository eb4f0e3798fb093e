/** Records that become a service, and back: nothing of what they lead to is lost on the way. */
import fc from 'fast-check';
import t from 'tap';
import { completeBody, proposeFrom, recordsOf, targetsOf } from '../../src/model/adoption.ts';
import { Problem } from '../../src/model/errors.ts';
import { makeRRset, type RRset, rrsetBody } from '../../src/model/rrset.ts';
import { makeService, type Service } from '../../src/model/service.ts';
import { parseType } from '../../src/wire/rdata.ts';
import { runs } from '../fixtures/runs.ts';

const place = { name: 'app.example.com', zone: 'example.com' };

function rrset(type: string, ttlSeconds: number, ...rdata: string[]): RRset {
  const made = makeRRset({ ...place, type: parseType(type) as number }, { ttlSeconds, rdata }, 1);
  if (made instanceof Problem) throw new Error(made.detail);
  return made;
}

function serviceOf(records: readonly RRset[]): Service {
  const made = makeService({ ...place, salt: '0'.repeat(32) }, proposeFrom(records), undefined, 2);
  if (made instanceof Problem) throw new Error(made.detail);
  return made;
}

const addresses = fc
  .record({
    ttl: fc.nat(100_000),
    four: fc.uniqueArray(fc.ipV4(), { maxLength: 16 }),
    six: fc.uniqueArray(
      fc.ipV6().filter((text) => !text.includes('%')),
      { maxLength: 8, selector: (text) => text.toLowerCase() },
    ),
  })
  .map(({ ttl, four, six }) => [
    ...(four.length > 0 ? [{ type: 'A', ttl, rdata: four }] : []),
    ...(six.length > 0 ? [{ type: 'AAAA', ttl, rdata: six }] : []),
  ])
  .filter((sets) => sets.length > 0);
const alias = fc
  .record({ ttl: fc.nat(100_000), host: fc.domain() })
  .map(({ ttl, host }) => [{ type: 'CNAME', ttl, rdata: [`${host}.`] }]);

t.test('records, the service proposed of them, and what its pool leaves: the same records', async () => {
  fc.assert(
    fc.property(fc.oneof(addresses, alias), (sets) => {
      const made = sets.map(({ type, ttl, rdata }) => {
        const found = makeRRset({ ...place, type: parseType(type) as number }, { ttlSeconds: ttl, rdata }, 1);
        return found instanceof Problem ? undefined : found;
      });
      // Two spellings of one address are no RRset.
      fc.pre(made.every((each) => each !== undefined));
      const records = made as RRset[];
      const service = serviceOf(records);
      const [blue] = service.pools;
      const left = recordsOf(service, blue, 3);
      const facts = (each: readonly RRset[]): unknown =>
        each.map((one) => [one.zone, one.name, one.type, rrsetBody(one)]);
      return JSON.stringify(facts(left)) === JSON.stringify(facts(records));
    }),
    { numRuns: runs(100) },
  );
});

t.test('a proposal keeps the lowest TTL, lowers a high one for releases, and changes no answer', async (t) => {
  t.same(proposeFrom([rrset('AAAA', 300, '2001:db8::1'), rrset('A', 60, '192.0.2.1', '192.0.2.2')]), {
    ttlSeconds: 60,
    release: { ttlSeconds: 5 },
    pools: {
      blue: { weight: 100, targets: ['192.0.2.1', '192.0.2.2', '2001:db8::1'] },
      green: { weight: 0, targets: ['192.0.2.1', '192.0.2.2', '2001:db8::1'] },
    },
  });
  t.same(Object.keys(proposeFrom([rrset('A', 5, '192.0.2.1')])), ['ttlSeconds', 'pools']);
  t.same(targetsOf([rrset('CNAME', 5, 'LB.example.net.')]), ['lb.example.net']);
});

t.test('what a body leaves out is of the records; said again, of the service; what it says stays', async (t) => {
  const records = [rrset('A', 300, '192.0.2.1')];
  const green = { weight: 0, targets: ['192.0.2.9'] };
  const body = { replace: true, pools: { old: { weight: 1 }, green } };
  const whole = completeBody(body, records, undefined);
  t.same(whole, {
    ttlSeconds: 300,
    release: { ttlSeconds: 5 },
    pools: { old: { weight: 1, targets: ['192.0.2.1'] }, green },
  });
  const service = makeService({ ...place, salt: '0'.repeat(32) }, whole as never, undefined, 2) as Service;
  t.same(completeBody(body, [], service), whole, 'the same body again');
  t.same(completeBody({ ...body, ttlSeconds: 30 }, records, undefined), {
    ttlSeconds: 30,
    pools: { old: { weight: 1, targets: ['192.0.2.1'] }, green },
  });
  t.match(completeBody({ pools: { old: { weight: 1 }, green } }, records, undefined), {
    code: 'body_invalid',
    pointer: '/pools/old/targets',
  });
  t.match(completeBody({ replace: false }, records, undefined), { code: 'body_invalid', pointer: '/pools' });
  t.match(completeBody({ replace: true }, [], undefined), { detail: /no records here to take it from/ });
});
