/** The machine that the doctor runs on: whether it could answer past the kernel's network stack, and what that brings. */
import { lookAtXdp } from '../../sockets/xdp/look.ts';
import { type Diagnosis, ok } from './diagnosis.ts';

/** No finding is a fault: batches serve wherever this does not. `look`: how it is found out, unless a test has another way. */
export function examineXdp(port: number, look: typeof lookAtXdp = lookAtXdp): Diagnosis {
  const { why, interfaces } = look();
  if (why !== undefined)
    return ok('xdp_impossible', `Queries to port ${port} come through sockets: no AF_XDP here (${why}).`);
  const able = interfaces.filter(({ support }) => support !== 'no Ethernet');
  if (able.length === 0)
    return ok('xdp_impossible', `Queries to port ${port} come through sockets: no card for AF_XDP here.`);
  const words = {
    'without copies': 'without copies',
    'with copies': 'with copies',
    perhaps: 'where its driver runs XDP programs',
  };
  const list = able.map(({ name, driver, queues, support }) => {
    const queue = queues === 1 ? '1 queue' : `${queues} queues`;
    return `${name} (${driver === '' ? 'driver unknown' : driver}, ${queue}, ${words[support as keyof typeof words]})`;
  });
  return ok(
    'xdp_possible',
    `Queries to port ${port} could be answered past the kernel, for about half the CPU of batches, and past its firewall ` +
      `(dns.transport: xdp, docs/xdp.md): ${list.join(', ')}.`,
  );
}
