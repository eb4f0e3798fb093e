/**
 * Words before a program that starts servers: it has a network and processes of its own, and everything that it started ends with
 * it, however it ends; and it ends with whoever started it.
 */
export const inNamespaces = [
  // Of the process that says this: unshare ends when it does.
  ...(['setpriv', '--pdeathsig', 'KILL'] as const),
  // The program is the first process of its namespace: the kernel kills all others there when it ends (pid_namespaces(7)).
  ...(['unshare', '--net', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'] as const),
] as const;
