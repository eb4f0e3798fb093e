/** Importing a file: what is said besides it goes with it, and nothing that was not said. */
import t from 'tap';
import { importPath, SIGNATURES_WORDS, UNSAID } from '../../src/console/rules/import.ts';
import { ImportQuery } from '../../src/contract/zones.ts';

t.test('what is said of signatures, and of a DS, goes with the file', async (t) => {
  const zone = '/v1/zones/example.com';
  t.equal(importPath(zone, UNSAID), `${zone}/file`);
  t.equal(importPath(zone, { signatures: 'keep', isForced: false }), `${zone}/file?signatures=keep`);
  t.equal(importPath(zone, { signatures: '', isForced: true }), `${zone}/file?force=true`);
  t.equal(importPath(zone, { signatures: 'resign', isForced: true }), `${zone}/file?signatures=resign&force=true`);
});

t.test('the page offers what the API takes', async (t) => {
  const { enum: taken } = ImportQuery.properties.signatures as unknown as { readonly enum: readonly string[] };
  t.same(Object.keys(SIGNATURES_WORDS), ['', ...taken]);
  t.same(Object.keys(ImportQuery.properties), ['signatures', 'force'], 'and all of it');
});
