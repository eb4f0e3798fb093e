/** Files that become junk under a server that runs: a control process that is killed comes back by what was in force, says so, and takes what is right again. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import t from 'tap';
import { bluegreen, zoneBody } from '../fixtures/engine.ts';
import { controlPid } from '../fixtures/planes.ts';
import { startTeal } from '../fixtures/process.ts';
import { comesTo, soon } from '../fixtures/soon.ts';

const skip = process.platform !== 'linux' && 'memory is shared on Linux';

interface Reply {
  readonly status: number | undefined;
  readonly text: string;
  readonly certificate: string;
}

const yaml = (folder: string): string => `
admin: { tls: { certFile: ${folder}/cert.pem, keyFile: ${folder}/key.pem } }
mail: { host: mail.test, from: teal@example.test, user: teal, passwordFile: ${folder}/mail }
console:
  oidc:
    issuer: https://id.example.test
    clientId: teal
    clientSecretFile: ${folder}/oidc
    redirectUrl: https://localhost/auth/callback
    groups: { ops: { scope: admin } }
`;

t.test('certificate and key, passwords, secrets', { skip }, async (t) => {
  const folder = t.testdir({ mail: 'hush\n', oidc: 'hush\n', data: {} });
  const pem = (name: string): string => join('test/fixtures/tls', name);
  const put = (): void => {
    for (const name of ['cert.pem', 'key.pem']) copyFileSync(pem(name), join(folder, name));
  };
  put();
  writeFileSync(join(folder, 'teal.yaml'), yaml(folder));
  const teal = await startTeal(join(folder, 'data'), {
    config: join(folder, 'teal.yaml'),
    env: { TEAL_DNS_PLANES: 'two' },
  });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const ask = (method: string, path: string, body?: string): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${teal.token}`, ...(body && { 'content-type': 'application/json' }) };
      const options = { method, headers, rejectUnauthorized: false, agent: false };
      const request = https.request(`${teal.admin}${path}`, options, (reply) => {
        const certificate = (reply.socket as import('node:tls').TLSSocket).getPeerCertificate().fingerprint256;
        let text = '';
        reply.on('data', (piece) => {
          text += piece;
        });
        reply.on('end', () => resolve({ status: reply.statusCode, text, certificate }));
      });
      request.on('error', reject);
      request.end(body);
    });
  const kill = async (): Promise<void> => {
    const from = teal.log.length;
    process.kill(controlPid(teal.pid), 'SIGKILL');
    await soon(t).ok(() => teal.log.slice(from).some(({ msg }) => msg === 'the control process is back'));
  };
  t.equal((await ask('PUT', '/v1/zones/example.test', JSON.stringify(zoneBody))).status, 201);
  t.equal((await ask('PUT', '/v1/services/app.example.test', JSON.stringify(bluegreen(1, 1)))).status, 201);
  const before = (await ask('GET', '/readyz')).certificate;
  t.notMatch(await ask('GET', '/readyz'), { text: /unusableFiles/ });

  writeFileSync(join(folder, 'cert.pem'), 'junk');
  rmSync(join(folder, 'key.pem'));
  writeFileSync(join(folder, 'mail'), '');
  rmSync(join(folder, 'oidc'));
  for (const time of ['once', 'again']) {
    await kill();
    const shift = await ask('PUT', '/v1/services/app.example.test/weights', '{"blue":1,"green":3}');
    t.match(shift, { status: 200, certificate: before }, `a shift, ${time}`);
    t.match(await ask('GET', '/readyz'), {
      status: 200,
      text: /"unusableFiles":\["console.oidc.clientSecretFile","mail.passwordFile","admin.tls"\]/,
    });
    t.match(await ask('GET', '/metrics'), { text: /^teal_settings_file_unusable\{setting="admin\.tls"\} 1$/m });
  }
  const told = () => teal.log.filter(({ level, setting }) => level === 'error' && setting === 'admin.tls');
  await soon(t).equal(() => told().length, 2, 'once a start');
  t.match(told(), [{ reason: /^admin\.tls\.keyFile: .*expected a certificate and its key in PEM, found: ENOENT/ }, {}]);

  put();
  writeFileSync(join(folder, 'mail'), 'hush\n');
  writeFileSync(join(folder, 'oidc'), 'another\n');
  await comesTo(
    () => ask('GET', '/readyz'),
    ({ text }) => !text.includes('unusableFiles'),
  );
  t.notMatch(await ask('GET', '/metrics'), { text: /^teal_settings_file_unusable\{/m });
  const again = () => teal.log.filter(({ msg }) => /of use again/.test(String(msg)));
  await soon(t).equal(() => again().length, 3);
  t.match(
    again().sort((a, b) => (String(a.setting) < String(b.setting) ? -1 : 1)),
    [
      { level: 'info', setting: 'admin.tls' },
      { level: 'warn', setting: 'console.oidc.clientSecretFile', msg: /into force with a restart$/ },
      { level: 'info', setting: 'mail.passwordFile' },
    ],
  );
  await kill();
  t.equal((await ask('GET', '/readyz')).status, 200);
  t.notOk(readFileSync(join(folder, 'data/teal.db')).includes('PRIVATE KEY'), 'nothing of it is written down');
  t.equal((await teal.end('SIGTERM')).code, 0);
});
