/** `teal token`: tokens of the admin API, made, listed, revoked. */
import type { Command } from 'commander';
import type { NewToken, Token } from '../contract/types.ts';
import { path } from './api.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { type FilterOptions, filtered, withFilters } from './filters.ts';
import { columns, instant, printable } from './format/text.ts';
import { collect, durationValue } from './option-values.ts';
import { keepSecret } from './secret-file.ts';
import { describeRemote, describeWrite, openSession, type Session, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface CreateOptions extends SessionOptions {
  readonly scope: string;
  readonly service?: readonly string[];
  readonly zone?: readonly string[];
  readonly name?: readonly string[];
  readonly type?: readonly string[];
  readonly network?: readonly string[];
  readonly owner?: string;
  readonly expires?: number;
  readonly output?: string;
}

export function add(program: Command, shell: Shell): void {
  const group = program
    .command('token')
    .helpGroup('The server:')
    .summary('tokens of the admin API: create, list, show, revoke')
    .description('Tokens of the admin API.');
  const create = group
    .command('create <name>')
    .description('Make a token; its secret is shown this once. History names the token that made a change.')
    .requiredOption('--scope <scope>', 'read, shift, release, admin, or records')
    .option('--service <pattern>', 'only services whose name fits, such as *.example.com; repeat it', collect)
    .option('--zone <pattern>', 'only zones whose name fits; repeat it', collect)
    .option(
      '--name <pattern>',
      'of the scope records: only owner names that fit, such as _acme-challenge.*; repeat it',
      collect,
    )
    .option('--type <type>', 'of the scope records: only this record type; repeat it', collect)
    .option('--network <network>', 'good only from addresses in it, such as 192.0.2.0/24; repeat it', collect)
    .option('--owner <person>', 'whose it is, such as ann@example.com: approvals count all of one owner as one person')
    .option('--expires <duration>', 'how long it is good for, such as 90d', durationValue)
    .option('-o, --output <file>', 'write the secret to a new file that only you can read, instead of showing it')
    .action((name: string, options: CreateOptions) => createToken(name, options, shell));
  describeWrite(
    create,
    `
    teal token create ci --scope release --service '*.example.com' --expires 90d
    teal token create grafana --scope read -o grafana.token
    teal token create ann-laptop --scope release --owner ann@example.com
    teal token create certbot --scope records --zone example.com --name '_acme-challenge.*' --type TXT
    `,
  );
  const list = withFilters(group.command('list'), ['q', 'state', 'scope'])
    .description('List tokens, without their secrets.')
    .action(async (options: SessionOptions & FilterOptions) => {
      const session = await openSession(shell, options);
      const tokens = await Array.fromAsync(session.api.all<Token>(filtered('/v1/tokens', options)));
      session.show({ items: tokens }, () => (tokens.length === 0 ? ['There is no such token.'] : tokenLines(tokens)));
    });
  describeRemote(list, 'teal token list\nteal token list --state expired');
  const show = group
    .command('show <name>')
    .description('Show one token, without its secret.')
    .action(async (name: string, options: SessionOptions) => {
      const session = await openSession(shell, options);
      const token = await session.api.get<Token>(path`/v1/tokens/${name}`);
      session.show(token, () => tokenLines([token]));
    });
  describeRemote(show, 'teal token show ci');
  const revoke = group
    .command('revoke <name>')
    .description('Revoke a token; it is refused from then on.')
    .action(async (name: string, options: SessionOptions) => {
      const session = await openSession(shell, options);
      await session.api.delete(path`/v1/tokens/${name}`);
      session.show({ name, revoked: true }, () => [`${name} is revoked.`]);
    });
  describeWrite(revoke, 'teal token revoke ci');
}

async function createToken(name: string, options: CreateOptions, shell: Shell): Promise<void> {
  const session = await openSession(shell, options);
  const {
    scope,
    service: services,
    zone: zones,
    name: names,
    type: types,
    network: networks,
    owner,
    expires,
    output,
  } = options;
  const body = {
    name,
    scope,
    ...(services && { services }),
    ...(zones && { zones }),
    ...(names && { names }),
    ...(types && { types }),
    ...(networks && { networks }),
    ...(owner !== undefined && { owner }),
    ...(expires !== undefined && { expiresAt: new Date(Date.now() + expires * 1000).toISOString() }),
  };
  if (output !== undefined) {
    const shown = await keepSecret(output, () => make(session, body));
    session.show({ ...shown, output }, () => [`Token ${name}, scope ${scope}. Its secret is in ${output}.`]);
    return;
  }
  const token = await make(session, body);
  session.show(token, () => [`Token ${name}, scope ${scope}. Its secret is shown this once:`, '', `  ${token.secret}`]);
}

async function make({ api }: Session, body: { readonly name: string }): Promise<NewToken> {
  const token = await api.post<NewToken>('/v1/tokens', body);
  if (token.secret !== undefined) return token;
  // The reply was lost on its way and asked for again; the server keeps no secrets.
  const message = `${body.name} was made, but the reply with its secret was lost: revoke it, and make another`;
  throw new Failure(EXIT.TRY_LATER, message);
}

export function tokenLines(tokens: readonly Token[]): string[] {
  const rows = tokens.map((token) => [
    token.name,
    token.scope,
    reachInWords(token),
    token.createdAt === undefined ? '' : instant(token.createdAt),
    token.expiresAt == null ? 'never' : instant(token.expiresAt),
  ]);
  return columns([['TOKEN', 'SCOPE', 'FOR', 'MADE', 'EXPIRES'], ...rows]);
}

function reachInWords({ services = [], zones = [], names = [], types = [], networks = [], owner }: Token): string {
  const reach = [...services, ...zones, ...names, ...types].join(' ') || 'everything';
  const from = networks.length === 0 ? '' : ` from ${networks.join(' ')}`;
  return `${reach}${from}${owner === undefined ? '' : `, of ${printable(owner)}`}`;
}
