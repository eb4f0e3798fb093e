/** Whether this machine could answer by AF_XDP, looked at without touching its traffic: nothing is attached. */
import os from 'node:os';
import { loadLibc } from '../libc.ts';
import { createSocketMap, knowsBpf, loadProgram } from './bpf.ts';
import { XdpFault } from './fault.ts';
import { type NetworkInterface, readInterface, vlanParent } from './interface.ts';
import { assembleProgram } from './program.ts';
import { trySocket } from './socket.ts';

/** Drivers whose kernel documentation or commits say that frames reach the socket without a copy. */
const WITHOUT_COPIES = ['i40e', 'ice', 'ixgbe', 'mlx5_core'];
/** Drivers known to run XDP programs that lead frames elsewhere; of others it shows when one is attached. */
const IN_DRIVER = [...WITHOUT_COPIES, 'ena', 'veth', 'virtio_net', 'vmxnet3'];

interface XdpSight {
  /** Why it cannot be had; undefined: the kernel and this user's rights allow it. */
  readonly why: string | undefined;
  readonly interfaces: readonly {
    readonly name: string;
    readonly driver: string;
    readonly queues: number;
    readonly support: 'without copies' | 'with copies' | 'perhaps' | 'no Ethernet';
  }[];
}

/** What is to be had here; interfaces of VLANs are told by the one below them. */
export function lookAtXdp(): XdpSight {
  const libc = loadLibc();
  if (libc === undefined || !knowsBpf()) return { why: 'it takes Linux and the koffi package', interfaces: [] };
  try {
    trySocket(libc);
    const map = createSocketMap(libc, 1);
    try {
      const endpoints = [{ address: '192.0.2.1', port: 53 }];
      libc.close(loadProgram(libc, assembleProgram({ mac: new Uint8Array(6), endpoints, map, frameBytesMax: 0 })));
    } finally {
      libc.close(map);
    }
    const labels = Object.entries(os.networkInterfaces()).filter(([, all = []]) =>
      all.some(({ internal }) => !internal),
    );
    const names = new Set(
      labels.map(([label]) => label.replace(/:.*/, '')).map((name) => vlanParent(libc, name) ?? name),
    );
    const devices = [...names].map((name) => readInterface(libc, name));
    return { why: undefined, interfaces: devices.map((device) => ({ ...device, support: supportOf(device) })) };
  } catch (error) {
    if (!(error instanceof XdpFault)) throw error;
    return { why: error.message, interfaces: [] };
  }
}

function supportOf({ mac, driver }: NetworkInterface): XdpSight['interfaces'][number]['support'] {
  if (mac === undefined) return 'no Ethernet';
  if (WITHOUT_COPIES.includes(driver)) return 'without copies';
  return IN_DRIVER.includes(driver) ? 'with copies' : 'perhaps';
}
