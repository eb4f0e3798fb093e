/** `teal fleet`: several nameservers that move at one instant. */
import type { Command } from 'commander';
import type { Fleet } from '../contract/types.ts';
import { path } from './api.ts';
import { confirm } from './confirm.ts';
import { forSince, holdingLines } from './format/holding.ts';
import type { Style } from './format/style.ts';
import { columns, duration, GAP, plural, printable } from './format/text.ts';
import { describe, describeRemote, describeWrite, openSession, Presenter, type SessionOptions } from './session.ts';
import type { Shell } from './shell.ts';

interface JoinOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly force?: boolean;
}

export function add(program: Command, shell: Shell): void {
  const group = program
    .command('fleet')
    .helpGroup('The server:')
    .summary('several nameservers that move at one instant: status, init, join, leave, remove')
    .description('A fleet of nameservers on a log in etcd: see docs/fleet.md.');
  addStatus(group, shell);
  const init = group
    .command('init')
    .description('Found the fleet with this node, all its data and history. Answers go on meanwhile.')
    .action(async (options: SessionOptions) => {
      const session = await openSession(shell, options);
      const fleet = await session.api.post<Fleet>('/v1/fleet/init', {});
      session.show(fleet, () => [
        `The fleet ${fleet.name} is founded with ${fleet.node}, at revision ${fleet.revision}.`,
        'Other nodes join by starting with the same section fleet, a name of their own, and an empty data directory.',
      ]);
    });
  describeWrite(init, 'teal fleet init');
  addJoin(group, shell);
  const leave = group
    .command('leave')
    .description('Leave the fleet with this node, which goes on alone with all that it has.')
    .option('-y, --yes', 'do not ask')
    .action(async (options: SessionOptions & { yes?: boolean }) => {
      const session = await openSession(shell, options);
      if (options.yes !== true) {
        await confirm(
          session,
          'Leave the fleet? This node then goes on alone, and hears of no change.',
          'leave the fleet',
        );
      }
      const fleet = await session.api.post<Fleet>('/v1/fleet/leave', {});
      session.show(fleet, () => [
        `${fleet.node} has left the fleet, and is one node. Take the section fleet out of its settings.`,
      ]);
    });
  describeWrite(leave, 'teal fleet leave');
  const remove = group
    .command('remove <node>')
    .description('Forget a node that does not come back.')
    .action(async (node: string, options: SessionOptions) => {
      const session = await openSession(shell, options);
      await session.api.delete(path`/v1/fleet/nodes/${node}`);
      session.show({ node, removed: true }, () => [`${node} is no node of the fleet any more.`]);
    });
  describeWrite(remove, 'teal fleet remove ns3');
}

function addStatus(group: Command, shell: Shell): void {
  const status = group
    .command('status')
    .description('Show how the nodes stand, who is behind, and the members of etcd.')
    .action(async (options: SessionOptions) => {
      const session = await openSession(shell, options);
      const fleet = await session.api.get<Fleet>('/v1/fleet');
      session.show(fleet, () => statusLines(fleet, session.style, Date.now(), shell.stdout.columns - 1));
    });
  describeRemote(status, 'teal fleet status\nteal fleet status --json');
}

function addJoin(group: Command, shell: Shell): void {
  const join = group
    .command('join')
    .description(
      'Fill the data directory of this machine from the fleet, before its server is started. `teal serve` does the same by ' +
        'itself where the directory is empty; --force puts aside what is there.',
    )
    .option('--config <file>', 'settings file (TEAL_CONFIG, or config/teal.yaml)')
    .option('--force', 'put aside a store that is there, which is kept beside the new one')
    .action(async (options: JoinOptions) => {
      const { joinFleet } = await import('./fleet-join.ts');
      const { revision, lines } = await joinFleet(options, shell);
      new Presenter(shell, options).show({ revision }, () => lines);
    });
  describe(join, 'teal fleet join\nteal fleet join --force --config /etc/teal/teal.yaml');
}

export function statusLines(fleet: Fleet, style: Style, nowMs: number, width: number): string[] {
  const { name, node, standing, current, message, revision, head, nodes, members } = fleet;
  const state = current ? style.colour('green', 'current') : style.colour('red', 'stale');
  const log = head === null ? withoutHead(fleet, style) : `the log is at ${head}`;
  const reachable = members.filter((member) => member.reachable).length;
  return [
    `Fleet ${name}; this node is ${node}: ${standing}, ${state}, revision ${revision}; ${log}.`,
    ...(current ? [] : [`  ${printable(message)}`]),
    ...columns(nodes.map((each) => nodeRow(each, head, style, nowMs))).map((line) => `  ${line}`),
    ...nodes.flatMap(({ holding }) =>
      holding === null ? [] : holdingLines(holding, nowMs, width - 2).map((line) => `  ${line}`),
    ),
    `etcd: ${reachable} of ${plural(members.length, 'member')} reachable`,
    ...columns(members.map((member) => memberRow(member, style))).map((line) => `  ${line}`),
  ];
}

/** With a leader etcd has its quorum: what is not there then was not made yet. */
function withoutHead({ standing, members }: Fleet, style: Style): string {
  const isEmpty = standing === 'alone' && members.some(({ reachable, leader }) => reachable && leader);
  return isEmpty ? 'the fleet is not founded yet' : style.colour('red', 'the log cannot be read');
}

/** A server of an earlier Teal, such as in the middle of an upgrade, says nothing of zones that are left out, nor of clocks. */
function nodeRow(
  {
    node,
    state,
    revision,
    version,
    present,
    heardAt,
    leads,
    late,
    leftOut = [],
    countsAgeSeconds,
    clockOffsetMs,
    clockFar,
  }: Fleet['nodes'][number],
  head: number | null,
  style: Style,
  nowMs: number,
): string[] {
  const lag = head === null || revision === null ? 0 : head - revision;
  // What few nodes have is no column: it would push what follows out of the terminal on the lines of all.
  const remarks = [
    present ? (leads ? 'leads' : '') : style.colour('red', `no sign of life${forSince(heardAt, nowMs)}`),
    late ? style.colour('red', 'holds up drains') : '',
    leftOut.length === 0
      ? ''
      : style.colour('red', `no room for ${printable(leftOut[0])}${leftOut.length > 1 ? ' and others' : ''}`),
    clockFar ? style.colour('red', `clock ${clockWords(clockOffsetMs)}`) : '',
    countsAgeSeconds === null ? '' : `told its counts ${countsAgeSeconds} s ago`,
  ];
  return [
    node,
    state === 'live' ? style.colour('green', 'live') : style.colour('red', 'out'),
    revision === null ? 'nothing confirmed' : `revision ${revision}`,
    lag > 0 ? style.colour('red', `${lag} behind`) : '',
    `teal ${printable(version)}`,
    remarks.filter((remark) => remark !== '').join(GAP),
  ];
}

/** `12s ahead`: of the clock of the node that is asked. */
function clockWords(offsetMs: number | null): string {
  const ms = offsetMs ?? 0;
  return `${duration(Math.abs(ms) / 1000)} ${ms < 0 ? 'behind' : 'ahead'}`;
}

function memberRow(
  { endpoint, reachable, leader, version, databaseBytes, quotaBytes, errors }: Fleet['members'][number],
  style: Style,
) {
  return [
    endpoint,
    reachable ? `etcd ${printable(version ?? '')}` : style.colour('red', 'unreachable'),
    leader ? 'leader' : '',
    databaseBytes === null ? '' : plural(databaseBytes, 'byte'),
    databaseBytes === null || quotaBytes === null || databaseBytes < quotaBytes / 2
      ? ''
      : style.colour('red', `${Math.floor((100 * databaseBytes) / quotaBytes)} % of its quota`),
    errors.map(printable).join('; '),
  ];
}
