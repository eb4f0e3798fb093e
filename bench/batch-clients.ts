/** The clients of a batch, each a socket of its own, in the thread of the server: see batch.bench.ts. */
import { LINUX, type Libc } from '../src/sockets/libc.ts';

const BUFFER_BYTES = 2 ** 20;

export class BatchClients {
  /** The socket that they ask. */
  readonly serverFd: number;
  readonly #libc: Libc;
  readonly #fds: Int32Array;
  readonly #server: Uint8Array;
  readonly #reply = new Uint8Array(4096);
  /** Who has asked since the last `receive`. */
  readonly #asking: number[] = [];

  constructor(libc: Libc, count: number) {
    this.#libc = libc;
    this.serverFd = this.#open();
    this.#server = new Uint8Array(16);
    libc.getsockname(this.serverFd, this.#server, Int32Array.of(16));
    this.#fds = Int32Array.from({ length: count }, () => this.#open());
  }

  #open(): number {
    const fd = this.#libc.socket(LINUX.AF_INET, LINUX.SOCK_DGRAM | LINUX.SOCK_CLOEXEC, 0);
    const loopback = Uint8Array.of(2, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    if (fd < 0 || this.#libc.bind(fd, loopback, 16) !== 0) throw new Error('no socket');
    this.#libc.fcntl(fd, LINUX.F_SETFL, LINUX.O_NONBLOCK);
    const bytes = new Uint8Array(Uint32Array.of(BUFFER_BYTES).buffer);
    this.#libc.setsockopt(fd, LINUX.SOL_SOCKET, LINUX.SO_RCVBUF, bytes, 4);
    return fd;
  }

  send(client: number, query: Uint8Array): void {
    const fd = this.#fds[client];
    this.#asking.push(fd);
    this.#libc.sendto(fd, query, query.length, 0, this.#server, 16);
  }

  /** Takes the replies to what was sent. */
  receive(): void {
    for (const fd of this.#asking) {
      if (this.#libc.read(fd, this.#reply, this.#reply.length) <= 0) throw new Error('no reply');
    }
    this.#asking.length = 0;
  }
}
