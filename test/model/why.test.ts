/** What is taken as a reason and as links: what people paste, and what must not come in. */
import t from 'tap';
import { Problem } from '../../src/model/errors.ts';
import { LINK_MAX_CHARS, LINKS_MAX, makeWhy, REASON_MAX_CHARS } from '../../src/model/why.ts';

const judge = (reason?: string, links?: string[]) => {
  const why = makeWhy(reason, links);
  return why instanceof Problem ? { code: why.code, pointer: why.pointer } : why;
};

t.test('a reason is one line', async (t) => {
  t.same(judge('Canary of 4.2.0 (#981)'), { reason: 'Canary of 4.2.0 (#981)' });
  t.same(judge('  Störung 🚨 </script> %00 "quoted"\n'), { reason: 'Störung 🚨 </script> %00 "quoted"' });
  t.same(judge('שלום\u200f, family 👩‍👩‍👧'), { reason: 'שלום\u200f, family 👩‍👩‍👧' }, 'what texts of people have');
  for (const none of [undefined, '', ' \t\n']) t.same(judge(none), {}, 'nothing was said');
  t.same(judge('🚨'.repeat(REASON_MAX_CHARS)), { reason: '🚨'.repeat(REASON_MAX_CHARS) }, 'characters are counted');
  const refused = {
    'too long': 'x'.repeat(10_000),
    'one too long': '🚨'.repeat(REASON_MAX_CHARS + 1),
    'two lines': 'one\ntwo',
    'carriage return': 'one\rtwo',
    tab: 'one\ttwo',
    null: 'one\u0000two',
    'ANSI escape': '\u001b[2J',
    'C1 escape': 'a\u009b2Jb',
    delete: 'a\u007fb',
    'line separator': 'a\u2028b',
    override: 'a\u202eb',
    isolate: 'a\u2066b',
    'half a character': 'a\ud800b',
  };
  for (const [title, reason] of Object.entries(refused))
    t.same(judge(reason), { code: 'reason_invalid', pointer: '/reason' }, title);
  t.match(makeWhy('🚨 a\u001bb', undefined), { detail: /character 4 is U\+001B/ });
});

t.test('a link is a URL of http or https, kept as a browser reads it', async (t) => {
  t.same(judge(undefined, []), {});
  t.same(judge(undefined, ['https://ci.example.com/runs/981?x=1,2#log', 'HTTP://GIT.example.com']), {
    links: ['https://ci.example.com/runs/981?x=1,2#log', 'http://git.example.com/'],
  });
  t.same(judge(undefined, ['https://аррӏе.com/"><script>']), {
    links: ['https://xn--80ak6aa92e.com/%22%3E%3Cscript%3E'],
  });
  const refused = [
    'javascript:alert(1)',
    'JaVaScRiPt://example.com/%0aalert(1)',
    ' javascript:alert(1)',
    'java\tscript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'ftp://example.com/',
    'mailto:a@example.com',
    '/relative',
    '//example.com/x',
    'example.com',
    '',
    'https:example.com',
    'https://a.example,https://b.example',
    'https://a.example,',
    "https://a';drop.example/",
    'https:/example.com',
    'https://',
    'https:///',
    'https://user:secret@example.com/',
    'https://user@example.com/',
    'https://exa mple.com/',
    'https://example.com/a b',
    'https://example.com/\n',
    'https://example.com/\u001b[2J',
    'https://example.com/\u0000',
    'https://example.com/\u202e',
    'https://example.com/\ud800',
    'https://[::1',
    'https://example.com:99999/',
    `https://example.com/${'x'.repeat(LINK_MAX_CHARS)}`,
    `https://example.com/${'ä'.repeat(LINK_MAX_CHARS / 3)}`,
  ];
  for (const link of refused)
    t.same(
      judge(undefined, ['https://example.com/', link]),
      { code: 'links_invalid', pointer: '/links/1' },
      JSON.stringify(link),
    );
  const many = Array.from({ length: LINKS_MAX + 1 }, (_, i) => `https://example.com/${i}`);
  t.same(judge(undefined, many), { code: 'links_invalid', pointer: '/links' });
  t.match(judge(undefined, many.slice(1)), { links: { length: LINKS_MAX } });
});
