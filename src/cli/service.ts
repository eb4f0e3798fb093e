/** `teal service`: services, made, shown, listed, deleted. */
import type { Command } from 'commander';
import type { Service } from '../contract/types.ts';
import { path } from './api.ts';
import { ServiceArgument } from './arguments.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { type FilterOptions, filtered, isFiltered, withFilters } from './filters.ts';
import { split } from './format/pools.ts';
import { serviceLines } from './format/service.ts';
import type { Style } from './format/style.ts';
import { columns, printable, warningLines } from './format/text.ts';
import { readYaml } from './input-file.ts';
import { collect, type Labels, labelFlag, wholeNumber } from './option-values.ts';
import { addServiceSet } from './service-set.ts';
import { describeRemote, describeWrite, openSession, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface AddOptions extends SessionOptions {
  readonly pool?: readonly string[];
  readonly ttl?: number;
  readonly releaseTtl?: number;
  readonly pick?: string;
  readonly label?: Labels;
  readonly file?: string;
  readonly replace?: boolean;
}

export function add(program: Command, shell: Shell): void {
  const group = program
    .command('service')
    .helpGroup('Zones and services:')
    .summary('services: add, set, show, list, rm')
    .description('Services: names whose answer is chosen by weight.');
  const make = group
    .command('add <name>')
    .description(
      'Make a service in a zone. One that is there already is not touched: `teal service set` and `teal apply` change it.',
    )
    .option(
      '-p, --pool <pool=weight:target,...>',
      'a pool with its weight and addresses, or one host name; repeat it',
      collect,
    )
    .option('--ttl <seconds>', 'TTL of its answers (5)', wholeNumber)
    .option('--release-ttl <seconds>', 'releases lower a higher TTL to this while they go on', wholeNumber)
    .option('--pick <how>', 'random, or sticky to keep each client network on its pool')
    .option(...labelFlag)
    .option('-f, --file <file>', 'the body of the service as YAML or JSON, for all that has no flag')
    .option(
      '--replace',
      'take the place of the A, AAAA or CNAME records at the name, at one instant; what has no flag is as they have it',
    )
    .action((name: string, options: AddOptions) => addService(name, options, shell));
  describeWrite(
    make,
    `
    teal service add app.example.com --pool blue=100:192.0.2.10,192.0.2.11 --pool green=0:192.0.2.20
    teal service add www.example.com --pool blue=1:lb-blue.example.net --pool green=0:lb-green.example.net --ttl 10
    teal service add live.example.com --replace --pool blue=100:192.0.2.10 --pool green=0:192.0.2.20
    `,
  );
  addServiceSet(group, shell);
  const show = group
    .command('show')
    .addArgument(new ServiceArgument('<name>'))
    .description('Show a service: pools, weights, targets, TTL.')
    .option('-q, --quiet', 'only the names of its pools')
    .action(async (name: string, options: SessionOptions & { quiet?: boolean }) => {
      const session = await openSession(shell, options);
      const service = await session.api.get<Service>(path`/v1/services/${name}`);
      const pools = (): string[] => Object.keys(service.pools);
      session.show(service, options.quiet ? pools : () => serviceLines(service, session.style));
    });
  describeRemote(show, 'teal service show app.example.com');
  const list = withFilters(group.command('list'), ['q', 'zone', 'label'])
    .description('List services with their shares.')
    .option('-q, --quiet', 'only the names')
    .action(async (options: SessionOptions & FilterOptions & { quiet?: boolean }) => {
      const session = await openSession(shell, options);
      const services = await Array.fromAsync(session.api.all<Service>(filtered('/v1/services', options)));
      session.show({ items: services }, () => listLines(services, options, session.style));
    });
  describeRemote(
    list,
    `teal service list\nteal service list --zone example.com --label team=web\nteal service list --json | jq -r '.items[].name'`,
  );
  const remove = group
    .command('rm')
    .addArgument(new ServiceArgument('<name>'))
    .alias('delete')
    .description('Delete a service; its history stays.')
    .option('--leave <pool>', 'leave the targets of this pool as records, at the same instant')
    .action(async (name: string, options: SessionOptions & { leave?: string }) => {
      const session = await openSession(shell, options);
      const { leave } = options;
      const query = leave === undefined ? '' : `?leave=${encodeURIComponent(leave)}`;
      await session.api.delete(`${path`/v1/services/${name}`}${query}`);
      const left = leave === undefined ? '' : `; the targets of ${leave} stay as its records`;
      session.show({ name, deleted: true, ...(leave !== undefined && { left: leave }) }, () => [
        `${name} is deleted${left}.`,
      ]);
    });
  describeWrite(remove, 'teal service rm old.example.com\nteal service rm live.example.com --leave blue');
}

async function addService(name: string, options: AddOptions, shell: Shell): Promise<void> {
  const written = options.file === undefined ? bodyOf(options) : await readBody(options.file, shell);
  const body = options.replace ? { replace: true, ...written } : written;
  const session = await openSession(shell, options);
  const ground = { what: `the service ${name}`, revision: undefined, advice: '`teal apply` changes services' };
  const service = await session.api.put<Service>(path`/v1/services/${name}`, { body, ground });
  session.show(service, () => [
    ...serviceLines(service, session.style),
    ...(service.replaced ?? []).flatMap(({ type, rdata }) =>
      rdata.map((text) => `in place of ${type} ${printable(text)}`),
    ),
    ...warningLines(service),
  ]);
}

async function readBody(file: string, shell: Shell): Promise<Record<string, unknown>> {
  const known = [
    'ttlSeconds',
    'release',
    'pick',
    'salt',
    'pools',
    'pins',
    'health',
    'previewNames',
    'labels',
    'approval',
    'replace',
  ];
  return readYaml(file, known, shell);
}

function bodyOf({ pool, ttl, releaseTtl, pick, label, replace }: AddOptions): Record<string, unknown> {
  if (pool === undefined && !replace)
    throw new Failure(EXIT.USAGE, 'expected pools, such as --pool blue=100:192.0.2.10 --pool green=0:192.0.2.20');
  return {
    ...(ttl !== undefined && { ttlSeconds: ttl }),
    ...(releaseTtl !== undefined && { release: { ttlSeconds: releaseTtl } }),
    ...(pick !== undefined && { pick }),
    ...(label !== undefined && { labels: label }),
    ...(pool !== undefined && { pools: Object.fromEntries(pool.map(parsePool)) }),
  };
}

/** `blue=100:192.0.2.10,192.0.2.11`; an IPv6 address has colons too, so only the first one counts. */
export function parsePool(text: string): [string, { weight: number; targets: string[] }] {
  const match = /^([^=:]+)=(\d+):(.+)$/.exec(text);
  if (match === null) {
    throw new Failure(
      EXIT.USAGE,
      `expected a pool such as blue=100:192.0.2.10,192.0.2.11, found ${JSON.stringify(text)}`,
    );
  }
  const [, name, weight, targets] = match as unknown as [string, string, string, string];
  return [name, { weight: Number(weight), targets: targets.split(',').map((target) => target.trim()) }];
}

function listLines(
  services: readonly Service[],
  options: FilterOptions & { readonly quiet?: boolean },
  style: Style,
): string[] {
  if (options.quiet) return services.map(({ name }) => name);
  if (services.length === 0 && isFiltered(options)) return ['There is no such service.'];
  return serviceListLines(services, style);
}

export function serviceListLines(services: readonly Service[], style: Style): string[] {
  if (services.length === 0) return ['There is no service yet: `teal service add --help` says how to make one.'];
  const rows = services.map(({ name, ttlSeconds, shares }) => [name, `${ttlSeconds} s`, split(shares, style)]);
  return columns([['SERVICE', 'TTL', 'SHARES'], ...rows], [1]);
}
