/**
 * docs/fleet.md: every `teal fleet` in it is typed on the node that its prompt names, in a real fleet to which happens what
 * the page tells, and prints what the page shows, but for the numbers of bytes and which member of etcd leads.
 * After a change of what is printed: `UPDATE_DOCS=1 npx tap --exclude= test/interop/fleet-commands.test.ts`, and a look at the difference.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import t from 'tap';
import { type } from '../cli/typed.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { comesTo } from '../fixtures/soon.ts';
import { startEtcd } from './etcd.ts';
import { until } from './fleet.ts';
import { nodeEnv } from './fleet-typed.ts';

const PAGE = resolve('docs/fleet.md');
const WEIGHTS = '/v1/services/app.example.test/weights';
const BLOCK = /^```console\n(.*?)^```$/gms;
const COMMAND = /^(ns\d)\$ (teal .*)\n((?:(?!ns\d\$ ).*\n)*)/gm;

/** What differs from run to run, made the same. */
function steady(text: string): string {
  return (
    text
      .replace(/[\d,]+ bytes/g, 'N bytes')
      .replace(/(etcd \d\S*) +leader/g, '$1')
      .replace(/etcd \d\S*/g, 'etcd VERSION')
      .replace(/before-\S+/g, 'before-TIME')
      // A node tells now and then, and may have told already.
      .replace(/ +told its counts \d+ s ago/g, '')
      // Which of them says what of a quorum that is lost is chance.
      .replace(/(unreachable) .*/g, '$1')
      .replace(/All drains wait[\s\S]*?teal fleet remove ns3/g, (told) => told.replace(/\s+/g, ' '))
      .replace(/(no sign of life|drains wait) for (\d+[smh] ?)+/g, '$1 for TIME')
      .replace(/ +/g, ' ')
      .replace(/ +$/gm, '')
  );
}

t.test('docs/fleet.md', async (t) => {
  const etcd = await startEtcd(3);
  t.teardown(() => etcd.stop());
  await etcd.ready();
  const root = temporaryFolder(t);
  const running = new Map<string, TealProcess>();
  t.teardown(() => Promise.all([...running.values()].map((teal) => teal.end('SIGKILL'))));
  const envOf = (name: string) => nodeEnv(etcd, name);
  const dataOf = (name: string): string => `${root}/${name}`;
  const start = async (name: string, env: Record<string, string> = envOf(name)): Promise<void> => {
    mkdirSync(dataOf(name), { recursive: true });
    running.set(name, await startTeal(dataOf(name), { env }));
  };
  const node = (name: string): TealProcess => running.get(name) as TealProcess;
  const end = async (name: string, signal: NodeJS.Signals): Promise<void> => {
    await node(name).end(signal);
    running.delete(name);
  };
  const ready = (name: string, standing: string, isCurrent = true): Promise<void> =>
    until(`${name} is ${standing}`, async () => {
      const { body } = await node(name).call('GET', '/readyz');
      return (body.fleet.standing === standing && body.fleet.current === isCurrent) || JSON.stringify(body);
    });
  const shift = async (green: number): Promise<void> => {
    const reply = await node('ns1').call('PUT', WEIGHTS, { blue: 100 - green, green });
    t.equal(reply.status, 200, JSON.stringify(reply.body));
  };

  /** What happens before each command of the page, in its order. */
  const happens: readonly [string, () => Promise<void>][] = [
    ['ns1$ teal fleet status', () => start('ns1')],
    ['ns1$ teal fleet init', async () => {}],
    [
      'ns3$ teal fleet join',
      async () => {
        await ready('ns1', 'live');
        await start('ns2');
        await ready('ns2', 'live');
        // It was a server of its own before.
        const { TEAL_ADMIN_TOKEN } = envOf('ns3');
        await start('ns3', { TEAL_ADMIN_TOKEN });
        await end('ns3', 'SIGTERM');
      },
    ],
    ['ns3$ teal fleet join --force', async () => {}],
    [
      'ns2$ teal fleet status',
      async () => {
        await start('ns3');
        await ready('ns3', 'live');
        await until('one leads', async () => {
          const { body } = await node('ns1').call('GET', '/v1/fleet');
          return body.nodes.length === 3 && body.nodes.some(({ leads }: { leads: boolean }) => leads);
        });
      },
    ],
    [
      'ns2$ teal fleet status',
      async () => {
        await end('ns3', 'SIGKILL');
        await shift(30);
        await until('ns3 gives no sign of life', async () => {
          const { body } = await node('ns2').call('GET', '/v1/fleet');
          const found = body.nodes.find((each: { node: string }) => each.node === 'ns3');
          return (!found.present && found.late && found.state === 'out') || JSON.stringify(found);
        });
      },
    ],
    [
      'ns1$ teal fleet status',
      async () => {
        await etcd.kill(1);
        await etcd.kill(2);
        await until('ns1 is stale', async () => {
          const { body } = await node('ns1').call('GET', '/readyz');
          return !body.fleet.current;
        });
      },
    ],
    [
      'ns1$ teal fleet remove ns2',
      async () => {
        etcd.start(1);
        etcd.start(2);
        await etcd.ready();
        await ready('ns1', 'live');
        await ready('ns2', 'live');
      },
    ],
    ['ns1$ teal fleet remove ns3', async () => {}],
    ['ns2$ teal fleet leave --yes', async () => {}],
    ['ns2$ teal fleet status', async () => {}],
  ];

  const markdown = readFileSync(PAGE, 'utf8');
  const blocks = [...markdown.matchAll(BLOCK)].map(([, text = '']) => text);
  const commands = blocks.flatMap((block) => [...block.matchAll(COMMAND)].map(([, who, what]) => `${who}$ ${what}`));
  t.same(
    commands,
    happens.map(([command]) => command),
    'the page types what is typed here',
  );
  const shown = (text: string, name: string): string =>
    etcd.endpoints
      .reduce((told, endpoint, n) => told.replaceAll(endpoint.slice('http://'.length), `10.0.0.${n + 1}:2379`), text)
      .replaceAll(dataOf(name), '/var/lib/teal');
  let at = 0;
  const typedBlocks: string[] = [];
  for (const block of blocks) {
    let told = '';
    for (const [, name = '', command = '', expected = ''] of block.matchAll(COMMAND)) {
      await happens[at++]?.[1]();
      const env = { ...envOf(name), TEAL_DATA_DIR: dataOf(name), TEAL_ADMIN_URL: running.get(name)?.admin ?? '' };
      const typed = async (): Promise<string> => {
        const { stdout, stderr } = await type(command.split(' ').slice(1), {
          env: { ...env, TEAL_TOKEN: env.TEAL_ADMIN_TOKEN },
        });
        return shown(stdout + stderr, name);
      };
      // What only shows how it stands is typed again: a node that stood still for a moment is shown as one that does.
      const isAsShown = (text: string): boolean => steady(text) === steady(expected);
      const isWritten = process.env.UPDATE_DOCS !== undefined;
      const output = command.endsWith('status') && !isWritten ? await comesTo(typed, isAsShown) : await typed();
      told += `${name}$ ${command}\n${output}`;
      if (!isWritten) t.equal(steady(output), steady(expected), command);
      t.notMatch(output, /a fault of teal itself/, command);
    }
    typedBlocks.push(told);
  }
  if (process.env.UPDATE_DOCS !== undefined) {
    const updated = markdown.replace(BLOCK, () => `\`\`\`console\n${typedBlocks.shift()}\`\`\``);
    writeFileSync(PAGE, updated);
  }

  // Both go on with all that they have; the fleet of one takes changes at once.
  await shift(40);
  for (const [name, green] of [
    ['ns1', 40],
    ['ns2', 30],
  ] as const) {
    const { body } = await node(name).call('GET', WEIGHTS);
    t.equal(body.weights.green, green, name);
  }
});
