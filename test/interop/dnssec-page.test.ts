/**
 * docs/dnssec.md: every `teal` in it is typed on a real server whose parent the test plays, and prints what the page shows,
 * but for keys, times and addresses.
 * After a change of what is printed: `UPDATE_DOCS=1 npx tap --exclude= test/interop/dnssec-page.test.ts`, and a look at the difference.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import type { Signing } from '../../src/contract/types.ts';
import { typist } from '../cli/typed.ts';
import { dsRdataOf, startParent } from '../fixtures/dnssec/parent.ts';
import { startTeal } from '../fixtures/process.ts';
import { comesTo } from '../fixtures/soon.ts';

const PAGE = resolve('docs/dnssec.md');
const ZONE = 'example.com';
const PATH = `/v1/zones/${ZONE}/dnssec`;
const BLOCK = /^```console\n(.*?)^```$/gms;
const COMMAND = /^\$ teal (.*)\n((?:(?!\$ ).*\n)*)/gm;
const STAGE_LIMIT_MS = 180_000;

/** What differs from run to run, made the same. */
function steady(text: string): string {
  return text
    .replace(/\b[0-9A-F]{64}\b/g, 'DIGEST')
    .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( UTC|Z)|\d\d:\d\d:\d\d UTC/g, 'TIME')
    .replace(/\+\d{5}\b/g, '+TAG')
    .replace(/\b(DS|key) \d{1,5}\b/g, '$1 TAG')
    .replace(/^ *\d{1,5} /gm, 'TAG ')
    .replace(/\b\d{1,5} 13 2 DIGEST/g, 'TAG 13 2 DIGEST')
    .replace(/ +/g, ' ')
    .replace(/ +$/gm, '');
}

t.test('docs/dnssec.md', async (t) => {
  const parent = await startParent(t, 'com');
  parent.wantsNotify = true;
  const env = {
    TEAL_DNSSEC_PARENT_SERVERS: parent.address,
    TEAL_DNSSEC_RESOLVER: parent.address,
  };
  const folder = t.testdir({ data: {} });
  const teal = await startTeal(`${folder}/data`, { env });
  t.teardown(() => teal.child.kill('SIGKILL'));
  const short = { ttlSeconds: 1, nameserversTtlSeconds: 1, negativeTtlSeconds: 1 };
  const body = { nameservers: ['ns1.example.net'], hostmaster: 'hostmaster.example.com', ...short };
  t.equal((await teal.call('PUT', `/v1/zones/${ZONE}`, body)).status, 201);
  process.chdir(folder);
  const typed = typist(teal);

  /** Waits for a stage, with a parent that does what it is asked for only once it is to. */
  const until = async (wanted: string): Promise<void> => {
    const reply = await comesTo(
      () => teal.call('GET', PATH),
      ({ status, body }) => (status === 404 ? 'none' : body.stage) === wanted,
      STAGE_LIMIT_MS,
    );
    if ((reply.status === 404 ? 'none' : reply.body.stage) !== wanted) {
      throw new Error(`${wanted} does not come: ${JSON.stringify(reply.body)}`);
    }
  };
  const follow = async (): Promise<void> => {
    parent.ds = (await teal.call('GET', PATH)).body.ds.map(dsRdataOf);
  };
  const asked = () => until('ds-needed').then(() => seen());
  /** It was asked in this stage, and told. */
  const seen = async (): Promise<void> => {
    const isSo = ({ parent, notified, since }: Signing): boolean =>
      parent !== null && parent.servers.length > 0 && notified !== null && parent.askedAt >= since;
    const signing = await comesTo(async () => (await teal.call('GET', PATH)).body, isSo, STAGE_LIMIT_MS);
    if (!isSo(signing)) throw new Error(`the parent is not asked, or not told: ${JSON.stringify(signing)}`);
  };
  const followed = async (): Promise<void> => {
    await follow();
    await until('secure');
  };
  const gone = async (): Promise<void> => {
    parent.ds = [];
    await until('none');
  };
  /** What happens before each command of the page, in its order. */
  const happens: readonly [string, () => Promise<unknown>][] = [
    // Of the page's hours and days the test makes seconds: the TTL of the keys is one of them.
    ['dnssec sign example.com', async () => {}],
    ['dnssec status example.com', asked],
    ['dnssec status example.com', followed],
    ['dnssec roll example.com', async () => {}],
    ['dnssec status example.com', asked],
    ['dnssec status example.com', followed],
    ['dnssec export example.com -o keys', async () => {}],
    ['dnssec unsign example.com', async () => {}],
    ['dnssec status example.com', gone],
    ['dnssec import example.com keys/Kexample.com.+013+12345.private', async () => {}],
  ];
  const markdown = readFileSync(PAGE, 'utf8');
  const commands = [...markdown.matchAll(BLOCK)].flatMap(([, block = '']) => [...block.matchAll(COMMAND)]);
  t.same(
    commands.map(([, words]) => words),
    happens.map(([words]) => words),
    'the page has these commands, in this order',
  );
  const keyFile = (): string => readdirSync('keys').find((file) => file.endsWith('.private')) ?? '';
  const outputs: string[] = [];
  for (const [at, [, words = '', expected = '']] of commands.entries()) {
    await happens[at]?.[1]();
    const given = words.split(' ').map((word) => (word.startsWith('keys/K') ? `keys/${keyFile()}` : word));
    const extra = words.startsWith('dnssec sign') ? ['--key-ttl', '1'] : [];
    const { stdout, stderr } = await typed([...given, ...extra]);
    const output = (stdout + stderr)
      .replaceAll(parent.address, 'a.parent.example')
      .replaceAll(parent.address.replace('127.0.0.1', 'notifier.test'), 'notify.parent.example:53');
    outputs.push(output);
    if (process.env.UPDATE_DOCS === undefined) t.equal(steady(output), steady(expected), words);
    t.notMatch(output, /a fault of teal itself/, words);
  }
  t.ok(parent.heard.length >= 3, 'and the parent was told of each CDS');
  if (process.env.UPDATE_DOCS === undefined) return;
  const updated = markdown.replaceAll(BLOCK, (block) =>
    block.replaceAll(COMMAND, (_, words) => `$ teal ${words}\n${(outputs.shift() ?? '').trimEnd()}\n`),
  );
  writeFileSync(PAGE, updated);
});
