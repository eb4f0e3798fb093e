/** `$INCLUDE`: what an included file gets from the one around it, and what comes back. */
import t from 'tap';
import { read } from './read.ts';

const files: Readonly<Record<string, string>> = {
  'plain.zone': 'p TXT x\n',
  'origin.zone': '$ORIGIN deep\nq TXT x\n$TTL 9\n',
  'inherits.zone': '  TXT x\n',
  'broken.zone': 'a TXT x\n\nb A x\n',
  'itself.zone': 'i TXT x\n$INCLUDE itself.zone\n',
  'outer.zone': '$INCLUDE broken.zone\n',
};

function include(path: string): Uint8Array | string {
  const text = files[path];
  return text === undefined ? 'it is not there' : Buffer.from(text);
}

t.test('records, with the origin of the directive or of the file around it', async (t) => {
  const { records, errors } = read(
    '$TTL 6\n$INCLUDE plain.zone\n$INCLUDE "plain.zone" sub\n$INCLUDE plain.zone b.\n',
    include,
  );
  t.same(errors, []);
  t.same(records, ['p.example. 6 TXT "x"', 'p.sub.example. 6 TXT "x"', 'p.b. 6 TXT "x"']);
});

t.test('the origin and the last owner of the included file end with it; its $TTL goes on', async (t) => {
  const { records, errors } = read('$TTL 6\na TXT x\n$INCLUDE origin.zone\n TXT y\nb TXT z\n', include);
  t.same(errors, []);
  t.same(records, [
    'a.example. 6 TXT "x"',
    'q.deep.example. 6 TXT "x"',
    'a.example. 9 TXT "y"',
    'b.example. 9 TXT "z"',
  ]);
});

t.test('an included file may begin with the owner before it', async (t) => {
  t.same(read('$TTL 6\na TXT x\n$INCLUDE inherits.zone\n', include).records, [
    'a.example. 6 TXT "x"',
    'a.example. 6 TXT "x"',
  ]);
  t.match(read('$TTL 6\n$INCLUDE inherits.zone\n', include).errors, [/^inherits\.zone:1:3 owner_missing/]);
});

t.test('errors name the file they are in', async (t) => {
  const { records, errors } = read('$TTL 6\n$INCLUDE outer.zone\nc A x\n', include);
  t.match(errors, [/^broken\.zone:3:5 rdata_invalid/, /^3:5 rdata_invalid/]);
  t.equal(records.length, 1);
});

t.test('what cannot be included ends the reading', async (t) => {
  const { errors } = read('$INCLUDE absent.zone\nx\n', include);
  t.match(errors, [/^1:10 include_refused "absent\.zone" is not included: it is not there/]);
  t.match(read('$INCLUDE\n', include).errors, [/^1:1 directive_invalid \$INCLUDE file \[origin\] was expected/]);
  t.match(read('$INCLUDE plain.zone a..b\n', include).errors, [/^1:21 directive_invalid a label cannot be empty/]);
});

t.test('a file that includes itself comes to an end', async (t) => {
  const { records, errors } = read('$TTL 6\n$INCLUDE itself.zone\n', include);
  t.equal(records.length, 8);
  t.match(errors, [/^itself\.zone:2:10 include_refused .*at most 8 deep/]);
});

t.test('all included files together are bounded', async (t) => {
  const { errors } = read('$INCLUDE many.zone\n', (path) =>
    path === 'many.zone' ? Buffer.from('$INCLUDE empty.zone\n'.repeat(2000)) : new Uint8Array(0),
  );
  t.match(errors, [/^many\.zone:1000:10 include_refused .*at most 1000 files/]);
});
