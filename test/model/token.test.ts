/** Tokens: what one may be called, be limited to and last until; and which scope holds which. */
import t from 'tap';
import {
  includesScope,
  isExpired,
  isMaster,
  makeToken,
  TOKEN_SCOPES,
  type Token,
  tokenBody,
} from '../../src/model/token.ts';

const NOON_MS = Date.UTC(2026, 10, 24, 12);

t.test('a token as it was asked for', async (t) => {
  const body = {
    name: 'ci@build-7.example',
    scope: 'release',
    services: ['*.Example.com.'],
    zones: ['a.test'],
    expiresAt: '2026-11-24T13:00:00+01:00',
  } as const;
  t.match(makeToken(body, NOON_MS), { code: 'expiry_invalid' }, 'that is now');
  const token = makeToken({ ...body, expiresAt: '2026-11-24T13:00:01+01:00' }, NOON_MS) as Token;
  t.same(tokenBody(token), {
    name: body.name,
    scope: 'release',
    services: ['*.example.com'],
    zones: ['a.test'],
    expiresAt: '2026-11-24T12:00:01.000Z',
  });
  t.notOk(isExpired(token, NOON_MS + 999));
  t.ok(isExpired(token, NOON_MS + 1000), 'from that moment on');
  t.same(tokenBody(makeToken({ name: 'x', scope: 'read', zones: ['*'] }, 0) as Token), {
    name: 'x',
    scope: 'read',
    zones: ['*'],
  });
});

t.test('what is refused', async (t) => {
  const made = (more: object) => makeToken({ name: 'ci', scope: 'read', ...more }, NOON_MS);
  for (const name of [
    '',
    '-x',
    'a b',
    'ä',
    'a/b',
    'x'.repeat(64),
    'settings-admin',
    'Settings-x',
    'teal',
    'bootstrap',
  ]) {
    t.match(made({ name }), { code: 'token_name_invalid', pointer: '/name' }, name);
  }
  t.match(made({ services: ['a*'] }), { code: 'pattern_invalid', pointer: '/services/0' });
  t.match(made({ zones: ['a.test', 'a..b'] }), { code: 'pattern_invalid', pointer: '/zones/1' });
  for (const expiresAt of [
    '',
    'tomorrow',
    '2030-01-31',
    '2030-02-31T25:00:00Z',
    '2030-02-30T00:00:00Z',
    '2030-02-28T24:00:00Z',
    '2030-01-31T12:00:00',
    '2020-01-01T00:00:00Z',
  ]) {
    t.match(made({ expiresAt }), { code: 'expiry_invalid', pointer: '/expiresAt' }, expiresAt);
  }
});

t.test('each scope holds those before it', async (t) => {
  t.same(TOKEN_SCOPES, ['read', 'shift', 'release', 'admin', 'records']);
  const inOrder = TOKEN_SCOPES.slice(0, 4);
  for (const [i, has] of inOrder.entries()) {
    for (const [j, wanted] of inOrder.entries()) t.equal(includesScope(has, wanted), i >= j, `${has} ${wanted}`);
  }
});

t.test('a master key opens everything, for ever', async (t) => {
  const is = (more: object) => isMaster({ name: 'a', scope: 'admin', ...more });
  t.ok(is({}));
  t.notOk(is({ scope: 'release' }));
  t.notOk(is({ expiresAtMs: 1e15 }));
  t.notOk(
    is({ limits: { services: ['*'], zones: ['*'] } }),
    'whatever matches: tokens themselves are out of its reach',
  );
});
