/** Whether this machine could answer by AF_XDP, looked at without touching its traffic: nothing is attached. */
import { loadLibc } from '../libc.ts';
import { mustSuit, QUEUE_MIN_BYTES } from './attached.ts';
import { createSocketMap, knowsBpf, loadProgram, othersProgram, RUNS_NONE, whoseProgram } from './bpf.ts';
import { XdpFault } from './fault.ts';
import { type NetworkInterface, readInterface, vlanParent } from './interface.ts';
import { readFeatures, readProgram } from './netlink.ts';
import { ownAddresses } from './own-addresses.ts';
import { assembleProgram } from './program.ts';
import { tryMemory } from './socket.ts';

type Libc = NonNullable<ReturnType<typeof loadLibc>>;

/** Drivers whose kernel documentation or commits say that frames reach the socket without a copy. */
const WITHOUT_COPIES = ['i40e', 'ice', 'ixgbe', 'mlx5_core'];
/** Drivers known to run XDP programs that lead frames elsewhere; of others it shows when one is attached. */
const IN_DRIVER = [...WITHOUT_COPIES, 'ena', 'veth', 'virtio_net', 'vmxnet3'];
/** The default of dns.receiveBufferBytes: what a queue pins. */
const QUEUE_BYTES = 4 * 2 ** 20;

type Support = 'without copies' | 'with copies' | 'perhaps';

export interface XdpSight {
  /** Why it cannot be had; undefined: the kernel and this user's rights allow it. */
  readonly why: string | undefined;
  /** Why a queue cannot have its default, though it can have less; undefined: it can. */
  readonly little?: string | undefined;
  readonly interfaces: readonly {
    readonly name: string;
    readonly driver: string;
    readonly queues: number;
    readonly mtu: number;
    /**
     * How it would be served; or why it would not, in the words of the log. `served`: it is, by a Teal that runs. `resting`:
     * its program leads nothing to it at the moment. `unknown`: by Teal or by somebody else, who asks may not know.
     */
    readonly support: Support | 'served' | 'resting' | 'unknown' | { readonly why: string };
  }[];
}

/** What is to be had here; interfaces of VLANs are told by the one below them. */
export function lookAtXdp(): XdpSight {
  const libc = loadLibc();
  if (libc === undefined || !knowsBpf()) return { why: 'it takes Linux and the koffi package', interfaces: [] };
  try {
    const little = tryMemories(libc);
    const map = createSocketMap(libc, 1);
    try {
      const endpoints = [{ address: '192.0.2.1', port: 53 }];
      libc.close(loadProgram(libc, assembleProgram({ mac: new Uint8Array(6), endpoints, map, frameBytesMax: 0 })));
    } finally {
      libc.close(map);
    }
    const own = Object.entries(ownAddresses(libc)).filter(([, all = []]) => all.some(({ internal }) => !internal));
    const names = new Set(own.map(([name]) => vlanParent(libc, name) ?? name));
    const devices = [...names].map((name) => readInterface(libc, name));
    const interfaces = devices.map((device) => ({ ...device, support: supportOf(libc, device) }));
    return { why: undefined, little, interfaces };
  } catch (error) {
    if (!(error instanceof XdpFault)) throw error;
    return { why: error.message, interfaces: [] };
  }
}

/** The default of a queue, and where that may not be locked the least: why not more. Throws XdpFault where not even that may be. */
function tryMemories(libc: Libc): string | undefined {
  try {
    tryMemory(libc, QUEUE_BYTES);
    return undefined;
  } catch (error) {
    if (!(error instanceof XdpFault)) throw error;
    try {
      tryMemory(libc, QUEUE_MIN_BYTES);
    } catch {
      // As the server says it.
      throw error;
    }
    return error.message;
  }
}

function supportOf(libc: Libc, device: NetworkInterface): XdpSight['interfaces'][number]['support'] {
  const { name, index, driver } = device;
  try {
    mustSuit(libc, device);
  } catch (error) {
    if (error instanceof XdpFault) return { why: error.message };
    throw error;
  }
  const program = readProgram(libc, index);
  if (program !== undefined) {
    const whose = program.id === undefined ? 'others' : whoseProgram(libc, program.id);
    if (whose === undefined) return 'unknown';
    if (whose === 'others') return { why: othersProgram(name, program.isGeneric ? 'xdpgeneric' : 'xdp') };
    return whose === 'ours' ? 'served' : 'resting';
  }
  const features = readFeatures(libc, index);
  if (features === undefined) {
    if (WITHOUT_COPIES.includes(driver)) return 'without copies';
    return IN_DRIVER.includes(driver) ? 'with copies' : 'perhaps';
  }
  if (!features.runs) return { why: RUNS_NONE };
  return features.withoutCopies ? 'without copies' : 'with copies';
}
