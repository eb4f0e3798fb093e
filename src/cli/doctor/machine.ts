/** The machine that the doctor runs on: whether port 53 is to be had, and whether its clock is kept; and the files of the server. */
import { execFile } from 'node:child_process';
import dgram from 'node:dgram';
import { promisify } from 'node:util';
import type { Fleet } from '../../contract/types.ts';
import { type Diagnosis, ok } from './diagnosis.ts';

const COMMAND_LIMIT_MS = 2000;

/** What binding port 53 here would come to; the port is free again when this resolves. */
export async function examinePort(port = 53): Promise<Diagnosis> {
  const socket = dgram.createSocket('udp4');
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    socket.on('error', resolve);
    socket.bind({ port, exclusive: true }, () => resolve(undefined));
  });
  if (error === undefined) await new Promise<void>((resolve) => socket.close(() => resolve()));
  if (error === undefined) return ok('port_free', `Port ${port} is free here, and this user may listen on it.`);
  if (error.code === 'EADDRINUSE')
    return ok('port_taken', `Somebody listens on port ${port} here: Teal, or a resolver of this machine.`);
  return {
    level: 'warning',
    code: 'port_forbidden',
    what: `This user may not listen on port ${port} (${error.code}).`,
    why: `Resolvers ask on port ${port} only; the delegation cannot name another.`,
    todo:
      'Run teal by the systemd unit of `teal init`, which gives it CAP_NET_BIND_SERVICE; or set ' +
      'net.ipv4.ip_unprivileged_port_start=53; or send port 53 to dns.listen by a firewall rule.',
  };
}

/** Whether something keeps the clock, as far as systemd knows. */
export async function examineClock(): Promise<Diagnosis> {
  try {
    const { stdout } = await promisify(execFile)('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
      timeout: COMMAND_LIMIT_MS,
    });
    if (stdout.trim() === 'yes') return ok('clock', 'The clock of this machine is synchronized.');
    if (stdout.trim() === 'no') return clockWarning('The clock of this machine is not synchronized.');
  } catch {
    // No systemd here.
  }
  return {
    level: 'unknown',
    code: 'clock_unknown',
    what: 'Whether the clock of this machine is kept could not be found out.',
  };
}

/** More than a slow reply can explain. */
const CLOCKS_DIFFER_MS = 5000;

/** The server's clock beside this one: `serverDate` is the Date of a reply, which counts seconds. */
export function compareClocks(serverDate: string | null, nowMs: number): Diagnosis[] {
  const apartMs = serverDate === null ? Number.NaN : Math.abs(Date.parse(serverDate) - nowMs);
  if (Number.isNaN(apartMs) || apartMs < CLOCKS_DIFFER_MS) return [];
  return [clockWarning(`The clock of the server and that of this machine are ${Math.round(apartMs / 1000)} s apart.`)];
}

/** The clocks of the other nodes of a fleet, as the node that is asked sees them. */
export function compareNodes(fleet: Fleet | undefined): Diagnosis[] {
  // A server of an earlier Teal says nothing of clocks.
  const far = fleet?.nodes.filter(({ clockFar }) => clockFar === true) ?? [];
  if (fleet === undefined || far.length === 0) return [];
  const offsets = far.map(({ node, clockOffsetMs }) => {
    const seconds = (clockOffsetMs ?? 0) / 1000;
    return `${node} is ${Math.abs(seconds).toFixed(1)} s ${seconds < 0 ? 'behind' : 'ahead'}`;
  });
  return [
    {
      level: 'warning',
      code: 'fleet_clocks_apart',
      what: `Times of day of the fleet are apart: against ${fleet.node}, ${offsets.join(', ')}.`,
      why: 'What is planned for a time of day goes by the node that leads; signatures, ends of tokens and waits that a restart cuts in two by the clock of each.',
      todo: 'Keep all of them with NTP, such as systemd-timesyncd or chrony. Where all are off against this node it is the one that is wrong.',
    },
  ];
}

/** `settings`: whose files became unreadable or junk while the server ran; see GET /readyz. */
export function examineFiles(settings: readonly string[]): Diagnosis[] {
  return settings.map((setting) => ({
    level: 'error',
    code: 'file_unusable',
    what: `The file of ${setting} is unreadable or junk; the server goes on by what was in it before.`,
    why: 'A restart of the server would be refused, and answers would end with it.',
    todo:
      `Put the file right: the server's log says which it is and what is wrong (a file of the settings is of no use any more). ` +
      'It is looked at every five seconds, and the log says when it is of use again.',
  }));
}

function clockWarning(what: string): Diagnosis {
  return {
    level: 'warning',
    code: 'clock_off',
    what,
    why: 'DNS cookies of servers that share an address (RFC 9018), TLS, the times of history and of releases after a restart go by it.',
    todo: 'Keep it with NTP, such as systemd-timesyncd or chrony.',
  };
}
