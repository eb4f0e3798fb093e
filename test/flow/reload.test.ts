/** SIGHUP: what can change at once does, what cannot is named, and a bad file changes nothing. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import tls from 'node:tls';
import t from 'tap';
import { logged } from '../fixtures/awaited.ts';
import { controlPid } from '../fixtures/planes.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';

const skip = process.platform !== 'linux' && 'memory is shared on Linux';

/** Waits for an event of the log that comes after the first `from`. */
async function event(teal: TealProcess, from: number, msg: RegExp): Promise<Record<string, unknown>> {
  const find = () => teal.log.slice(from).find((each) => msg.test(String(each.msg)));
  await logged(teal, () => find() !== undefined);
  return find() as Record<string, unknown>;
}

t.test('levels, networks and needs of a restart', async (t) => {
  const folder = t.testdir({ 'teal.yaml': 'probes: { allow: [] }' });
  const config = `${folder}/teal.yaml`;
  const teal = await startTeal(`${folder}/data`, { config, env: { TEAL_LOG_LEVEL: '' } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const reload = async (yaml: string, msg: RegExp): Promise<Record<string, unknown>> => {
    writeFileSync(config, yaml);
    const from = teal.log.length;
    process.kill(teal.pid, 'SIGHUP');
    return event(teal, from, msg);
  };
  const first = 'probes: { allow: ["10.0.0.0/8"] }\ndns: { udpMaxBytes: 1400 }\nlog: { level: debug }';
  t.match(await reload(first, /^settings reloaded$/), { changed: ['probes.allow', 'log.level'] });
  t.match(await event(teal, 0, /restart/), { level: 'warn', needRestart: ['dns.udpMaxBytes'] });
  const bad = await reload('dns: { wrkers: 2 }', /not reloaded/);
  t.match(bad, { level: 'error', msg: /^settings not reloaded: .*teal\.yaml: dns\.wrkers: is not a setting/ });
  t.same((await reload(first, /^settings reloaded$/)).changed, [], 'the bad file changed nothing');
  await teal.end('SIGTERM');
});

t.test('a certificate is read again though its name is the same', async (t) => {
  const folder = t.testdir();
  const files = { certFile: `${folder}/cert.pem`, keyFile: `${folder}/key.pem` };
  copyFileSync('test/fixtures/tls/cert.pem', files.certFile);
  copyFileSync('test/fixtures/tls/key.pem', files.keyFile);
  const env = { TEAL_ADMIN_TLS_CERT_FILE: files.certFile, TEAL_ADMIN_TLS_KEY_FILE: files.keyFile };
  const teal = await startTeal(`${folder}/data`, { env });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const served = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const port = Number(new URL(teal.admin).port);
      const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  const before = await served();
  const good = readFileSync(files.certFile);
  const reload = async (msg: RegExp): Promise<Record<string, unknown>> => {
    const from = teal.log.length;
    process.kill(teal.pid, 'SIGHUP');
    return event(teal, from, msg);
  };
  writeFileSync(files.certFile, 'junk');
  t.match(await reload(/not reloaded/), { msg: /^settings not reloaded: admin\.tls: expected a certificate/ });
  t.equal(await served(), before, 'the old one is still served');
  writeFileSync(files.certFile, good);
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
  try {
    execFileSync('openssl', [...words, '-subj', '/CN=new', '-keyout', files.keyFile, '-out', files.certFile], {
      stdio: 'pipe',
    });
  } catch {
    t.comment('there is no openssl to make a second certificate with');
  }
  t.match(await reload(/^settings reloaded$/), { certificate: 'read again' });
  if (!readFileSync(files.certFile).equals(good)) t.not(await served(), before, 'the new one is served');
  await teal.end('SIGTERM');
});

t.test('a control process that comes back', { skip }, async (t) => {
  const folder = t.testdir();
  const config = `${folder}/teal.yaml`;
  const put = (certFile: string, more = ''): void =>
    writeFileSync(config, `admin: { tls: { certFile: ${certFile}, keyFile: test/fixtures/tls/key.pem } }\n${more}`);
  const good = 'test/fixtures/tls/cert.pem';
  put(good);
  const teal = await startTeal(`${folder}/data`, { config, env: { TEAL_DNS_PLANES: 'two' } });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const kill = (signal: NodeJS.Signals): boolean => process.kill(controlPid(teal.pid), signal);
  const hangUp = (): boolean => process.kill(teal.pid, 'SIGHUP');

  await t.test('does not go by settings that were refused', async (t) => {
    put(`${folder}/missing.pem`);
    hangUp();
    await event(teal, 0, /^settings not reloaded: admin\.tls\.certFile/);
    const from = teal.log.length;
    kill('SIGKILL');
    t.ok(await event(teal, from, /^the control process is back/));
  });

  await t.test('takes those that came while it was started', async (t) => {
    put(good, 'probes: { allow: ["10.0.0.0/8"] }');
    const from = teal.log.length;
    kill('SIGKILL');
    await event(teal, from, /^the control process ended/);
    hangUp();
    t.same((await event(teal, from, /^settings reloaded$/)).changed, ['probes.allow']);
  });

  await t.test('takes those that one did not hear which was stopped', async (t) => {
    put(good, 'probes: { allow: ["10.0.0.0/8", "192.168.0.0/16"] }');
    const from = teal.log.length;
    kill('SIGSTOP');
    hangUp();
    await event(teal, from, /^settings are not reloaded yet/);
    kill('SIGKILL');
    t.same((await event(teal, from, /^settings reloaded$/)).changed, ['probes.allow']);
    t.same((await teal.end('SIGTERM')).code, 0);
  });
});
