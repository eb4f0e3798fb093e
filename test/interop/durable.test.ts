/** The store's sync comes before the reply: seen in the system calls of the process, since `kill -9` cannot tell. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { zoneFile } from '../../bench/import.ts';
import { LOG_BYTES } from '../../src/store/log-length.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal } from '../fixtures/process.ts';
import { comesTo } from '../fixtures/soon.ts';

t.test('fdatasync of the log lies between each request and its reply', async (t) => {
  const folder = temporaryFolder(t);
  const trace = join(folder, 'trace');
  const wrapper = ['strace', '-f', '-yy', '-s', '64', '-e', 'trace=read,write,writev,fdatasync,fsync', '-o', trace];
  const teal = await startTeal(folder, { wrapper });
  // What is synced until then is not for a request.
  await comesTo(
    () => statSync(join(folder, 'teal.db-wal')).size,
    (bytes) => bytes >= LOG_BYTES,
  );
  for (let i = 1; i <= 5; i++) {
    const { status } = await teal.call('PUT', '/v1/services/app.example.test/weights', { blue: i, green: 100 });
    t.equal(status, 200);
  }
  await teal.end('SIGTERM');
  const lines = readFileSync(trace, 'utf8').split('\n');
  const isRequest = (line: string): boolean => line.includes('"PUT /v1/services/');
  const isReply = (line: string): boolean => /writev?\(.*HTTP\/1\.1 200/.test(line);
  const isSync = (line: string): boolean => /f(data)?sync\(.*teal\.db-wal/.test(line);
  const order = lines.flatMap((line) =>
    isRequest(line) ? ['request'] : isReply(line) ? ['reply'] : isSync(line) ? ['sync'] : [],
  );
  const first = order.indexOf('request');
  // Between a reply and the next request the log may be synced for something else.
  t.match(order.slice(first).join(' '), /^(request (sync )+reply( sync)* ?){5}$/);
});

t.test('an import is synced whole before its reply, though its parts are staged without waiting', async (t) => {
  const folder = temporaryFolder(t);
  const trace = join(folder, 'trace');
  const wrapper = ['strace', '-f', '-yy', '-s', '64', '-e', 'trace=pwrite64,write,writev,fdatasync,fsync', '-o', trace];
  const teal = await startTeal(folder, { wrapper });
  const body = new Uint8Array(zoneFile(5000));
  const headers = { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' };
  const { status } = await fetch(`${teal.admin}/v1/zones/big.test/file`, { method: 'PUT', headers, body });
  t.equal(status, 201);
  await teal.end('SIGTERM');
  const lines = readFileSync(trace, 'utf8').split('\n');
  const reply = lines.findIndex((line) => /writev?\(.*HTTP\/1\.1 201/.test(line));
  const ofLog = lines
    .slice(0, reply)
    .flatMap((line) =>
      /pwrite64\(.*teal\.db-wal/.test(line) ? 'write' : /sync\(.*teal\.db-wal/.test(line) ? 'sync' : [],
    );
  t.ok(ofLog.length > 100, 'the log was written');
  t.equal(ofLog.at(-1), 'sync', 'and synced after the last write');
});

t.test(
  'who has signed in is kept on the disk, and who has signed out is forgotten there before it is answered',
  async (t) => {
    const folder = temporaryFolder(t);
    const trace = join(folder, 'trace');
    const name = 'n'.repeat(43);
    const script = `
    import { sessionFiles } from ${JSON.stringify(new URL('../../src/server/session-files.ts', import.meta.url).href)};
    const files = sessionFiles(process.argv[1], 1000, Date.now(), console);
    void files.write('${name}', new Uint8Array(10));
    const isGone = await files.remove('${name}');
    process.stdout.write('answered ' + isGone);
  `;
    const node = [process.execPath, '--input-type=module', '--eval', script, folder];
    const strace = ['-f', '-yy', '-s', '64', '-e', 'trace=rename,renameat2,unlink,unlinkat,fsync,write', '-o', trace];
    execFileSync('strace', [...strace, ...node], { stdio: 'ignore' });
    const order = readFileSync(trace, 'utf8')
      .split('\n')
      .flatMap((line) => {
        if (/rename.*sessions\/n+/.test(line)) return 'kept';
        if (/unlink.*sessions\/n+/.test(line)) return 'taken away';
        if (/fsync\(\d+<[^>]*\/sessions>/.test(line)) return 'synced';
        if (/fsync\(\d+<[^>]*sessions\/n+\.new>/.test(line)) return 'written';
        return line.includes('"answered true"') ? 'answered' : [];
      });
    t.same(order, ['written', 'kept', 'synced', 'taken away', 'synced', 'answered']);
  },
);
