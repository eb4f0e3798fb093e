/**
 * Network namespaces for a whole fleet: each nameserver and each member of etcd in one of its own, with a wire to the bridge
 * of its site that can be cut, as the way between the sites can; and each nameserver with a second wire to this process, so
 * that whoever asks it still can. To be run in a namespace of one's own (`unshare --net`), which takes all along at its end.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { endsWithUs } from '../../fixtures/tidying.ts';

/** Of a site each; all are at the first where nothing else is said. */
const SITES = ['site0', 'site1'] as const;

export interface Place {
  /** Words before a command that is to run there. */
  readonly wrapper: readonly string[];
  /** Its address between nameservers and members. */
  readonly host: string;
  /** Where this process reaches a nameserver, also while it is cut off. */
  readonly asked: string;
  cut(): void;
  mend(): void;
}

const ip = (...words: string[]): string => execFileSync('ip', words, { encoding: 'utf8' });

export class Namespaces {
  readonly #holders: ChildProcess[] = [];
  #next = 1;

  constructor() {
    ip('link', 'set', 'lo', 'up');
    ip('link', 'add', 'way0', 'type', 'veth', 'peer', 'name', 'way1');
    SITES.forEach((site, n) => {
      ip('link', 'add', site, 'type', 'bridge');
      ip('link', 'set', site, 'up');
      ip('link', 'set', `way${n}`, 'master', site);
      ip('link', 'set', `way${n}`, 'up');
    });
    ip('addr', 'add', '10.80.255.254/16', 'dev', SITES[0]);
  }

  /** Between the two sites. */
  cut(): void {
    ip('link', 'set', 'way0', 'nomaster');
  }

  mend(): void {
    ip('link', 'set', 'way0', 'master', SITES[0]);
  }

  /** One more place. */
  async add(site: 0 | 1 = 0): Promise<Place> {
    const n = this.#next++;
    const bridge = SITES[site];
    const words = ['--net', 'sh', '-c', 'echo ready; exec sleep infinity'];
    const holder = endsWithUs(spawn('unshare', words, { stdio: ['ignore', 'pipe', 'inherit'] }));
    this.#holders.push(holder);
    await new Promise<void>((resolve, reject) => {
      holder.stdout?.once('data', () => resolve());
      holder.once('exit', (code) => reject(new Error(`unshare ended with ${code}`)));
    });
    const wrapper = ['nsenter', `--net=/proc/${holder.pid}/ns/net`];
    const inside = (...words: string[]): string =>
      execFileSync(wrapper[0] as string, [...wrapper.slice(1), 'ip', ...words], { encoding: 'utf8' });
    const [host, asked] = [`10.80.0.${n}`, `10.79.${n}.2`];
    inside('link', 'set', 'lo', 'up');
    this.#wire(`e${n}`, holder, inside, `${host}/16`);
    ip('link', 'set', `e${n}`, 'master', bridge);
    this.#wire(`a${n}`, holder, inside, `${asked}/24`);
    ip('addr', 'add', `10.79.${n}.1/24`, 'dev', `a${n}`);
    return {
      ...{ wrapper, host, asked },
      // At this end: the far one hears nothing of it.
      cut: () => ip('link', 'set', `e${n}`, 'nomaster'),
      mend: () => ip('link', 'set', `e${n}`, 'master', bridge),
    };
  }

  #wire(name: string, holder: ChildProcess, inside: (...words: string[]) => string, address: string): void {
    ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}i`, 'netns', String(holder.pid));
    ip('link', 'set', name, 'up');
    inside('addr', 'add', address, 'dev', `${name}i`);
    inside('link', 'set', `${name}i`, 'up');
  }

  close(): void {
    for (const holder of this.#holders) holder.kill('SIGKILL');
  }
}
