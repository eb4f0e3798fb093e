/** `teal apply`: services as a file declares them, after a look at what that changes. */
import type { Command } from 'commander';
import type { Service } from '../contract/types.ts';
import { path } from './api.ts';
import { confirm } from './confirm.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import type { Style } from './format/style.ts';
import { plural, printable } from './format/text.ts';
import { isGroup, readYaml } from './input-file.ts';
import { type Change, type Compared, type DeclaredService, differences } from './service-difference.ts';
import { describeWrite, openSession, type Session, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

/** The most that the server compares at once (API contract). */
const COMPARED_AT_ONCE = 100;

interface Options extends SessionOptions {
  readonly file: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

interface Difference {
  readonly name: string;
  readonly action: 'make' | 'change' | 'none';
  readonly changes: readonly Change[];
  readonly declared: DeclaredService;
  /** The revision that it was compared with; a later one makes the server refuse. */
  readonly revision: number | undefined;
}

export function add(program: Command, shell: Shell): void {
  const command = program
    .command('apply')
    .helpGroup('Zones and services:')
    .summary('make services as a file declares them')
    .description(
      'Make and change services to be as a file declares them, after showing the difference. Weights are left alone ' +
        'unless the file names them, so that a canary is not undone; services that it does not name are not touched.',
    )
    .requiredOption('-f, --file <file>', 'YAML or JSON with `services:` as in the settings (`-`: standard input)')
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show the difference; what would be refused is')
    .action((options: Options) => apply(options, shell));
  describeWrite(
    command,
    `
    teal apply -f services.yaml --dry-run
    teal apply -f services.yaml --yes

  services.yaml:
    services:
      app.example.com:
        ttlSeconds: 5
        pools:
          blue: { targets: [192.0.2.10] }               # keeps the weight that is in force
          green: { targets: [192.0.2.20], weight: 0 }   # a new pool needs one
    `,
  );
}

async function apply(options: Options, shell: Shell): Promise<void> {
  const declared = await readDeclared(options.file, shell);
  const session = await openSession(shell, options);
  const found = await compareAll(session, declared);
  const wanted = found.filter(({ action }) => action !== 'none');
  if (!session.json) session.lines([...found.flatMap((one) => differenceLines(one, session.style)), summary(found)]);
  const isDone = options.dryRun || wanted.length === 0;
  if (!isDone && !options.yes) await confirm(session, 'Apply?', 'apply', 'nothing was applied');
  const applied = isDone ? [] : await putAll(session, wanted);
  if (session.json) session.show({ differences: found.map(({ declared: _, ...shown }) => shown), applied }, () => []);
}

async function readDeclared(file: string, shell: Shell): Promise<Record<string, DeclaredService>> {
  const { services } = await readYaml(file, ['services'], shell);
  if (isGroup(services) && Object.values(services).every(isGroup)) return services as Record<string, DeclaredService>;
  throw new Failure(
    EXIT.REFUSED,
    `${file}: expected services by name, such as services: {app.example.com: {pools: {…}}}`,
  );
}

/** The server compares them, in their order: it knows what means the same, and refuses what it would refuse. */
async function compareAll(
  { api }: Session,
  declared: Readonly<Record<string, DeclaredService>>,
): Promise<readonly Difference[]> {
  const entries = Object.entries(declared);
  const found: Difference[] = [];
  for (let start = 0; start < entries.length; start += COMPARED_AT_ONCE) {
    const part = entries.slice(start, start + COMPARED_AT_ONCE);
    const body = { services: Object.fromEntries(part), dryRun: true };
    const { services } = await api.post<{ services: readonly Compared[] }>('/v1/services', body);
    for (const [index, compared] of services.entries()) {
      const { name, action, before } = compared;
      const changes = action === 'none' ? [] : differences(compared);
      const declared = asShown(part[index]?.[1], compared.after);
      found.push({ name, action, changes, declared, revision: before?.revision });
    }
  }
  return found;
}

/** Where it takes the place of records: of those that were shown, and no others. */
function asShown(declared: DeclaredService, { replaced }: Service): DeclaredService {
  if (replaced === undefined) return declared;
  return { ...declared, replace: Object.fromEntries(replaced.map(({ type, revision }) => [type, revision])) };
}

/** One after the other: each is a revision of its own, and what was done before a refusal stays, and is said. */
async function putAll(session: Session, wanted: readonly Difference[]): Promise<{ name: string; revision: number }[]> {
  const applied: { name: string; revision: number }[] = [];
  for (const { name, declared, revision } of wanted) {
    // Only the change that was shown is made: the server refuses where somebody else was faster.
    const ground = { what: `the service ${name}`, revision, advice: 'apply again: it is compared anew' };
    try {
      const service = await session.api.put<Service>(path`/v1/services/${name}`, { body: declared, ground });
      applied.push({ name, revision: service.revision });
      if (!session.json) session.lines([`${name}: in force as revision ${service.revision}.`]);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const done = `${applied.length} of ${plural(wanted.length, 'service')} ${applied.length === 1 ? 'was' : 'were'} applied before`;
      throw new Failure(error.exitCode, `${name}: ${error.message}; ${done}`, {
        problem: { ...error.json, applied },
        lines: error.lines,
      });
    }
  }
  return applied;
}

export function differenceLines({ name, action, changes }: Difference, style: Style): string[] {
  if (action === 'none') return [`= ${name}`];
  const sign = action === 'make' ? style.colour('green', '+') : style.colour('yellow', '~');
  const shown = action === 'make' ? changes.filter(({ to }) => to !== undefined && !isEmpty(to)) : changes;
  if (changes.length === 0) return [`${sign} ${style.bold(name)}`, '    what is never shown'];
  return [
    `${sign} ${style.bold(name)}${action === 'make' ? ' (new)' : ''}`,
    ...shown.map(
      ({ what, from, to }) => `    ${what}: ${action === 'make' ? value(to) : `${value(from)} → ${value(to)}`}`,
    ),
  ];
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function value(of: unknown): string {
  if (of === undefined) return 'none';
  if (Array.isArray(of) && of.every((item) => typeof item === 'string')) return printable(of.join(' '));
  return printable(typeof of === 'string' ? of : JSON.stringify(of));
}

function summary(found: readonly Difference[]): string {
  const count = (wanted: Difference['action']): number => found.filter(({ action }) => action === wanted).length;
  return `${count('make')} to make, ${count('change')} to change, ${count('none')} as declared.`;
}
