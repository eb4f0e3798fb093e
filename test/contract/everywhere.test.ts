/**
 * Everything that the API can is in the console and on the command line, or it is said here why not: a route or a member
 * of a body that is new fails until somebody has decided that.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { type } from '../cli/typed.ts';
import { makeDirectory, startApi } from '../fixtures/api.ts';
import { readFiles } from '../fixtures/sources.ts';

/** Where a person does it: a file of the console, and a command; or, in brackets, why there is none. */
interface Place {
  readonly console: string;
  readonly cli: string;
}

const of = (console: string, cli: string): Place => ({ console, cli });
const PROGRAMS = '(for programs)';
const LISTED = '(each is in its list)';

const places: Readonly<Record<string, Place>> = {
  // Zones and records.
  listZones: of('pages/zones.tsx', 'zone list'),
  getZone: of('pages/zone.tsx', 'zone set'),
  putZone: of('parts/zone-settings.tsx', 'zone set'),
  deleteZone: of('parts/zone-settings.tsx', 'zone rm'),
  getZoneFile: of('pages/zone.tsx', 'zone export'),
  putZoneFile: of('pages/import.tsx', 'zone import'),
  listAnswers: of('pages/zone.tsx', 'record list'),
  listRRsets: of('(listAnswers has them, and more)', '(listAnswers has them, and more)'),
  getRRset: of('parts/record-form.tsx', '(record list has it)'),
  putRRset: of('parts/record-form.tsx', 'record set'),
  deleteRRset: of('pages/zone.tsx', 'record rm'),
  changeRecords: of('(one record set after the other; an import for many at once)', 'record add'),
  // Services and traffic.
  listServices: of('parts/zone-settings.tsx', 'service list'),
  getService: of('pages/service.tsx', 'service show'),
  putService: of('parts/service-form.tsx', 'service set'),
  deleteService: of('parts/service-delete.tsx', 'service rm'),
  compareServices: of('(the form shows what it changes)', 'apply'),
  proposeService: of('parts/service-form.tsx', 'adopt'),
  getOverview: of('pages/services.tsx', '(status, service list and release list say it)'),
  getWeights: of('(the service has them)', '(the service has them)'),
  putWeights: of('parts/shift-editor.tsx', 'shift'),
  shift: of('parts/bulk.tsx', 'shift'),
  rollBack: of('parts/rollback.tsx', 'rollback'),
  getServiceHealth: of('pages/service.tsx', 'health show'),
  forceHealth: of('parts/force-health.tsx', 'health force'),
  unforceHealth: of('parts/force-health.tsx', 'health clear'),
  getDrain: of('pages/service.tsx', 'drain'),
  getAnswerHours: of('parts/hours.tsx', '(a drawing; activity and drain say it in words)'),
  explainService: of('parts/explain-panel.tsx', 'explain'),
  getHistory: of('pages/service.tsx', 'history'),
  // Releases.
  listReleases: of('(the first page names those that go on)', 'release list'),
  listReleasesOfService: of('parts/set-again.tsx', 'release list'),
  getRelease: of('(under its service)', 'release watch'),
  getReleaseOfService: of('pages/service.tsx', 'release status'),
  createRelease: of('parts/release-form.tsx', 'release start'),
  createReleaseOfServices: of('parts/release-many.tsx', 'release start'),
  ...Object.fromEntries(
    ['promote', 'pause', 'resume', 'abort', 'retry'].flatMap((verb) => [
      [`${verb}Release`, of('(under its service)', '(under its service)')],
      [`${verb}ReleaseOfService`, of('parts/release-panel.tsx', `release ${verb}`)],
    ]),
  ),
  // Who did what, and who is told.
  listRevisions: of('rules/activity.ts', 'activity'),
  streamEvents: of('state/live.ts', '(release watch and shift --watch follow what they are about)'),
  listWebhooks: of('pages/webhooks.tsx', 'webhook list'),
  getWebhook: of('parts/webhook-form.tsx', LISTED),
  putWebhook: of('parts/webhook-form.tsx', 'webhook add'),
  deleteWebhook: of('parts/remove.tsx', 'webhook rm'),
  listDeliveries: of('pages/webhooks.tsx', 'webhook deliveries'),
  testWebhook: of('pages/webhooks.tsx', 'webhook test'),
  redeliver: of('pages/webhooks.tsx', 'webhook redeliver'),
  // Who may.
  getSelf: of('state/self.ts', 'whoami'),
  listTokens: of('pages/tokens.tsx', 'token list'),
  getToken: of(LISTED, 'token show'),
  createToken: of('pages/tokens.tsx', 'token create'),
  revokeToken: of('parts/remove.tsx', 'token revoke'),
  // What waits for somebody else, or for its time.
  approveRelease: of('(under its service)', '(under its service)'),
  approveReleaseOfService: of('parts/release-panel.tsx', 'release approve'),
  listProposals: of('parts/agreement.tsx', 'proposal list'),
  getProposal: of(LISTED, 'proposal show'),
  approveProposal: of('parts/agreement.tsx', 'proposal approve'),
  cancelProposal: of('parts/agreement.tsx', 'proposal cancel'),
  // Calendars.
  listFreezes: of('pages/freezes.tsx', 'freeze list'),
  getFreeze: of('parts/freeze-form.tsx', 'freeze show'),
  putFreeze: of('parts/freeze-form.tsx', 'freeze add'),
  deleteFreeze: of('parts/remove.tsx', 'freeze rm'),
  foreseeFreeze: of('parts/outlook.tsx', 'freeze add'),
  // The server and its fleet.
  planApply: of(PROGRAMS, 'apply'),
  getFleet: of('state/fleet.ts', 'fleet status'),
  foundFleet: of('(done once, on the machine, with its configuration)', 'fleet init'),
  leaveFleet: of('(done once, on the machine, with its configuration)', 'fleet leave'),
  removeNode: of('(a node that is gone for good: a decision for a terminal)', 'fleet remove'),
  getMetrics: of(PROGRAMS, PROGRAMS),
  getHealth: of(PROGRAMS, PROGRAMS),
  getReadiness: of('state/fleet.ts', 'status'),
  // DNSSEC.
  getSigning: of('parts/signing-panel.tsx', 'dnssec status'),
  signZone: of('parts/signing-dialogs.tsx', 'dnssec sign'),
  unsignZone: of('parts/signing-dialogs.tsx', 'dnssec unsign'),
  rollKey: of('parts/signing-dialogs.tsx', 'dnssec roll'),
  exportKeys: of('(secret keys have no place in a browser)', 'dnssec export'),
};

/** Members that the console has no field for, each with the reason. */
const notInForms: Readonly<Record<string, string>> = {
  salt: 'stays as it is; two services of one salt are declared by teal apply',
  probe: 'stays as it is; other addresses of probes are declared by teal apply',
  headers: 'stay as they are; those of gates may be secrets: teal release start -f',
  bearer: 'secrets of gates are given by teal release start -f',
  basic: 'secrets of gates are given by teal release start -f',
  username: 'secrets of gates are given by teal release start -f',
  password: 'secrets of gates are given by teal release start -f',
  recordTtlSeconds: 'of an RRSIG only, which a signer makes and imports',
};

/** Bodies for the console's forms. Others are those of programs, or have no member but why. */
const BODIES = [
  'ZoneBody',
  'RRsetBody',
  'ServiceBody',
  'ReleaseBody',
  'ReleasesBody',
  'TokenBody',
  'WebhookBody',
  'FreezeBody',
];
const more = ['ForcedBody', 'ShiftBody', 'RollbackBody', 'PromoteBody', 'RetryBody', 'ApproveBody'];

interface Operation {
  readonly operationId: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const isReason = (place: string): boolean => place.startsWith('(');

/** What the address of a route has at its end that is no parameter: `deliveries`, `dnssec`. */
function lastWord(path: string): string {
  return path.split('/').findLast((part) => part !== '' && !part.startsWith('{')) as string;
}

/** The operations of a document that a table has no line for, and the lines that are of none. */
function differences(document: Document, table: Readonly<Record<string, Place>>): string[] {
  const operations = Object.values(document.paths).flatMap((byMethod) =>
    Object.values(byMethod).map(({ operationId }) => operationId),
  );
  return [
    ...operations
      .filter((id) => !(id in table))
      .map((id) => `${id} has no line: where is it in the console and the CLI?`),
    ...Object.keys(table)
      .filter((id) => !operations.includes(id))
      .map((id) => `${id} is no operation`),
  ];
}

/** The members of a body, and of what is in it. */
function membersOf(schema: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) for (const each of schema) membersOf(each, found);
  else if (typeof schema === 'object' && schema !== null) {
    const { properties, examples: _examples, ...rest } = schema as { properties?: object; examples?: unknown };
    for (const [name, each] of Object.entries(properties ?? {})) {
      found.add(name);
      membersOf(each, found);
    }
    membersOf(Object.values(rest), found);
  }
  return found;
}

t.test('everything that the API can', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  const document = (await api.app.inject('/openapi.json')).json<Document>();

  await t.test('has a line here', async (t) => {
    t.same(differences(document, places), []);
    const { listZones: _listZones, ...fewer } = places;
    t.same(differences(document, { ...fewer, none: of('', '') }).length, 2, 'this check can fail');
  });

  await t.test('is in the file of the console that its line names', async (t) => {
    for (const [path, byMethod] of Object.entries(document.paths)) {
      for (const [method, { operationId }] of Object.entries(byMethod)) {
        const file = places[operationId]?.console ?? '()';
        if (isReason(file)) continue;
        const text = readFileSync(`src/console/${file}`, 'utf8');
        t.ok(text.includes(lastWord(path)), `${file} asks for ${path}`);
        if (method !== 'get') t.ok(text.includes(`'${method.toUpperCase()}'`), `${file} does ${method} ${path}`);
      }
    }
  });

  await t.test('is a command that its line names', async (t) => {
    const commands = new Set(Object.values(places).flatMap(({ cli }) => (isReason(cli) ? [] : [cli])));
    for (const words of commands) {
      const { code, stdout } = await type([...words.split(' '), '--help']);
      t.equal(code, 0, words);
      // A command may have another name beside it.
      t.match(stdout, new RegExp(`^Usage: teal ${words}(?:\\|\\w+)* `), words);
    }
  });

  await t.test('member by member of what is sent', async (t) => {
    const console = readFiles('src/console/**/*.{ts,tsx}')
      .map(({ text }) => text)
      .join('\n');
    const missing = (bodies: readonly string[], text: string): string[] =>
      bodies.flatMap((body) =>
        [...membersOf(document.components.schemas[body])]
          .filter((member) => !new RegExp(`\\b${member}\\b`).test(text))
          .map((member) => `${body} ${member}`),
      );
    const all = [...BODIES, ...more];
    for (const body of all) t.ok(body in document.components.schemas, body);
    const unsaid = missing(all, console).filter((each) => !((each.split(' ').at(-1) as string) in notInForms));
    t.same(unsaid, [], 'a member has a field, or a reason');
    t.ok(missing(all, console.replaceAll('failureLimit', '')).includes('ReleaseBody failureLimit'), 'this can fail');
  });
});
