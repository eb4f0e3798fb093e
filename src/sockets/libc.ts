/** The calls of the C library that the batch transport needs, on Linux, through koffi: nothing is compiled. */
import { createRequire } from 'node:module';
import os from 'node:os';

/** Numbers of the Linux ABI (asm-generic: x86-64, arm64, riscv64). */
export const LINUX = {
  AF_UNIX: 1,
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_TYPE: 3,
  SO_ERROR: 4,
  SO_RCVBUF: 8,
  SO_REUSEPORT: 15,
  SO_RCVTIMEO: 20,
  SO_ACCEPTCONN: 30,
  SO_RCVBUFFORCE: 33,
  /** Nine 32-bit numbers on a socket's memory; since Linux 4.12. */
  SO_MEMINFO: 55,
  SK_MEMINFO_RMEM_ALLOC: 0,
  SK_MEMINFO_RCVBUF: 1,
  SK_MEMINFO_DROPS: 8,
  SK_MEMINFO_WORDS: 9,
  IPPROTO_IP: 0,
  IP_PKTINFO: 8,
  IP_MTU_DISCOVER: 10,
  SOL_UDP: 17,
  IPPROTO_IPV6: 41,
  IPV6_MTU_DISCOVER: 23,
  IPV6_V6ONLY: 26,
  IPV6_RECVPKTINFO: 49,
  IPV6_PKTINFO: 50,
  /** Never fragment by what a path MTU claims to be: forged ones would make us (RFC 9715 §3.1). */
  PMTUDISC_OMIT: 5,
  /** Does not look at path MTUs either, on kernels that do not know the one above. */
  PMTUDISC_DONT: 0,
  MSG_DONTWAIT: 0x40,
  MSG_WAITFORONE: 0x10000,
  MSG_TRUNC: 0x20,
  MSG_NOSIGNAL: 0x4000,
  MADV_HUGEPAGE: 14,
  /** Since Linux 6.1. */
  MADV_COLLAPSE: 25,
  PROT_READ: 1,
  PROT_WRITE: 2,
  MAP_SHARED: 1,
  MAP_FIXED: 0x10,
  MFD_CLOEXEC: 1,
  MFD_ALLOW_SEALING: 2,
  F_ADD_SEALS: 1033,
  F_SEAL_SEAL: 1,
  F_SEAL_SHRINK: 2,
  F_SEAL_GROW: 4,
  POLLIN: 1,
  POLLERR: 8,
  POLLHUP: 16,
  POLLNVAL: 32,
  UDP_SEGMENT: 103,
  CLOCK_REALTIME: 0,
  CLOCK_MONOTONIC: 1,
  /** Since the start of the machine; it goes on while the machine sleeps. */
  CLOCK_BOOTTIME: 7,
  RLIMIT_NOFILE: 7,
  RLIMIT_MEMLOCK: 8,
  EPERM: 1,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  EACCES: 13,
  EBUSY: 16,
  EINVAL: 22,
  ENOSPC: 28,
  ENOSYS: 38,
  ENOTSOCK: 88,
  EOPNOTSUPP: 95,
  EADDRINUSE: 98,
  EDQUOT: 122,
  FALLOC_FL_KEEP_SIZE: 1,
  F_SETFD: 2,
  F_DUPFD_CLOEXEC: 1030,
  FD_CLOEXEC: 1,
  F_GETFL: 3,
  F_SETFL: 4,
  O_NONBLOCK: 0o4000,
  O_CLOEXEC: 0o2000000,
  PR_SET_PDEATHSIG: 1,
  /** Of the calling thread; nanoseconds. */
  PR_SET_TIMERSLACK: 29,
} as const;

/** Pointers travel as numbers: addresses of user space stay below 2^47, and a number costs least to pass. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  listen(fd: number, backlog: number): number;
  getsockname(fd: number, address: Uint8Array, length: Int32Array): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Int32Array): number;
  recvmmsg(fd: number, messages: number, count: number, flags: number, timeout: number): number;
  sendmmsg(fd: number, messages: number, count: number, flags: number): number;
  /** One message of `recvmmsg` or `sendmmsg`: a mmsghdr begins with a msghdr. The result is its length. */
  recvmsg(fd: number, message: number, flags: number): number;
  sendmsg(fd: number, message: number, flags: number): number;
  clock_gettime(clock: number, time: number): number;
  clock_getres(clock: number, resolution: number): number;
  nanosleep(time: number, left: number): number;
  poll(descriptors: number, count: number, timeoutMs: number): number;
  getrlimit(resource: number, limits: Uint8Array): number;
  madvise(address: number, length: number, advice: number): number;
  memfd_create(name: string, flags: number): number;
  /** The address, which is given: another one is a failure. */
  mmap(address: number, length: number, protection: number, flags: number, fd: number, offset: number): number;
  dup(fd: number): number;
  /** `to` becomes another number of what `fd` is, at one instant, whatever it was before. */
  dup3(fd: number, to: number, flags: number): number;
  fcntl(fd: number, command: number, value: number): number;
  fallocate(fd: number, mode: number, offset: number, length: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  /** A call for which the C library has no name, with a command and a structure: bpf(2). */
  syscall(call: number, command: number, structure: Uint8Array, bytes: number): number;
  /** The same, told where the structure is: for what is called often. */
  syscallAt(call: number, command: number, structure: number, bytes: number): number;
  /** To where a socket is connected, or whatever its kind does with nothing. */
  send(fd: number, message: number, bytes: number, flags: number): number;
  sendto(
    fd: number,
    message: Uint8Array,
    bytes: number,
    flags: number,
    address: Uint8Array | null,
    addressBytes: number,
  ): number;
  /** `handler`: 1 is SIG_IGN. */
  signal(number: number, handler: number): number;
  pipe2(fds: Int32Array, flags: number): number;
  read(fd: number, bytes: Uint8Array, length: number): number;
  write(fd: number, bytes: Uint8Array, length: number): number;
  prctl(option: number, a: number, b: number, c: number, d: number): number;
  /** Ends the process at once, whatever its threads wait for. */
  _exit(code: number): void;
  close(fd: number): number;
  /** Gives memory that was freed back to the system, in a thread of the pool: malloc_trim(3), which glibc alone has. */
  trim?: (done: (error: unknown, given: number) => void) => void;
  errno(): number;
  /** Where a buffer's memory is. The buffer must stay referenced for as long as the address is used. */
  addressOf(buffer: Uint8Array): number;
}

type Koffi = typeof import('koffi').default;

/** The C library, or undefined where the batch transport cannot run: no Linux, big-endian, no koffi. */
export function loadLibc(): Libc | undefined {
  if (process.platform !== 'linux' || os.endianness() !== 'LE') return undefined;
  const koffi = loadKoffi();
  if (koffi === undefined) return undefined;
  for (const file of ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1']) {
    try {
      return bindLibc(koffi, koffi.load(file));
    } catch {
      // Not this one; the caller says which transport serves.
    }
  }
  return undefined;
}

/** Required and not imported: an import that fails would take the program with it. */
function loadKoffi(): Koffi | undefined {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch {
    return undefined;
  }
}

function bindLibc(koffi: Koffi, library: ReturnType<Koffi['load']>): Libc {
  return {
    socket: library.func('int socket(int, int, int)') as Libc['socket'],
    bind: library.func('int bind(int, const void *, uint)') as Libc['bind'],
    listen: library.func('int listen(int, int)') as Libc['listen'],
    getsockname: library.func('int getsockname(int, void *, void *)') as Libc['getsockname'],
    setsockopt: library.func('int setsockopt(int, int, int, const void *, uint)') as Libc['setsockopt'],
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)') as Libc['getsockopt'],
    recvmmsg: library.func('int recvmmsg(int, uintptr_t, uint, int, uintptr_t)') as Libc['recvmmsg'],
    sendmmsg: library.func('int sendmmsg(int, uintptr_t, uint, int)') as Libc['sendmmsg'],
    recvmsg: library.func('long recvmsg(int, uintptr_t, int)') as Libc['recvmsg'],
    sendmsg: library.func('long sendmsg(int, uintptr_t, int)') as Libc['sendmsg'],
    clock_gettime: library.func('int clock_gettime(int, uintptr_t)') as Libc['clock_gettime'],
    clock_getres: library.func('int clock_getres(int, uintptr_t)') as Libc['clock_getres'],
    nanosleep: library.func('int nanosleep(uintptr_t, uintptr_t)') as Libc['nanosleep'],
    poll: library.func('int poll(uintptr_t, ulong, int)') as Libc['poll'],
    getrlimit: library.func('int getrlimit(int, void *)') as Libc['getrlimit'],
    madvise: library.func('int madvise(uintptr_t, size_t, int)') as Libc['madvise'],
    memfd_create: library.func('int memfd_create(const char *, uint)') as Libc['memfd_create'],
    mmap: library.func('uintptr_t mmap(uintptr_t, size_t, int, int, int, long)') as Libc['mmap'],
    dup: library.func('int dup(int)') as Libc['dup'],
    dup3: library.func('int dup3(int, int, int)') as Libc['dup3'],
    fcntl: library.func('int fcntl(int, int, long)') as Libc['fcntl'],
    fallocate: library.func('int fallocate(int, int, long, long)') as Libc['fallocate'],
    ioctl: library.func('int ioctl(int, ulong, void *)') as Libc['ioctl'],
    syscall: library.func('long syscall(long, long, void *, long)') as Libc['syscall'],
    syscallAt: library.func('long syscall(long, long, uintptr_t, long)') as Libc['syscallAt'],
    send: library.func('long send(int, uintptr_t, size_t, int)') as Libc['send'],
    sendto: library.func('long sendto(int, const void *, size_t, int, const void *, uint)') as Libc['sendto'],
    signal: library.func('uintptr_t signal(int, uintptr_t)') as Libc['signal'],
    pipe2: library.func('int pipe2(void *, int)') as Libc['pipe2'],
    read: library.func('long read(int, void *, size_t)') as Libc['read'],
    write: library.func('long write(int, const void *, size_t)') as Libc['write'],
    prctl: library.func('int prctl(int, ulong, ulong, ulong, ulong)') as Libc['prctl'],
    _exit: library.func('void _exit(int)') as Libc['_exit'],
    close: library.func('int close(int)') as Libc['close'],
    ...bindTrim(library),
    errno: () => koffi.errno(),
    addressOf: (buffer) => Number(koffi.address(buffer)),
  };
}

function bindTrim(library: ReturnType<Koffi['load']>): Pick<Libc, 'trim'> {
  try {
    const trim = library.func('int malloc_trim(size_t)');
    return { trim: (done) => trim.async(0, done) };
  } catch {
    return {};
  }
}

/** Is told which call was refused, and with what. */
export type Refused = (call: 'recvmmsg' | 'sendmmsg' | 'poll', errno: number) => void;

/** What a kernel, or a filter before it, says of a call that it does not take at all: seccomp, gVisor, WSL. */
export function isRefusal(errno: number): boolean {
  return (
    errno === LINUX.ENOSYS ||
    errno === LINUX.EPERM ||
    errno === LINUX.EACCES ||
    errno === LINUX.EINVAL ||
    errno === LINUX.EOPNOTSUPP
  );
}

/** How many files and sockets the process may have open; Infinity where the kernel does not say. */
export function openFilesMax(libc: Libc): number {
  const limits = new BigUint64Array(2);
  if (libc.getrlimit(LINUX.RLIMIT_NOFILE, new Uint8Array(limits.buffer)) !== 0) return Infinity;
  return Number(limits[0]);
}

/** The name of an error number, `EADDRINUSE` say. */
export function errorName(errno: number): string {
  const found = Object.entries(os.constants.errno).find(([, value]) => value === errno);
  return found?.[0] ?? `error ${errno}`;
}
