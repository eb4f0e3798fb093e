/** What a reply says besides "done" is said by whatever command wrote; the server at a glance tells what home tells. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { ServiceBody } from '../../src/contract/services.ts';
import { startTyped } from './typed.ts';

t.test('every command that writes says what the server warns of, as text and as JSON', async (t) => {
  const { type } = await startTyped(t);
  const pools = 'pools: {blue: {targets: [x.example.org.], weight: 1}, green: {targets: [y.example.org.], weight: 0}}';
  // What an MX names is to be no alias (RFC 2181 §10.3): that is what services of host names are.
  for (const [i, name] of ['s1', 's2'].entries()) {
    await type(['record', 'set', `n${i}.example.test`, 'MX', `10 ${name}.example.test.`, '--ttl', '60']);
  }
  const records = 'records: {m1.example.test: {MX: {ttlSeconds: 60, rdata: [10 gone.example.test.]}}}\n';
  const commands: [string[], string?][] = [
    [['record', 'set', 'm2.example.test', 'MX', '10 gone.example.test.', '--ttl', '60']],
    [['record', 'add', 'm3.example.test', 'MX', '10 gone.example.test.', '--ttl', '60']],
    [['service', 'add', 's1.example.test', '-f', '-'], pools],
    [['service', 'set', 's1.example.test', '--ttl', '9']],
    [['apply', '-y', '-f', '-'], records],
    [['apply', '-y', '-f', '-'], `services: {s2.example.test: {${pools}}}\n`],
  ];
  for (const [words, input = ''] of commands) {
    const typed = await type(words, { input });
    t.match(typed, { code: 0, stdout: /^warning: .*(?:gone|s\d)\.example\.test/m }, words.join(' '));
  }
  const again: [string[], string?][] = [
    [['record', 'set', 'm2.example.test', 'MX', '20 gone.example.test.', '--ttl', '60', '--json']],
    [['apply', '-y', '-f', '-', '--json'], records.replace('10 gone', '20 gone')],
  ];
  for (const [words, input = ''] of again) {
    const typed = await type(words, { input });
    t.match(typed, { code: 0, stdout: /"warnings":\[\{.*gone\.example\.test/ }, words.join(' '));
  }
});

t.test('no command takes a reply that may warn, and says nothing of it', async (t) => {
  const folder = fileURLToPath(new URL('../../src/cli/', import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  let writes = 0;
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8');
    // `teal demo` writes what it made up.
    if (file === 'demo.ts') continue;
    const found = text.match(
      /api\s*\.(?:put|post)(?:<(?:Service|RRset|RecordChanges|Import)>)?\(\s*(?:path)?[`'][^`']*(?:rrsets|changes|services\/\$\{name\}|\/file)[`']?[^`']*[`']/g,
    );
    for (const write of found ?? []) {
      if (/releases|health|rollback|weights|drain/.test(write)) continue;
      writes++;
      t.match(text, /warningLines\(|\.warnings\b/, `${file}: ${write}`);
    }
  }
  t.ok(writes >= 7, `${writes} were looked at`);
});

t.test('a service can be read from a file with all that a service has', async (t) => {
  const { type } = await startTyped(t);
  for (const key of Object.keys(ServiceBody.properties)) {
    if (['reason', 'links'].includes(key)) continue;
    const { stderr } = await type(['service', 'add', 'x.example.test', '-f', '-'], { input: `${key}: [[]]\n` });
    t.notMatch(stderr, /expected the key/, key);
    t.match(stderr, /\[\w+\]/, `${key}: the server is asked`);
  }
});

t.test('the server at a glance: what is frozen, aborted, releasing and down', async (t) => {
  const { type } = await startTyped(t);
  t.equal((await type('release start app.example.test --to green --steps 30,pause,100')).code, 0);
  t.match((await type('status')).stdout, /app\.example\.test .* release \d+ to green (?:paused|progressing)/);
  t.equal((await type('release abort app.example.test')).code, 0);
  t.match(await type('status'), { code: 0, stdout: /app\.example\.test .* aborted in revision \d+/ });
  t.match((await type('status --json')).json, { services: 1, aborted: ['app.example.test'], frozen: [] });
  await type(['freeze', 'add', 'now', 'Mon 0:00 - Thu 0:00', 'Thu 0:00 - Mon 0:00', '--time-zone', 'UTC']);
  t.match((await type('status')).stdout, /aborted in revision \d+.*; frozen by now/);
  t.match((await type('status --json')).json, { frozen: ['app.example.test'], attention: { unhealthy: 0 } });
  await type('health force app.example.test green down');
  t.match((await type('status')).stdout, /app\.example\.test .* unhealthy \(green\)/);
});
