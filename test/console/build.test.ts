/** What the build gives to a browser: small, and with nothing of another host in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { buildConsole } from '../../src/console/build.ts';

/** All script that the first page and those behind it load, compressed. */
const SCRIPT_MAX_BYTES = 100_000;

/** With its page and styles. */
const FIRST_LOAD_MAX_BYTES = 100_000;

const folder = 'dist/console';

t.test('the console', async (t) => {
  await buildConsole();
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const page = readFileSync(join(folder, 'index.html'), 'utf8');

  await t.test('loads less than 100 KB of compressed script', async (t) => {
    for (const coding of ['br', 'gz']) {
      const scripts = files.filter((file) => file.endsWith(`.js.${coding}`));
      const bytes = scripts.reduce((sum, file) => sum + readFileSync(join(folder, file)).length, 0);
      t.comment(`${bytes} bytes of script in ${scripts.length} files (${coding})`);
      t.ok(bytes > 10_000 && bytes < SCRIPT_MAX_BYTES, `${coding}: ${bytes}`);
    }
  });

  await t.test('is less than 100 KB at the first load, with its page and styles', async (t) => {
    // What is loaded later (the drawing of charts) is not named in the page.
    const named = [...page.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => String(file));
    const first = ['index.html', ...named];
    t.ok(['.js', '.css'].every((end) => first.some((file) => file.endsWith(end))));
    for (const coding of ['br', 'gz']) {
      // What is too small to be compressed goes as it is.
      const sent = first.map((file) => (files.includes(`${file}.${coding}`) ? `${file}.${coding}` : file));
      const bytes = sent.reduce((sum, file) => sum + readFileSync(join(folder, file)).length, 0);
      t.comment(`${bytes} bytes in ${sent.join(' ')}`);
      t.ok(bytes > 10_000 && bytes < FIRST_LOAD_MAX_BYTES, `${coding}: ${bytes}`);
    }
  });

  await t.test('has no script and no style in the page, and nothing from elsewhere', async (t) => {
    t.notMatch(page, /<script(?![^>]* src=)|<style|\son[a-z]+=|style=/);
    const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => String(address));
    t.ok(addresses.length >= 3);
    for (const address of addresses) t.match(address, /^\.\/assets\/.+-[\w-]{8}\./, 'hashed, and from here');
    const styles = files
      .filter((file) => file.endsWith('.css'))
      .map((file) => readFileSync(join(folder, file), 'utf8'));
    t.notMatch(styles.join('\n'), /url\(|@import/);
  });

  await t.test('brings the notices of what is bundled', async (t) => {
    t.match(readFileSync(join(folder, 'licenses.md'), 'utf8'), /preact.*uplot/is);
  });
});
