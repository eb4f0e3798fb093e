/** Sockets that a supervisor hands over: which are meant for us, what they are, who reads them. */
import { closeSync, openSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { inheritedSockets, listenFds, shareOf } from '../../src/sockets/inherited.ts';
import { LINUX, type Libc, loadLibc } from '../../src/sockets/libc.ts';
import { openEndpoint } from '../../src/sockets/open.ts';
import { runs } from '../fixtures/runs.ts';

t.test('descriptors are ours when LISTEN_PID says so (sd_listen_fds(3))', async (t) => {
  const env = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'dns:admin' };
  t.same(listenFds(env, 7), [
    { fd: 3, name: 'dns' },
    { fd: 4, name: 'admin' },
    { fd: 5, name: '' },
  ]);
  t.same(listenFds({ ...env, LISTEN_FDNAMES: undefined }, 7)[0], { fd: 3, name: '' });
  t.same(listenFds(env, 8), [], 'they were meant for another process');
  t.same(listenFds({}, 7), []);
  t.same(listenFds({ LISTEN_PID: '7' }, 7), []);
  for (const LISTEN_FDS of ['three', '-1', '1.5', '1025']) {
    t.throws(() => listenFds({ ...env, LISTEN_FDS }, 7), /^LISTEN_FDS: a number from 0 to 1024 was expected/);
  }
});

t.test('every socket has a reader, every worker a socket', async (t) => {
  const counts = fc.integer({ min: 1, max: 70 });
  fc.assert(
    fc.property(counts, counts, (sockets, workers) => {
      const all = Array.from({ length: sockets }, (_, i) => i);
      const shares = Array.from({ length: workers }, (_, worker) => shareOf(all, worker, workers));
      t.equal(new Set(shares.flat()).size, sockets);
      t.ok(shares.every((share) => share.length > 0));
      const sizes = shares.map((share) => share.length);
      t.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
    }),
    { numRuns: runs(100) },
  );
  t.same(shareOf([], 0, 2), []);
});

const libc = loadLibc();
if (libc === undefined) t.comment('sockets are looked at on Linux only');
else inspections(libc);

function inspections(libc: Libc): void {
  /** Looks at descriptors of this process as if they were 3, 4, … */
  const inspect = (fds: Record<string, number>): ReturnType<typeof inheritedSockets> => {
    const numbers = Object.values(fds);
    const moved: Libc = {
      ...libc,
      getsockname: (fd, ...rest) => libc.getsockname(numbers[fd - 3], ...rest),
      getsockopt: (fd, ...rest) => libc.getsockopt(numbers[fd - 3], ...rest),
    };
    const env = {
      LISTEN_PID: '1',
      LISTEN_FDS: String(numbers.length),
      LISTEN_FDNAMES: Object.keys(fds)
        .map((name) => name.replace(/\d$/, ''))
        .join(':'),
    };
    return inheritedSockets(moved, env, 1);
  };
  const close = (...fds: number[]): void => {
    for (const fd of fds) libc.close(fd);
  };

  t.test('sockets of one address belong together, the one named admin apart', async (t) => {
    const one = openEndpoint(libc, { address: '127.0.0.1', port: 0 }, 2, 4096);
    const other = openEndpoint(libc, { address: '127.0.0.1', port: 0 }, 1, 4096);
    const [a, b] = one.udp as [number, number];
    const [tcp] = one.tcp as [number];
    const { dns, admin } = inspect({ dns1: a, dns2: tcp, dns3: b, admin: other.tcp[0] });
    t.same(dns, [{ endpoint: one.endpoint, udp: [3, 5], tcp: [4] }]);
    t.same(admin, { fd: 6, endpoint: other.endpoint });
    t.throws(() => inspect({ admin: a }), /^one listening TCP socket named admin was expected, found .* \(UDP\)$/);
    t.throws(() => inspect({ admin1: tcp, admin2: tcp }), /named admin was expected, found .*, .*$/);
    close(...one.udp, ...one.tcp, ...other.udp, ...other.tcp);
  });

  t.test('what cannot be served is named', async (t) => {
    const refused = (fds: Record<string, number>, reason: RegExp): void => {
      t.throws(() => inspect(fds), { message: reason });
    };
    const file = openSync('/dev/null', 'r');
    refused(
      { dns: file },
      /^descriptor 3 \(dns\): a bound UDP socket or a listening TCP socket was expected, found no socket$/,
    );
    closeSync(file);
    refused({ dns: 1023 }, /found one that gives EBADF$/);
    const unix = libc.socket(LINUX.AF_UNIX, LINUX.SOCK_DGRAM, 0);
    refused({ dns: unix }, /found a socket that is neither IPv4 nor IPv6$/);
    const unbound = libc.socket(LINUX.AF_INET, LINUX.SOCK_DGRAM, 0);
    refused({ dns: unbound }, /found one that is not bound$/);
    close(unix, unbound);
    const opened = openEndpoint(libc, { address: '127.0.0.1', port: 0 }, 1, 4096);
    t.throws(() => inheritedSockets(undefined, { LISTEN_PID: '1', LISTEN_FDS: '1' }, 1), /takes Linux and the koffi/);
    close(...opened.udp, ...opened.tcp);
  });
}
