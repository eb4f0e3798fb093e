/** The machine that the doctor runs on: whether it could answer past the kernel's network stack, and what that brings. */
import { lookAtXdp, type XdpSight } from '../../sockets/xdp/look.ts';
import { type Diagnosis, ok } from './diagnosis.ts';

/** A page, less what drivers keep of it before and behind a frame: few take a longer one to a program, and none tells. */
const MTU_USUAL_MAX = 3498;

type Seen = XdpSight['interfaces'][number];

/** No finding is a fault: batches serve wherever this does not. `look`: how it is found out, unless a test has another way. */
export function examineXdp(port: number, look: typeof lookAtXdp = lookAtXdp): Diagnosis {
  const { why, little, interfaces } = look();
  const impossible = (reason: string): Diagnosis =>
    ok('xdp_impossible', `Queries to port ${port} come through sockets: no AF_XDP here (${reason}).`);
  if (why !== undefined) return impossible(why);
  const refused = refusals(interfaces);
  const namesOf = (how: Seen['support']): string =>
    interfaces
      .filter(({ support }) => support === how)
      .map(({ name }) => name)
      .join(', ');
  const [served, resting, unknown] = [namesOf('served'), namesOf('resting'), namesOf('unknown')];
  const able = interfaces.filter(
    ({ support }) => typeof support !== 'object' && !['served', 'resting', 'unknown'].includes(support),
  );
  const idle = 'its program leads nothing to Teal at the moment, for want of addresses or of MTU';
  const rests = resting === '' ? [] : [`${resting}: ${idle}`];
  const besides = [...able.map(described), ...refused];
  const notSo = (words: readonly string[]): string => (words.length === 0 ? '' : ` Not so: ${words.join('; ')}.`);
  const others = notSo(besides);
  if (served !== '') {
    return ok(
      'xdp_served',
      `Teal answers past the kernel, and past its firewall, on ${served} (docs/xdp.md).${notSo([...rests, ...besides])}`,
    );
  }
  if (resting !== '') {
    return ok('xdp_resting', `Teal has its program on ${resting}, but sockets answer: ${idle} (docs/xdp.md).${others}`);
  }
  if (unknown !== '') {
    const whose = `On ${unknown} is an XDP program, Teal's or somebody else's: root is told whose (CAP_SYS_ADMIN).`;
    return ok('xdp_unknown', `${whose}${others}`);
  }
  if (able.length === 0) return impossible(refused.length === 0 ? 'no card' : refused.join('; '));
  return ok(
    'xdp_possible',
    `Queries to port ${port} could be answered past the kernel, for about half the CPU of batches, and past its firewall ` +
      `(dns.transport: xdp, docs/xdp.md): ${able.map(described).join(', ')}.` +
      (refused.length === 0 ? '' : ` Not by ${refused.join('; ')}.`) +
      (little === undefined ? '' : ` With a dns.receiveBufferBytes below its default only (${little}).`),
  );
}

/** Interfaces that are refused for the same reason stand together: bridges and tunnels are many. */
function refusals(interfaces: readonly Seen[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, support } of interfaces) {
    if (typeof support === 'object') names.set(support.why, [...(names.get(support.why) ?? []), name]);
  }
  return [...names].map(([why, all]) => `${all.join(', ')}: ${why}`);
}

function described({ name, driver, queues, mtu, support }: Seen): string {
  const queue = queues === 1 ? '1 queue' : `${queues} queues`;
  const how = support === 'perhaps' ? 'where its driver runs XDP programs' : support;
  const long = mtu > MTU_USUAL_MAX ? `, if it takes programs with an MTU of ${mtu}` : '';
  return `${name} (${driver === '' ? 'driver unknown' : driver}, ${queue}, ${how}${long})`;
}
