/** `teal apply`: zones, records, services, tokens, webhooks and freezes as files declare them, after a look at what that changes. */
import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { unreadable } from '../bounded-file.ts';
import type { ApplyPlan } from '../contract/types.ts';
import { FILE_TIME_LIMIT_MS } from './api.ts';
import { carryOut, isWanted, makesSecret } from './apply/carry-out.ts';
import { differencesOf, planLines, summary } from './apply/difference.ts';
import { type Declaration, readDeclaration } from './apply/files.ts';
import { confirm } from './confirm.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { type Labels, labelValue } from './option-values.ts';
import { describeWrite, openSession, type Session, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface Options extends SessionOptions {
  readonly file: readonly string[];
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly check?: boolean;
  readonly weights?: boolean;
  readonly prune?: boolean;
  readonly label?: Labels;
  readonly secretsDir?: string;
}

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('apply')
    .helpGroup('Zones and services:')
    .summary('make all as files declare it')
    .description(
      'Make zones, records, services, tokens, webhooks and freezes to be as files declare them, after showing the difference. ' +
        'What they do not name is not touched. Pools that are there keep their weights, so that no file takes back a release or a canary.',
    )
    .requiredOption('-f, --file <file...>', 'YAML or JSON, of several documents if need be (`-`: standard input)')
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show the difference; what would be refused is')
    .option('--check', 'only show the difference, with the exit code 1 where there is one')
    .option('--weights', 'set the weights that are declared, of pools that are there too')
    .option('--prune', 'take away what bears the labels and is in none of the files')
    .option('--label <key=value>', 'for --prune: a label that it must bear; repeat it for all that it must', labelValue)
    .option('--secrets-dir <folder>', 'write secrets that are made to new files in it that only you can read')
    .action((options: Options) => apply(options, shell));
  describeWrite(
    command,
    `
    teal apply -f services.yaml --dry-run
    teal apply -f dns/*.yaml --yes
    teal apply -f dns/*.yaml --prune --label managed-by=apply

    # services.yaml; weights count for pools that are new
    services:
      app.example.com:
        ttlSeconds: 5
        pools:
          blue: { targets: [192.0.2.10], weight: 1 }
          green: { targets: [192.0.2.20], weight: 0 }
    `,
  );
}

async function apply(options: Options, shell: Shell): Promise<void> {
  checkOptions(options);
  const declaration = await readDeclaration(options.file, shell);
  if (declaration.isEmpty) {
    const but = options.prune ? '; with --prune all that bears the label would go' : '';
    throw new Failure(EXIT.REFUSED, `${options.file.join(', ')}: expected something declared, found nothing${but}`);
  }
  const session = await openSession(shell, options);
  const plan = await planOf(session, declaration, options);
  const found = plan.steps.flatMap(differencesOf);
  const isSame = !plan.steps.some(isWanted);
  if (!session.json) session.lines([...planLines(found, session.style), summary(found)]);
  const secretFile = secretFiles(plan, declaration, options.secretsDir);
  const isDone = options.dryRun || options.check || isSame;
  if (!isDone && !options.yes)
    await confirm(session, 'Apply?', 'apply, or --dry-run to only look', 'nothing was applied');
  const planAgain = () => planOf(session, declaration, options);
  const how = { declaration, planAgain, weights: options.weights === true, secretFile };
  const applied = isDone ? [] : await carryOut(session, plan, how);
  if (session.json) session.show({ differences: found, applied }, () => []);
  if (options.check && !isSame) throw new Failure(EXIT.NEGATIVE, 'it is not all as declared');
}

function checkOptions({ prune, label }: Options): void {
  if (prune && label === undefined) {
    throw new Failure(
      EXIT.USAGE,
      '--prune needs --label, such as --label managed-by=apply: what has none is never taken',
    );
  }
  if (label !== undefined && !prune) {
    const why = 'labels of what is declared stand in the file, such as labels: {managed-by: apply}';
    throw new Failure(EXIT.USAGE, `--label says what --prune takes, and there is no --prune: ${why}`);
  }
}

/** The server works it out: it knows what means the same, and refuses what it would refuse. */
async function planOf({ api }: Session, declaration: Declaration, options: Options): Promise<ApplyPlan> {
  const body = {
    ...declaration.bodies,
    dryRun: true,
    ...(options.weights && { weights: 'declared' }),
    ...(options.prune && { prune: { labels: options.label } }),
  };
  try {
    return await api.post<ApplyPlan>('/v1/apply', body, { limitMs: FILE_TIME_LIMIT_MS });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { pointer } = (error.problem ?? {}) as { pointer?: string };
    const place = pointer === undefined ? undefined : declaration.placeOf(pointer);
    if (place === undefined) throw error;
    throw new Failure(error.exitCode, `${place}: ${error.message}`, {
      problem: { ...error.json, place },
      lines: error.lines,
    });
  }
}

/** Files for the secrets that will be made, none of which is there yet: asked before anything is done. Throws Failure. */
function secretFiles(plan: ApplyPlan, declaration: Declaration, folder: string | undefined) {
  const fileOf = (kind: 'token' | 'webhook', name: string): string | undefined =>
    folder === undefined ? undefined : join(folder, `${kind}-${name}`);
  if (folder === undefined) return fileOf;
  if (!isThere(folder, (state) => state.isDirectory())) {
    throw new Failure(EXIT.CANNOT_WRITE, `--secrets-dir: ${folder} is no folder that is there; make it first`);
  }
  for (const { token, webhook } of plan.steps) {
    const isToken = token?.action === 'make';
    const body = (declaration.bodies.webhooks[webhook?.key ?? ''] ?? {}) as { secret?: unknown };
    const isWebhook = webhook?.action === 'make' && makesSecret(webhook.before, body);
    const file = isToken ? fileOf('token', token.name) : isWebhook ? fileOf('webhook', webhook.name) : undefined;
    if (file === undefined || !isThere(file)) continue;
    throw new Failure(EXIT.CANNOT_WRITE, `${file}: it is there already; nothing was applied`);
  }
  return fileOf;
}

/** Throws Failure where nobody can tell. */
function isThere(path: string, is: (state: Stats) => boolean = () => true): boolean {
  try {
    const state = lstatSync(path, { throwIfNoEntry: false });
    return state !== undefined && is(state);
  } catch (error) {
    throw new Failure(EXIT.CANNOT_WRITE, `--secrets-dir: ${path} ${unreadable(error)}`);
  }
}
