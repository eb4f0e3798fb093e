/** docs/apply.schema.json is what the contract says. After a change: `UPDATE_DOCS=1 npx tap test/contract/apply-schema.test.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { Compile } from 'typebox/compile';
import { parse } from 'yaml';
import { ApplyBody, ApplyFile, declarations } from '../../src/contract/apply.ts';
import { mapSchemas, shapeOf } from '../../src/contract/shapes.ts';

const file = resolve('docs/apply.schema.json');

t.test('the schema of a file is made from that of the API', async (t) => {
  const made = mapSchemas(ApplyFile, ({ $id: _, 'x-code': __, ...rest }) => rest) as object;
  const text = `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...made }, undefined, 2)}\n`;
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(file, text);
  t.same(JSON.parse(readFileSync(file, 'utf8')), JSON.parse(text));
  t.same(
    Object.keys(declarations).filter((key) => !(key in ApplyBody.properties)),
    [],
  );
});

t.test('it takes what the page and the example show, and refuses a word that is not known', async (t) => {
  const validator = Compile(shapeOf(ApplyFile));
  const page = readFileSync('docs/apply.md', 'utf8');
  const shown = [...page.matchAll(/^```yaml [\w.-]+\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const examples = ['dns', 'access'].map((name) => readFileSync(`examples/gitops/${name}.yaml`, 'utf8'));
  t.ok(shown.length >= 3);
  for (const text of [...shown, ...examples]) t.ok(validator.Check(parse(text)), text);
  for (const bad of [
    'zone: {}',
    'records: { a.test: { A: { ttl: 5, rdata: [a] } } }',
    'tokens: { a: { scope: read, name: a } }',
  ]) {
    t.notOk(validator.Check(parse(bad)), bad);
  }
});
