/** A zone that was signed elsewhere, below a zone of the same server: Teal signs it in its place, and its DS is put by one command. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { fileOf, recordsOf, signedElsewhere } from '../fixtures/dnssec/signed-file.ts';
import { TestSigner } from '../fixtures/dnssec/signer.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal } from '../fixtures/process.ts';
import { typist } from './typed.ts';

const child = 'child.example.test';
const records = recordsOf(
  child,
  `@ 60 SOA ns1.example.test. h.example.test. 7 7200 3600 1209600 60
@ 60 NS ns1.example.test.
www 60 A 192.0.2.1`,
);

t.test('from a file of another signer to a DS in the parent', async (t) => {
  const folder = temporaryFolder(t);
  const teal = await startTeal(temporaryFolder(t));
  t.teardown(() => teal.child.kill('SIGKILL'));
  const type = typist(teal);
  const signer = new TestSigner(child.split('.'));
  const file = join(folder, 'child.zone');
  const write = (denial: 'nsec' | 'nsec3') =>
    writeFileSync(file, fileOf(child, signedElsewhere(child, records, { signer, dnskey: signer.key.dnskey, denial })));
  write('nsec');
  const [good, other] = ['good.pem', 'other.pem'].map((name) => join(folder, name)) as [string, string];
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  writeFileSync(good, signer.key.privateKey.export(pem));
  writeFileSync(other, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem));

  t.equal((await type(`record set ${child} NS ns1.example.test.`)).code, 0);
  t.equal((await type(`zone import ${child} ${file} --signatures keep`)).code, 0);
  const sign = `dnssec sign ${child} --replace-signatures`;
  t.match((await type(`dnssec sign ${child}`)).stderr, /--replace-signatures/, 'it says how');
  t.equal((await type(sign)).code, EXIT.USAGE);
  t.equal((await type(`dnssec sign ${child} --insecure`)).code, EXIT.USAGE);
  t.match(await type(`dnssec sign ${child} --force`), { code: EXIT.USAGE, stderr: /goes with --no-foreign-keys/ });
  t.match((await type(`zone rm ${child}`)).stderr, /have the DS taken away.*, and say --force then\. \[ds_present\]/);
  const refused = await type(`${sign} --key-file ${other}`);
  t.match(refused.stderr, /have the DS taken away at the parent.*\[ds_present\]/);
  t.match((await type(`${sign} --key-file ${good} --json`)).json, { stage: 'replacing' });
  t.match((await type(`dnssec status ${child} --json`)).json.parentHere, { zone: 'example.test', ds: [] });
  t.match((await type(`dnssec status ${child}`)).stdout, /teal dnssec delegate child\.example\.test puts the DS there/);
  t.match(
    (await type(`dnssec delegate ${child} --reason secured`)).stdout,
    /^example\.test has the DS of child\.example\.test\.\n/,
  );
  const after = (await type(`dnssec status ${child} --json`)).json;
  t.equal(after.parentHere.ds.length, 1);
  t.ok(after.ds[0].toLowerCase().endsWith(after.parentHere.ds[0].toLowerCase()), 'the very DS that is wanted');
  t.notMatch((await type(`dnssec status ${child}`)).stdout, /dnssec delegate/);
  t.match((await type('dnssec delegate example.test')).stderr, /signing_unknown/);

  t.equal((await type('dnssec sign example.test')).code, 0);
  t.match((await type('dnssec delegate example.test')).stderr, /is not a zone of this server/);
  const below = ['zone', 'add', 'below.example.test', '--ns', 'ns1.example.test', '--hostmaster', 'h.example.test'];
  t.match((await type(below)).stderr, /signing_state/);

  t.equal((await type('zone set example.test --zonemd')).code, 0);
  t.match((await type('zone set example.test --no-zonemd')).stdout, /zonemd true → none/);
});
