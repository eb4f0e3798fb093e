/** Files that a person names are read to their end, or not: what has no end, or too much before it, is told. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  AT_START,
  asLongAsItTakes,
  LINES_MAX_BYTES,
  readBounded,
  readStream,
  SERVING,
  unreadable,
  ZONE_FILE_MAX_BYTES,
} from '../src/bounded-file.ts';
import { type } from './cli/typed.ts';
import { surroundings } from './fixtures/environment.ts';
import { soon } from './fixtures/soon.ts';
import { endsWithUs } from './fixtures/tidying.ts';

const MEBIBYTE = 2 ** 20;
const tooLarge = { message: /^is larger than .* MiB, and no more is read$/ };
const hasDevices = existsSync('/dev/zero');
const noPipes = hasDevices ? false : 'no such pipes here';

t.test('a file is read whole, as long as it is no longer than said', async (t) => {
  const file = join(t.testdir({}), 'file');
  for (const length of [0, 1, 1000, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1]) {
    const bytes = Buffer.alloc(length, length);
    writeFileSync(file, bytes);
    t.ok(readBounded(file, length).equals(bytes), `${length} bytes`);
    t.ok(readBounded(file, 2 * MEBIBYTE).equals(bytes));
    if (length > 0) t.throws(() => readBounded(file, length - 1), tooLarge);
  }
});

t.test('a stream likewise, which is let go where it has more', async (t) => {
  const piece = Buffer.alloc(1000, 1);
  let isOver = false;
  async function* endless() {
    try {
      for (;;) yield piece;
    } finally {
      isOver = true;
    }
  }
  async function* some() {
    yield piece;
    yield piece;
  }
  t.same(await readStream(some(), 2000), Buffer.alloc(2000, 1));
  await t.rejects(readStream(some(), 1999), tooLarge);
  await t.rejects(readStream(endless(), 50_000), tooLarge);
  t.ok(isOver);
});

t.test('what does not say how long it is', { skip: hasDevices ? false : 'no such devices here' }, async (t) => {
  t.throws(() => readBounded('/dev/zero', 3 * MEBIBYTE), { message: 'is larger than 3 MiB, and no more is read' });
  t.same(readBounded('/dev/null', 1), Buffer.alloc(0));
  if (existsSync('/proc/version')) t.same(readBounded('/proc/version', 1000), readFileSync('/proc/version'));
  const pipe = join(t.testdir({}), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const writer = endsWithUs(spawn('sh', ['-c', `exec yes > '${pipe}'`], { stdio: 'ignore' }));
  t.throws(() => readBounded(pipe, MEBIBYTE), tooLarge);
  await new Promise((resolve) => writer.once('exit', resolve));
});

t.test('a pipe takes the memory of what comes', { skip: hasDevices ? false : 'no pipes here' }, async (t) => {
  const pipe = join(t.testdir({}), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const writer = endsWithUs(spawn('sh', ['-c', `head -c ${4 * MEBIBYTE} /dev/zero > '${pipe}'`], { stdio: 'ignore' }));
  const made = t.capture(Buffer, 'allocUnsafe', Buffer.allocUnsafe);
  t.equal(readBounded(pipe, 8 * MEBIBYTE).length, 4 * MEBIBYTE);
  const bytes = made().reduce((sum, { args: [each] }) => sum + Number(each), 0);
  // All of it once more where the pieces are put together.
  t.ok(bytes <= 9 * MEBIBYTE, `${bytes} bytes were asked for`);
  await new Promise((resolve) => writer.once('exit', resolve));
});

t.test('a pipe that nobody writes to is waited for, once that was said, or refused', { skip: noPipes }, async (t) => {
  const folder = t.testdir({});
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  t.throws(
    () => readBounded(pipe, 1000),
    { message: 'is a pipe that nobody writes to' },
    'who serves waits for nobody',
  );
  // Who comes and goes while that is said is there at no other time.
  for (const text of ['late', '']) {
    const said: string[] = [];
    const tell = (phrase: string): void => {
      said.push(phrase);
      execFileSync('sh', ['-c', `printf %s '${text}' > '${pipe}'`]);
    };
    const isSeen = text !== '' || process.platform === 'linux';
    if (isSeen) t.equal(readBounded(pipe, 1000, asLongAsItTakes(tell)).toString(), text);
    if (isSeen) t.same(said, ['is a pipe that nobody writes to yet; waiting for it']);
  }
});

t.test('a server that serves waits for no pipe, nor for ever where it starts', { skip: noPipes }, async (t) => {
  const folder = t.testdir({});
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const writer = endsWithUs(spawn('sh', ['-c', `exec sleep 1000 3> '${pipe}'`], { stdio: 'ignore' }));
  const why = (waits: typeof SERVING): string => {
    try {
      return String(readBounded(pipe, 1000, waits));
    } catch (error) {
      return unreadable(error);
    }
  };
  // Once whoever writes has come to it.
  await soon(t).equal(() => why(SERVING), 'is a pipe that brings nothing for 0.1 s');
  const said: string[] = [];
  const starts = { ...AT_START, silentMs: 1500, tell: (phrase: string) => said.push(phrase) };
  t.equal(why(starts), 'is a pipe that brings nothing for 1.5 s');
  t.same(said, ['has brought nothing yet; waiting for it']);
  writer.kill('SIGKILL');
  await new Promise((resolve) => writer.once('exit', resolve));
  t.equal(why(SERVING), 'is a pipe that nobody writes to');
});

t.test('a pipe that is open and silent is spoken of too', { skip: noPipes }, async (t) => {
  const folder = t.testdir({});
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const script = `exec 3> '${pipe}'; until test -e '${folder}/told'; do sleep 0.02; done; printf late >&3`;
  const writer = endsWithUs(spawn('sh', ['-c', script], { stdio: 'ignore' }));
  const said: string[] = [];
  const tell = (phrase: string): void => {
    said.push(phrase);
    writeFileSync(join(folder, 'told'), '');
  };
  t.equal(readBounded(pipe, 1000, asLongAsItTakes(tell)).toString(), 'late');
  t.match(said.at(-1), /waiting for it$/);
  await new Promise((resolve) => writer.once('exit', resolve));
});

t.test(
  'what a shell makes of <(…) is read like a file, by commands and by the server',
  { skip: noPipes },
  async (t) => {
    const teal = (words: string) => {
      const script = `exec '${process.execPath}' src/main.ts ${words}`;
      return spawnSync('bash', ['-c', script], { encoding: 'utf8', env: surroundings });
    };
    const zone = '$TTL 60\\n@ SOA ns h 1 1 1 1 1\\n@ NS ns.example.net.\\n';
    const checked = teal(`zone check example.com <(printf '${zone}')`);
    t.match(checked, { status: 0, stdout: /^example\.com: \d RRsets?, 0 errors/ }, checked.stderr);
    const slow = teal(`zone check example.com <(sleep 0.2; printf '${zone}')`);
    t.match(slow, { status: 0 }, slow.stderr);
    t.match(teal('zone check example.com <(:)'), { status: 1 }, 'nothing at all is at its end');
    // Its one key is wrong on purpose: that it is told shows that the file was read.
    t.match(teal("serve --config <(printf 'wrong: 1')"), { status: 78, stderr: /wrong/ });
    t.match(teal('serve --config /dev/zero'), { status: 78, stderr: /\/dev\/zero: expected a settings file, found/ });
  },
);

t.test('what the file system says is said', async (t) => {
  const folder = t.testdir({});
  const why = (name: string) => {
    try {
      return readBounded(name, 1000);
    } catch (error) {
      return unreadable(error);
    }
  };
  t.equal(why(folder), 'cannot be read (EISDIR)');
  t.equal(why(join(folder, 'absent')), 'cannot be read (ENOENT)');
});

t.test('a command names what it does not read, and how much it would', async (t) => {
  const folder = t.testdir({ zones: {}, 'top.zone': '$INCLUDE long.zone\n' });
  const long = join(folder, 'zones', 'long.zone');
  writeFileSync(long, '');
  // Without a byte on the disk.
  truncateSync(long, ZONE_FILE_MAX_BYTES + 1);
  const said = await type(['zone', 'check', 'example.com', long]);
  t.match(said, { code: 66, stderr: `teal: ${long} is larger than 1024 MiB, and no more is read\n`, stdout: '' });
  const within = await type([
    'zone',
    'check',
    'example.com',
    join(folder, 'top.zone'),
    '--include',
    join(folder, 'zones'),
  ]);
  t.equal(within.code, 1);
  t.match(within.stdout, /long\.zone.*it is larger than 1024 MiB, and no more is read \[include_refused\]/);
  for (const words of [
    ['status', '--token-file', long],
    ['dnssec', 'import', 'example.com', long],
    ['webhook', 'add', 'w', 'https://example.com/', '-t', 'on-revision', '--template', long],
    ['apply', '-f', long],
  ]) {
    const { code, stderr } = await type(words, { env: { TEAL_TOKEN: 'x' } });
    t.match(
      { code, stderr },
      { code: 66, stderr: /long\.zone is larger than (1|64) MiB, and no more is read\n$/ },
      words.join(' '),
    );
  }
  t.equal(LINES_MAX_BYTES, MEBIBYTE);
});
