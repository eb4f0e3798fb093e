/** The main thread's side: every interface that is served, and what changes on them, for as long as the process lives. */
import type { Endpoint } from '../address.ts';
import type { Libc } from '../libc.ts';
import type { SocketState } from '../listen-addresses.ts';
import type { SocketLog } from '../transport.ts';
import { AttachedInterface } from './attached.ts';
import { XdpFault } from './fault.ts';
import { realName, vlanParent } from './interface.ts';
import { ownAddresses } from './own-addresses.ts';
import { mustPlanXdp, type Plan, planXdp } from './plan.ts';
import type { QueueShare } from './queue.ts';

/** How often it is looked what the machine has: addresses of a pair with a floating one come and go. */
const LOOK_MS = 1000;

interface XdpOptions {
  /** With the ports in use. */
  readonly listen: readonly Endpoint[];
  readonly interfaces: readonly string[];
  readonly workers: number;
  readonly receiveBufferBytes: number;
  /** The longest reply that the settings allow. */
  readonly udpMaxBytes: number;
  readonly log: SocketLog;
}

export class XdpInterfaces {
  readonly #libc: Libc;
  readonly #options: XdpOptions;
  readonly #attached: readonly AttachedInterface[];
  readonly #looking: NodeJS.Timeout;
  /** Interfaces of which it was told what serves them. */
  readonly #told: Set<string>;
  #plan: Plan;
  #isBlind = false;
  #isHalted = false;

  private constructor(
    libc: Libc,
    options: XdpOptions,
    attached: readonly AttachedInterface[],
    told: Set<string>,
    plan: Plan,
  ) {
    this.#libc = libc;
    this.#options = options;
    this.#attached = attached;
    this.#told = told;
    this.#plan = plan;
    this.#looking = setInterval(() => this.#lookAgain(), LOOK_MS);
    this.#looking.unref();
  }

  /** Serves every interface that can be served; throws XdpFault, with nothing left open, where none can. */
  static open(libc: Libc, options: XdpOptions): XdpInterfaces {
    const { workers, receiveBufferBytes, log } = options;
    const plan = mustPlanXdp(options.listen, options.interfaces, ownAddresses(libc));
    const names = namesOf(libc, plan);
    const attached: AttachedInterface[] = [];
    const faults: { name: string; why: string }[] = [];
    for (const name of names) {
      try {
        const wanted = { name, endpoints: plan.endpoints, before: attached.length };
        attached.push(AttachedInterface.attach(libc, { ...wanted, workers, receiveBufferBytes, log }));
      } catch (error) {
        if (!(error instanceof XdpFault)) throw error;
        faults.push({ name, why: error.message });
      }
    }
    if (attached.length === 0) throw new XdpFault(faults.map(({ name, why }) => `${name}: ${why}`).join('; '));
    for (const { name, why } of faults)
      log.warn({ interface: name, reason: why }, 'AF_XDP does not work on this interface: sockets serve it');
    tellLeftOut(plan, log);
    for (const each of attached) each.tell();
    return new XdpInterfaces(libc, options, attached, names, plan);
  }

  /** What goes on an interface's MTU: the longest UDP reply, bytes. */
  get udpMaxBytes(): number {
    return Math.min(...this.#attached.map(({ udpMaxBytes }) => udpMaxBytes));
  }

  queues(worker: number): QueueShare[] {
    return this.#attached.flatMap(({ queues }) => queues.filter((queue) => queue.worker === worker));
  }

  states(): SocketState[] {
    return this.#attached.flatMap((each) => each.states());
  }

  /** Every worker answers: queries are led to them, which went to the sockets until now. */
  begin(): void {
    for (const each of this.#attached) {
      try {
        each.begin();
      } catch (error) {
        if (!(error instanceof XdpFault)) throw error;
        const fields = { interface: each.name, reason: error.message };
        this.#options.log.warn(fields, 'AF_XDP does not work on this interface: sockets serve it');
      }
    }
  }

  /** The interfaces run no program of ours any more: everything goes to the sockets. */
  halt(): void {
    if (this.#isHalted) return;
    this.#isHalted = true;
    clearInterval(this.#looking);
    for (const each of this.#attached) each.halt();
  }

  close(): void {
    this.halt();
    for (const each of this.#attached) each.close();
  }

  /** A look may fail, for want of a descriptor say: what was served is served on, and the next one makes up for it. */
  #lookAgain(): void {
    try {
      this.#look();
      this.#isBlind = false;
    } catch (error) {
      const line = 'AF_XDP cannot look at the interfaces, and follows no changes of them until it can';
      if (!this.#isBlind) this.#options.log.warn({ reason: (error as Error).message }, line);
      this.#isBlind = true;
    }
  }

  /** Leads the programs to the addresses that the machine has now, and to the interfaces as they are now. */
  #look(): void {
    const { listen, interfaces, log, udpMaxBytes } = this.#options;
    const before = this.#plan;
    const names = this.#attached.map(({ name }) => name);
    const plan = planXdp(listen, interfaces, ownAddresses(this.#libc));
    const replyBytes = Math.min(udpMaxBytes, this.udpMaxBytes);
    const followed = this.#attached.filter((each) => each.follow(plan.endpoints, replyBytes));
    this.#plan = plan;
    const addresses = plan.endpoints.map(({ address }) => address);
    if (followed.length > 0 && addresses.join() !== before.endpoints.map(({ address }) => address).join()) {
      log.info({ addresses }, 'AF_XDP follows the addresses of this machine');
    }
    if (plan.leftOut !== before.leftOut) tellLeftOut(plan, log);
    // One that comes to be called as an interface was before that is served is another one.
    for (const [i, { name }] of this.#attached.entries()) if (name !== names[i]) this.#told.delete(names[i]);
    for (const { name } of this.#attached) this.#told.add(name);
    for (const name of namesOf(this.#libc, plan)) {
      if (this.#told.has(name) || realName(this.#libc, name) === undefined) continue;
      this.#told.add(name);
      log.warn({ interface: name }, 'this interface came after the start: sockets serve it until a restart');
    }
  }
}

/** By their own names, whatever else they are called; VLANs by the interface below them. */
function namesOf(libc: Libc, { interfaces }: Plan): Set<string> {
  return new Set(interfaces.map((each) => vlanParent(libc, each) ?? realName(libc, each) ?? each));
}

function tellLeftOut({ leftOut }: Plan, log: SocketLog): void {
  if (leftOut > 0) log.warn({ leftOut }, 'AF_XDP serves so many addresses less: sockets serve them');
}
