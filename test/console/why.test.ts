/** What is said of a change in the console: how it goes to the server, and what becomes a link. */
import t from 'tap';
import { isLink, whyHeaders } from '../../src/console/rules/why.ts';

t.test('what is typed goes in headers', async (t) => {
  t.same(whyHeaders({ reason: ' ', links: '' }), {});
  t.same(whyHeaders({ reason: ' Störung: 100% ', links: ' https://a.test/%41?ä  https://b.test\n' }), {
    'teal-reason': 'St%C3%B6rung%3A%20100%25',
    'teal-links': 'https://a.test/%41?%C3%A4 https://b.test',
  });
  t.same(whyHeaders({ reason: 'half \ud800', links: '' }), { 'teal-reason': 'half%20%EF%BF%BD' });
});

t.test('only http and https become links, whatever a server sends', async (t) => {
  for (const good of ['https://a.test/x', 'http://a.test/']) t.ok(isLink(good), good);
  const bad = [
    'javascript:alert(1)',
    'JAVASCRIPT://a.test/%0aalert(1)',
    ' javascript:x',
    'data:text/html,x',
    'x',
    '',
    '/x',
  ];
  for (const text of bad) t.notOk(isLink(text), text);
});
