/**
 * docs/blue-green.md: every command of its lab, typed in its order with bash, gives what the page says, and no customer's
 * request fails. After a change of what is printed: UPDATE_DOCS=1, as for the other pages.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { temporaryFolder } from '../fixtures/engine.ts';
import { surroundings } from '../fixtures/environment.ts';
import { freePorts } from '../fixtures/free-port.ts';
import { blocksOf, holdsInOrder, steady, type } from './pages.ts';

const name = 'docs/blue-green.md';
const from = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

t.test(name, async (t) => {
  const page = readFileSync(name, 'utf8');
  const folder = temporaryFolder(t);
  symlinkSync(from('examples'), join(folder, 'examples'));
  writeFileSync(join(folder, 'teal'), `#!/bin/sh\nexec '${process.execPath}' '${from('src/main.ts')}' "$@"\n`, {
    mode: 0o755,
  });
  const [dns = 0, admin = 0, resolver = 0, app = 0] = await freePorts(4);
  const ports = { 5300: dns, 8053: admin, 5354: resolver, 8080: app };
  const settings = { TEAL_DNS_PORT: dns, TEAL_ADMIN_PORT: admin, RESOLVER_PORT: resolver, APP_PORT: app };
  const env = {
    ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)])),
    PATH: `${folder}:${process.env.PATH}`,
    HOME: folder,
    TEAL_ADMIN_URL: `http://127.0.0.1:${admin}`,
    NODE_OPTIONS: '',
  };
  t.teardown(() => type([{ command: 'examples/blue-green/lab.sh down', expected: [] }], folder, env));
  const blocks = blocksOf(page, 'sh lab');
  t.ok(blocks.length >= 8);
  const steps = blocks.flatMap((block) => block.steps);
  const typed = steps.map(({ command, expected }) => ({ command: rename(command, ports, false), expected }));
  const outputs = type(typed, folder, env).map((output) => rename(output, ports, true));
  for (const [at, { command, expected }] of steps.entries())
    t.ok(holdsInOrder(outputs[at] ?? '', expected), command, { output: outputs[at], expected });
  t.equal(outputs.length, steps.length + 1, 'all were typed: none has failed', { output: outputs.at(-1) });

  let at = 0;
  let updated = page;
  for (const { steps, shown } of blocks) {
    const output = outputs.slice(at, at + steps.length).join('');
    at += steps.length;
    if (shown === undefined) continue;
    const moved = shown.from + updated.length - page.length;
    updated = updated.slice(0, moved) + output.replace(/ +$/gm, '') + updated.slice(moved + shown.text.length);
    if (process.env.UPDATE_DOCS === undefined)
      t.equal(steady(output), steady(shown.text), `shown below ${steps[0]?.command}`);
  }
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(name, updated);
});

/** The ports that people use as those of this run, or back. */
function rename(text: string, ports: Readonly<Record<string, number>>, isBack: boolean): string {
  return Object.entries(ports).reduce((renamed, [people, here]) => {
    const [before, after] = isBack ? [String(here), people] : [people, String(here)];
    return renamed.replaceAll(new RegExp(`(?<=:|port |-p )${before}\\b`, 'g'), after);
  }, text);
}

t.test('where something has a port already, the lab says so and leaves nothing running', async (t) => {
  const folder = temporaryFolder(t);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const [dns = 0, resolver = 0, app = 0] = await freePorts(3);
  const { port } = taken.address() as AddressInfo;
  const env = { TEAL_DNS_PORT: dns, TEAL_ADMIN_PORT: port, RESOLVER_PORT: resolver, APP_PORT: app };
  const child = spawn(from('examples/blue-green/lab.sh'), ['up'], {
    cwd: folder,
    env: { ...surroundings, ...Object.fromEntries(Object.entries(env).map(([key, value]) => [key, String(value)])) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  const [code] = await once(child, 'close');
  t.equal(code, 69);
  t.match(said, `127.0.0.1 port ${port} already`);
  t.match(said, 'TEAL_ADMIN_PORT');
  await t.rejects(fetch(`http://127.0.0.10:${app}/`), 'v1, which was started before, is stopped again');
});
