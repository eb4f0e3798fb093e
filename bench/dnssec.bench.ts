/**
 * `npm run bench:dnssec`: what the DO bit costs a signed zone, beside Knot DNS and NSD in one sitting: CPU time a query,
 * servers in turns, every answer checked; the sizes of answers; and Teal's collections of garbage in 10 million of them.
 * `-- --short`: the same in less than five minutes, 3 rounds and a million answers.
 */
import { askUdp, buildQuery } from '../test/fixtures/dns-client.ts';
import { commandLine, wholeNumber } from '../tools/command-line.ts';
import { measureGarbage } from './garbage.ts';
import { contest } from './peers/contest.ts';
import { install, versionOf } from './peers/install.ts';
import { zoneSize } from './peers/plan.ts';
import { RunningServer } from './peers/process.ts';
import { type Row, summarise } from './peers/report.ts';
import { SIGNED_PEERS } from './peers/signed.ts';
import { APEX, hostName, type Kind, serviceName } from './workload.ts';

const WARMUP_ANSWERS = 1_000_000;
const ANSWERS = 10_000_000;
const SHORT_ANSWERS = 1_000_000;

const { values } = commandLine({
  options: {
    names: { type: 'string', default: '1000' },
    rounds: { type: 'string' },
    seconds: { type: 'string', default: '2' },
    answers: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  install(SIGNED_PEERS);
  const names = wholeNumber(values.names, '--names');
  const rounds = wholeNumber(values.rounds ?? (values.short ? 3 : 5), '--rounds');
  const answers = wholeNumber(values.answers ?? (values.short ? SHORT_ANSWERS : ANSWERS), '--answers');
  const seconds = wholeNumber(values.seconds, '--seconds');
  const kinds: Kind[] = ['weighted-a', 'static-a', 'nxdomain'];
  // Above what any of them can: only saturation is measured, which needs no quiet machine to be compared.
  const plan = { peers: SIGNED_PEERS, kinds, names: [names], rounds, seconds, qps: Number.POSITIVE_INFINITY };
  const faults: string[] = [];
  const runs = await contest(
    { ...plan, edns: ['edns', 'do'], clients: 512, out: undefined, before: undefined },
    names,
    faults,
  );
  const rows = summarise(runs);
  console.log(cpuTable(rows).join('\n'));
  console.log(`\n${targets(rows).join('\n')}\n`);
  console.log(await sizes(names));
  const { collections, bytes } = await measureGarbage(128, Math.min(WARMUP_ANSWERS, answers), answers, 'do');
  console.log(
    `\n${answers.toLocaleString('en')} answers with DO: ${collections} collections, ${bytes} bytes allocated`,
  );
  console.log(SIGNED_PEERS.map((peer) => `${peer.name} ${versionOf(peer)}`).join(', '));
  for (const fault of faults) console.log(`left out: ${fault}`);
}

/** Medians over the rounds, and how much of each is the program's own. */
function cpuTable(rows: readonly Row[]): string[] {
  const groups = Map.groupBy(rows, ({ kind, edns }) => `${kind}, DO=${edns === 'do' ? 1 : 0}`);
  const head = SIGNED_PEERS.map(({ name }) => name);
  const cells = (group: readonly Row[]): string[] =>
    head.map((name) => {
      const found = group.find(({ peer }) => peer === name)?.saturated;
      return found === undefined ? '–' : `${found.cpuUs.toFixed(2)} (${found.userUs.toFixed(2)})`;
    });
  return [
    `| CPU µs a query (user) | ${head.join(' | ')} |`,
    `|---|${head.map(() => '---|').join('')}`,
    ...[...groups].map(([title, group]) => `| ${title} | ${cells(group).join(' | ')} |`),
  ];
}

/** CPU time, and what is aimed for. */
function targets(rows: readonly Row[]): string[] {
  const cpu = (peer: string, kind: Kind, edns: string): number =>
    rows.find((row) => row.peer === peer && row.kind === kind && row.edns === edns)?.saturated.cpuUs ?? Number.NaN;
  const line = (what: string, ratio: number, most: number): string =>
    `| ${what} | ≤ ${most.toFixed(2)} | ${ratio.toFixed(2)}${ratio <= most ? '' : ' (not met)'} |`;
  const over = (kind: Kind): number => cpu('teal', kind, 'do') / cpu('teal', kind, 'edns');
  return [
    '| CPU time a query | goal | this run |',
    '|---|---|---|',
    line('weighted A, DO=1: Teal / Knot geoip', cpu('teal', 'weighted-a', 'do') / cpu('knot', 'weighted-a', 'do'), 0.9),
    line('NXDOMAIN, DO=1: Teal / NSD', cpu('teal', 'nxdomain', 'do') / cpu('nsd', 'nxdomain', 'do'), 1),
    line('weighted A: DO=1 / DO=0', over('weighted-a'), 1.1),
    line('static A: DO=1 / DO=0', over('static-a'), 1.1),
  ];
}

/** Bytes of answers over UDP, with DO. */
async function sizes(names: number): Promise<string> {
  const asked = [
    ['weighted A', serviceName(0), 1],
    ['A', hostName(0), 1],
    ['NODATA', hostName(0), 16],
    ['NXDOMAIN', `nowhere.${APEX}`, 1],
    ['DNSKEY', APEX, 48],
  ] as const;
  const lines = ['| bytes, DO=1 | ', '|---|'];
  for (const [what] of asked) lines.push(`| ${what} |`);
  for (const peer of SIGNED_PEERS) {
    const server = await RunningServer.start(peer, zoneSize(names));
    lines[0] += `${peer.name} | `;
    lines[1] += '---|';
    for (const [i, [, name, type]] of asked.entries()) {
      const query = buildQuery({ name, type, edns: { do: true, udpBytes: 1232 } });
      const { bytes, tc, rcode } = await askUdp('127.0.0.1', server.port, query);
      const isThere = peer.kinds.includes('weighted-a') || i > 0;
      lines[2 + i] += isThere ? ` ${bytes.length}${tc ? ' (TC)' : ''}${rcode === 2 ? ' SERVFAIL' : ''} |` : ' – |';
    }
    await server.stop();
  }
  return lines.join('\n');
}

await main();
