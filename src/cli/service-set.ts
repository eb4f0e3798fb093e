/** `teal service set`: what a service is besides its weights, changed; what no flag names stays as it is. */
import type { Command } from 'commander';
import type { Service } from '../contract/types.ts';
import { path } from './api.ts';
import { ServiceArgument } from './arguments.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { serviceLines } from './format/service.ts';
import { printable, warningLines } from './format/text.ts';
import { readYaml } from './input-file.ts';
import { collect, type Labels, labelFlag, wholeNumber } from './option-values.ts';
import { describeWrite, openSession, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface SetOptions extends SessionOptions {
  readonly ttl?: number;
  /** false: `--no-release-ttl`; so are the others. */
  readonly releaseTtl?: number | false;
  readonly pick?: string;
  readonly pin?: readonly string[] | false;
  readonly previewNames?: string;
  readonly approval?: string;
  readonly targets?: readonly string[];
  readonly health?: string | false;
  readonly labels: boolean;
  readonly label?: Labels;
}

export function addServiceSet(group: Command, shell: Shell): void {
  const command = group
    .command('set')
    .addArgument(new ServiceArgument('<name>'))
    .description('Change a service; what no flag names stays as it is. Weights are shifted: `teal shift`.')
    .option('--ttl <seconds>', 'TTL of its answers', wholeNumber)
    .option('--release-ttl <seconds>', 'releases lower a higher TTL to this while they go on', wholeNumber)
    .option('--no-release-ttl', 'releases leave the TTL as it is')
    .option('--pick <how>', 'random, or sticky to keep each client network on its pool')
    .option('--pin <network=pool>', 'a network that always gets this pool; repeat it, these are all then', collect)
    .option('--no-pin', 'no network is pinned any more')
    .option('--preview-names <on|off>', 'whether green.NAME answers from the pool green')
    .option('--approval <required|none>', 'whether its shifts and releases wait for the approval of somebody else')
    .option('--targets <pool=target,...>', 'all addresses of a pool, or its one host name; repeat it', collect)
    .option(
      '--health <file>',
      'health checks as YAML or JSON: http or tcp, intervalSeconds, timeoutSeconds, rise, fall',
    )
    .option('--no-health', 'targets are not checked any more')
    .option(...labelFlag)
    .option('--no-labels', 'take the labels away that it has')
    .action((name: string, options: SetOptions) => setService(name, options, shell));
  describeWrite(
    command,
    `
    teal service set app.example.com --pick sticky --pin 198.51.100.0/24=green
    teal service set app.example.com --ttl 60 --release-ttl 5 --targets green=192.0.2.20,192.0.2.21
    teal service set app.example.com --health health.yaml
    teal service set app.example.com --approval required
    `,
  );
}

async function setService(name: string, options: SetOptions, shell: Shell): Promise<void> {
  const said = await saidBy(options, shell);
  const targets = Object.fromEntries((options.targets ?? []).map(parseTargets));
  const isSaid =
    [said, targets, options.label ?? {}].some((each) => Object.keys(each).length > 0) ||
    [options.releaseTtl, options.health, options.labels].includes(false);
  if (!isSaid) throw new Failure(EXIT.USAGE, 'expected what to change, such as --ttl 60 or --pick sticky');
  const session = await openSession(shell, options);
  const before = await session.api.get<Service>(path`/v1/services/${name}`);
  const unknown = Object.keys(targets).find((pool) => !(pool in before.pools));
  if (unknown !== undefined) {
    const pools = Object.keys(before.pools).join(', ');
    throw new Failure(
      EXIT.USAGE,
      `--targets: ${name} has no pool ${unknown}; it has ${pools}, and \`teal apply\` makes others`,
    );
  }
  const body = { ...bodyOf(before, options), ...said, ...poolsOf(before, targets) };
  const ground = {
    what: `the service ${name}`,
    revision: before.revision,
    advice: 'look at it, `teal service show`, and say it again',
  };
  const after = await session.api.put<Service>(path`/v1/services/${name}`, { body, ground });
  session.show(after, () => [
    ...serviceLines(after, session.style),
    ...warningLines(after),
    after.revision === before.revision ? 'It is so already.' : `In force as revision ${after.revision}.`,
  ]);
}

/** What stays; weights are left out, so that no canary is taken back. */
function bodyOf({ ttlSeconds, pick, salt, pins, previewNames, ...service }: Service, options: SetOptions): object {
  const labels = { ...(options.labels && service.labels), ...options.label };
  return {
    ttlSeconds,
    pick,
    salt,
    pins,
    previewNames,
    labels,
    ...(service.release !== undefined && options.releaseTtl !== false && { release: service.release }),
    ...(service.health !== undefined && options.health !== false && { health: service.health }),
  };
}

async function saidBy(options: SetOptions, shell: Shell): Promise<object> {
  const { ttl, releaseTtl, pick, pin, previewNames, approval, health } = options;
  return {
    ...(ttl !== undefined && { ttlSeconds: ttl }),
    ...(typeof releaseTtl === 'number' && { release: { ttlSeconds: releaseTtl } }),
    ...(pick !== undefined && { pick }),
    ...(pin !== undefined && { pins: pin === false ? [] : pin.map(parsePin) }),
    ...(previewNames !== undefined && { previewNames: isOn(previewNames) }),
    ...(approval !== undefined && { approval: isRequired(approval) }),
    ...(typeof health === 'string' && { health: await readYaml(health, CHECKS, shell) }),
  };
}

const CHECKS = ['http', 'tcp', 'intervalSeconds', 'timeoutSeconds', 'rise', 'fall'];

function poolsOf({ pools }: Service, said: Readonly<Record<string, readonly string[]>>): object {
  const written = Object.entries(pools).map(([pool, { targets, labels }]) => [
    pool,
    { targets: said[pool] ?? targets, ...(labels && { labels }) },
  ]);
  return { pools: Object.fromEntries(written) };
}

function parsePin(text: string): { network: string; pool: string } {
  const [network, pool] = splitAtEquals(text, '--pin: expected a network and its pool, such as 198.51.100.0/24=green');
  return { network, pool };
}

function parseTargets(text: string): [pool: string, targets: readonly string[]] {
  const [pool, targets] = splitAtEquals(
    text,
    '--targets: expected a pool and its targets, such as blue=192.0.2.10,192.0.2.11',
  );
  return [pool, targets.split(',').map((target) => target.trim())];
}

function splitAtEquals(text: string, expected: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  throw new Failure(EXIT.USAGE, `${expected}, found ${JSON.stringify(printable(text))}`);
}

function isOn(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new Failure(EXIT.USAGE, `--preview-names: expected on or off, found ${JSON.stringify(text)}`);
}

function isRequired(text: string): 'required' | 'none' {
  if (text === 'required' || text === 'none') return text;
  throw new Failure(EXIT.USAGE, `--approval: expected required or none, found ${JSON.stringify(printable(text))}`);
}
