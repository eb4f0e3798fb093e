/** Why an address cannot be listened on, as whoever starts a server is told. */

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use by another process',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES:
    'no right to that port: one below 1024 takes CAP_NET_BIND_SERVICE, or a socket of systemd (docs/operations.md)',
};

/** By the name of the kernel's error; undefined where that says no more than it does. */
export function bindRefusal(code: string | undefined): string | undefined {
  return code === undefined ? undefined : REASONS[code];
}
