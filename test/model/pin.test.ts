/** What a body may say of pins and salt, and what is refused. */
import t from 'tap';
import { Problem } from '../../src/model/errors.ts';
import { PINS_MAX } from '../../src/model/pin.ts';
import { makeService, type ServiceBody, serviceBody } from '../../src/model/service.ts';

const owner = { name: 'app.a.test', zone: 'a.test', salt: 'f'.repeat(32) };
const pools = { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };

function make(more: Partial<ServiceBody>, before?: ServiceBody) {
  const earlier = before && makeService(owner, before, undefined, 1);
  if (earlier instanceof Problem) throw new Error(earlier.detail);
  return makeService(owner, { pools, ...more }, earlier, 2);
}

t.test('networks are kept in canonical text, in the order given', (t) => {
  const pins = [
    { network: '2001:DB8:0:0::/32', pool: 'green' },
    { network: '192.0.2.7', pool: 'blue' },
    { network: '0.0.0.0/0', pool: 'green' },
  ];
  t.match(make({ pins }), {
    pins: [
      { network: '2001:db8::/32', pool: 'green' },
      { network: '192.0.2.7/32', pool: 'blue' },
      { network: '0.0.0.0/0', pool: 'green' },
    ],
  });
  t.end();
});

t.test('what is wrong is said with its place', (t) => {
  const pin = (network: string, pool = 'green') => ({ network, pool });
  const many = Array.from({ length: PINS_MAX + 1 }, (_, i) => pin(`10.${i}.0.0/16`));
  const refused: [Partial<ServiceBody>, string, string, RegExp][] = [
    [{ pins: [pin('192.0.2.1/24')] }, 'service_invalid', '/pins/0/network', /192\.0\.2\.0\/24/],
    [{ pins: [pin('192.0.2.0/24'), pin('green')] }, 'service_invalid', '/pins/1/network', /"green"/],
    [{ pins: [pin('192.0.2.0/33')] }, 'service_invalid', '/pins/0/network', /192\.0\.2\.0\/33/],
    [{ pins: [pin('::/0'), pin('0:0::/0', 'blue')] }, 'service_invalid', '/pins/1/network', /::\/0 is pinned already/],
    [{ pins: [pin('192.0.2.0/24', 'red')] }, 'pool_unknown', '/pins/0/pool', /blue, green/],
    [{ pins: many }, 'service_invalid', '/pins', /at most 100 pins, not 101/],
    [{ salt: 'F'.repeat(32) }, 'service_invalid', '/salt', /32 hexadecimal digits/],
    [{ salt: '' }, 'service_invalid', '/salt', /32 hexadecimal digits/],
  ];
  for (const [body, code, pointer, detail] of refused) {
    const problem = make(body);
    t.match(problem, { code, pointer, detail }, pointer);
  }
  t.notOk(make({ pins: many.slice(1) }) instanceof Problem);
  t.end();
});

t.test('a service keeps its salt where the body names none; pins are those of the body', (t) => {
  const salt = '0'.repeat(32);
  const pins = [{ network: '192.0.2.0/24', pool: 'green' }];
  t.match(make({}), { salt: owner.salt, pick: 'random', pins: { length: 0 } });
  t.match(make({ pick: 'sticky' }, { pools, salt, pins }), { salt, pick: 'sticky', pins: { length: 0 } });
  const made = make({ pick: 'sticky', salt, pins });
  if (made instanceof Problem) throw new Error(made.detail);
  t.same(make(serviceBody(made)), made, 'its own body makes it again');
  t.end();
});
