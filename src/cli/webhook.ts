/** `teal webhook`: who else is told of releases and changes, and what could not be delivered. */
import type { Command } from 'commander';
import { LINES_MAX_BYTES, readBounded, unreadable } from '../bounded-file.ts';
import type { Delivery, Webhook, WebhookTest } from '../contract/types.ts';
import { path } from './api.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { columns, instant, printable } from './format/text.ts';
import { telling } from './input-file.ts';
import { collect } from './option-values.ts';
import { keepSecret } from './secret-file.ts';
import { describeRemote, describeWrite, openSession, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface AddOptions extends SessionOptions {
  readonly kind?: string;
  readonly template?: string;
  readonly trigger: readonly string[];
  readonly service?: readonly string[];
  readonly secretFile?: string;
  readonly output?: string;
}

export function add(program: Command, shell: Shell): void {
  const group = program
    .command('webhook')
    .helpGroup('The server:')
    .summary('tell others of releases: add, list, rm, test, deliveries, redeliver')
    .description(
      'Webhooks: programs and people that are told of releases: signed requests, Slack, Teams, PagerDuty, e-mail.',
    );
  const make = group
    .command('add <name> <url>')
    .description('Make a webhook. Unless a secret is given, one is made, and shown this once.')
    .requiredOption('-t, --trigger <trigger>', 'what it is told of, such as on-release-completed; repeat it', collect)
    .option('--kind <kind>', 'plain, slack, teams, pagerduty or email; plain if left out')
    .option('--template <file>', 'of a plain one: file with the text or JSON that is sent, with {title} and the like')
    .option('--service <pattern>', 'only what is about services whose name fits; repeat it', collect)
    .option('--secret-file <file>', 'file with the secret, `whsec_` and base64; of PagerDuty its integration key')
    .option('-o, --output <file>', 'write the secret that is made to a new file that only you can read')
    .action((name: string, url: string, options: AddOptions) => addWebhook(name, url, options, shell));
  describeWrite(
    make,
    `
    teal webhook add chat https://chat.example.com/hook -t on-release-completed -t on-release-aborted
    teal webhook add oncall https://events.pagerduty.com/v2/enqueue --kind pagerduty --secret-file pd.key -t on-release-aborted
    teal webhook add team mailto:dns@example.com --kind email -t on-release-completed
    teal webhook add audit https://audit.example.com/dns -t on-revision -o audit.secret
    `,
  );
  const list = group
    .command('list')
    .description('List webhooks, without their secrets.')
    .action(async (options: SessionOptions) => {
      const session = await openSession(shell, options);
      const webhooks = await Array.fromAsync(session.api.all<Webhook>('/v1/webhooks'));
      session.show({ items: webhooks }, () => webhookLines(webhooks));
    });
  describeRemote(list, 'teal webhook list');
  const remove = group
    .command('rm <name>')
    .description('Delete a webhook, and what waits for it.')
    .action(async (name: string, options: SessionOptions) => {
      const session = await openSession(shell, options);
      await session.api.delete(path`/v1/webhooks/${name}`);
      session.show({ name, deleted: true }, () => [`${name} is deleted.`]);
    });
  describeWrite(remove, 'teal webhook rm chat');
  const test = group
    .command('test <name>')
    .description('Send a message that tells of nothing, to see whether it arrives.')
    .action(async (name: string, options: SessionOptions) => {
      const session = await openSession(shell, options);
      const outcome = await session.api.post<WebhookTest>(path`/v1/webhooks/${name}/test`, {});
      session.show(outcome, () => [
        outcome.delivered ? `${name} took it.` : `${name} did not take it: ${printable(outcome.error ?? '')}`,
      ]);
      if (!outcome.delivered) throw new Failure(EXIT.TRY_LATER, `the test of ${name} was not delivered`);
    });
  describeWrite(test, 'teal webhook test oncall');
  addDeliveries(group, shell);
}

function addDeliveries(group: Command, shell: Shell): void {
  const list = group
    .command('deliveries <name>')
    .description('List what waits for a webhook, and what could not be delivered.')
    .action(async (name: string, options: SessionOptions) => {
      const session = await openSession(shell, options);
      const deliveries = await Array.fromAsync(session.api.all<Delivery>(path`/v1/webhooks/${name}/deliveries`));
      session.show({ items: deliveries }, () => deliveryLines(deliveries));
    });
  describeRemote(list, 'teal webhook deliveries chat');
  const again = group
    .command('redeliver <name> <id>')
    .description('Send a delivery again, now.')
    .action(async (name: string, id: string, options: SessionOptions) => {
      const session = await openSession(shell, options);
      const to = `${path`/v1/webhooks/${name}/deliveries/${id}`}/redeliver`;
      const delivery = await session.api.post<Delivery>(to, {});
      session.show(delivery, () => [`${id} is on its way.`]);
    });
  describeWrite(again, 'teal webhook redeliver chat 17.1');
}

async function addWebhook(name: string, url: string, options: AddOptions, shell: Shell): Promise<void> {
  const { trigger: triggers, service: services, secretFile, output, kind, template } = options;
  if (secretFile !== undefined && output !== undefined) {
    throw new Failure(
      EXIT.USAGE,
      'expected either --secret-file, for a secret that is there, or --output, for one that is made',
    );
  }
  const secret = secretFile === undefined ? undefined : readText('--secret-file', secretFile, shell).trim();
  const text = template === undefined ? undefined : readText('--template', template, shell);
  const session = await openSession(shell, options);
  const body = {
    url,
    triggers,
    ...(kind !== undefined && { kind }),
    ...(text !== undefined && { template: text }),
    ...(services && { services }),
    ...(secret !== undefined && { secret }),
  };
  const ground = { what: `the webhook ${name}`, revision: undefined, advice: '`teal webhook list` shows the webhooks' };
  const make = (): Promise<Webhook> => session.api.put<Webhook>(path`/v1/webhooks/${name}`, { body, ground });
  if (output !== undefined) {
    const shown = await keepSecret(output, make);
    session.show({ ...shown, output }, () => [`Webhook ${name}. Its secret is in ${output}.`]);
    return;
  }
  const made = await make();
  const shown = typeof made.secret !== 'string' ? [] : ['Its secret is shown this once:', '', `  ${made.secret}`];
  session.show(made, () => [`Webhook ${name}, told of ${triggers.join(', ')}.`, ...shown]);
}

function readText(option: string, file: string, shell: Shell): string {
  try {
    return readBounded(file, LINES_MAX_BYTES, telling(file, shell)).toString('utf8');
  } catch (error) {
    throw new Failure(EXIT.NO_INPUT, `${option}: ${file} ${unreadable(error)}`);
  }
}

export function webhookLines(webhooks: readonly Webhook[]): string[] {
  if (webhooks.length === 0) return ['There is no webhook yet: `teal webhook add --help` says how to make one.'];
  const rows = webhooks.map(({ name, kind = 'plain', url, triggers, services = [] }) => [
    name,
    kind,
    printable(url),
    triggers.join(' '),
    services.join(' ') || 'everything',
  ]);
  return columns([['WEBHOOK', 'KIND', 'URL', 'TRIGGERS', 'FOR'], ...rows]);
}

export function deliveryLines(deliveries: readonly Delivery[]): string[] {
  if (deliveries.length === 0) return ['Nothing waits, and nothing failed.'];
  const rows = deliveries.map(({ id, trigger, state, attempts, nextAttemptAt, lastError }) => [
    id,
    trigger,
    state,
    String(attempts),
    nextAttemptAt === null ? 'never' : instant(nextAttemptAt),
    printable(lastError ?? ''),
  ]);
  return columns([['ID', 'TRIGGER', 'STATE', 'TRIES', 'NEXT', 'LAST ERROR'], ...rows], [3]);
}
