/** People: how claims name them, and what their groups give together. */
import t from 'tap';
import { candidatesFor, highestScope, personOf, rolesOf, saysGroups } from '../../src/model/person.ts';
import type { Role } from '../../src/model/token.ts';

const settings = { nameClaim: 'email', groupsClaim: 'groups' };

t.test('a person is named by a claim that is theirs, else by the subject', async (t) => {
  const name = (claims: object, nameClaim = 'email'): string =>
    personOf({ sub: 'u-17', ...claims }, { ...settings, nameClaim }).name;
  t.equal(name({ email: 'ann@example.com' }), 'person:ann@example.com');
  t.equal(name({ email: 'ann@example.com', email_verified: true }), 'person:ann@example.com');
  t.equal(name({ email: 'ann@example.com', email_verified: false }), 'person:u-17', 'not shown to be theirs');
  t.equal(name({ preferred_username: 'ann' }, 'preferred_username'), 'person:ann');
  for (const email of ['', ' ', 17, null, 'a\nb', 'a\u202eb', 'a\u0000', 'x'.repeat(255)])
    t.equal(name({ email }), 'person:u-17', JSON.stringify(email));
  t.equal(name({ sub: '\n' }), 'person:unnamed');
});

t.test('groups are found by the name of a claim, or by a path', async (t) => {
  const groups = (claims: object, groupsClaim = 'groups'): readonly string[] =>
    personOf({ sub: 'u', ...claims }, { ...settings, groupsClaim }).groups;
  t.same(groups({ groups: ['a', 'b'] }), ['a', 'b']);
  t.same(groups({ groups: 'a' }), ['a'], 'one text is one group');
  t.same(groups({ groups: ['a', 1, null, { b: 1 }] }), ['a']);
  for (const odd of [undefined, null, 5, {}, []]) t.same(groups({ groups: odd }), []);
  t.same(groups({ realm_access: { roles: ['a'] } }, 'realm_access.roles'), ['a'], 'as Keycloak has them');
  t.same(groups({ 'https://a.test/groups': ['a'] }, 'https://a.test/groups'), ['a'], 'as Auth0 has them');
  t.same(groups({}, 'constructor.name'), [], 'nothing that is no claim');
  t.same(groups({ groups: Array.from({ length: 3000 }, (_, i) => `g${i}`) }).length, 2000);
  t.ok(saysGroups({ groups: [] }, 'groups'));
  t.notOk(saysGroups({}, 'groups'));
  t.notOk(saysGroups({ realm_access: {} }, 'realm_access.roles'));
});

const read: Role = { scope: 'read' };
const shop: Role = { scope: 'release', limits: { services: ['shop.test'], zones: [] } };
const site: Role = { scope: 'shift', limits: { services: [], zones: ['site.test'] } };
const certs: Role = { scope: 'records', limits: { services: [], zones: [], records: { names: [], types: ['TXT'] } } };
const more: Role = { scope: 'records', limits: { services: [], zones: ['a.test'], records: { names: [], types: [] } } };

t.test('roles are those of the groups that the settings name, in their order', async (t) => {
  const byGroup = new Map([
    ['one', read],
    ['two', shop],
  ]);
  t.same(rolesOf(['two', 'x', 'one', 'two'], byGroup), [read, shop]);
  t.same(rolesOf([], byGroup), []);
  t.same(rolesOf(['constructor', '__proto__'], byGroup), []);
});

t.test('roles give together what each of them gives, by scope, and nothing else', async (t) => {
  const all = [read, shop, site];
  const as = (scope: Parameters<typeof candidatesFor>[2], roles = all) => candidatesFor('person:a', roles, scope);
  t.same(as('read'), [{ name: 'person:a', scope: 'read' }], 'a role without limits has none');
  t.same(as('shift'), [
    { name: 'person:a', scope: 'shift', limits: { services: ['shop.test'], zones: ['site.test'] } },
  ]);
  t.same(as('release'), [{ name: 'person:a', scope: 'release', limits: { services: ['shop.test'], zones: [] } }]);
  t.same(as('admin'), [], 'no role has it');
  t.same(as('records'), [], 'nor is a release a record');
});

t.test('roles for records stay apart: names of one and types of another do not add up', async (t) => {
  const found = candidatesFor('person:a', [certs, more, read], 'records');
  t.same(
    found.map(({ limits }) => limits),
    [certs.limits, more.limits],
  );
  t.same(candidatesFor('person:a', [certs, read], 'read', 'records').length, 2);
  t.same(candidatesFor('person:a', [certs], 'read'), []);
  t.same(candidatesFor('person:a', [{ scope: 'admin' }], 'records'), [{ name: 'person:a', scope: 'admin' }]);
});

t.test('the scope that reaches furthest', async (t) => {
  t.equal(highestScope([read, site, shop]), 'release');
  t.equal(highestScope([certs, read]), 'read');
  t.equal(highestScope([certs]), 'records');
});
