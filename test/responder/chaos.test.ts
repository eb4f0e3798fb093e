/** Class CH: what the server tells of itself, to those it is set to tell. */
import t from 'tap';
import { world } from '../fixtures/world.ts';

const CH = 3;
const REFUSED = 5;
const names = ['version.bind', 'version.server', 'hostname.bind', 'id.server'];

t.test('nothing is told by default', (t) => {
  const { ask } = world({ 'a.test': '' });
  for (const name of names) t.match(ask(name, 'TXT', { class: CH }), { rcode: REFUSED, aa: false, answers: [] }, name);
  t.end();
});

t.test('what is set is told, by TXT and ANY, in any case (RFC 4892)', (t) => {
  const { ask } = world({ 'a.test': '' }, [], { version: 'teal 1', identity: 'ns1-ams' });
  const told = (name: string, type: string): unknown => ask(name, type, { class: CH });
  for (const name of names) {
    const data = name.startsWith('version') ? '"teal 1"' : '"ns1-ams"';
    const answer = { rcode: 0, aa: true, answers: [{ name: `${name}.`, type: 16, class: CH, ttl: 0, data }] };
    t.match(told(name, 'TXT'), answer);
    t.match(told(name, 'ANY'), answer);
  }
  t.match(told('VERSION.Bind', 'TXT'), { answers: [{ name: 'VERSION.Bind.' }] });
  t.match(told('version.bind', 'A'), { rcode: REFUSED });
  t.match(told('authors.bind', 'TXT'), { rcode: REFUSED });
  t.match(told('a.test', 'SOA'), { rcode: REFUSED }, 'our zones are of class IN');
  t.match(ask('version.bind', 'TXT'), { rcode: REFUSED }, 'in class IN it is a name like any other');
  t.end();
});

t.test('a text as long as it may be is told even in 512 bytes', (t) => {
  const { ask } = world({ 'a.test': '' }, [], { version: 'v'.repeat(255) });
  t.match(ask('version.bind', 'TXT', { class: CH }), { tc: false, answers: [{ data: `"${'v'.repeat(255)}"` }] });
  t.end();
});
