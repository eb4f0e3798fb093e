/**
 * Words before a program that starts servers: it has a network, processes and shared memory of its own, and everything that it started ends with
 * it, however it ends; and it ends with whoever started it.
 */
export const inNamespaces = [
  // Of the process that says this: unshare ends when it does.
  ...(['setpriv', '--pdeathsig', 'KILL'] as const),
  // The program is the first process of its namespace: the kernel kills all others there when it ends (pid_namespaces(7)).
  ...(['unshare', '--net', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'] as const),
  // faketime names its semaphore by its pid, which is small here: one that was killed with that pid anywhere has left it behind.
  ...(['sh', '-c', 'mount -t tmpfs tmpfs /dev/shm; exec "$@"', 'sh'] as const),
] as const;
