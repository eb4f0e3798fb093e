/** Why AF_XDP cannot be had here: what was tried, what the kernel said, and what would help, in one line. */
import { errorName } from '../libc.ts';

const RIGHTS = 'CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF are needed';

/** The message is a phrase for the operator. */
export class XdpFault extends Error {}

/** What an error of one of the calls means; those that are not named are told by their names. */
type Meanings = Readonly<Record<string, string>>;

/**
 * For every call: it may be refused for want of rights, by a filter (seccomp) in front of the kernel or a module in it; and
 * each of what an interface takes is a descriptor.
 */
const ALWAYS: Meanings = {
  EPERM: RIGHTS,
  EACCES: 'a security module (SELinux, AppArmor) says no: its log has what (ausearch -m avc, dmesg)',
  EMFILE: 'more files than may be open (LimitNOFILE=, ulimit -n)',
  ENOSYS: 'the system has no such call',
};

/** The fault of a call that failed with this number. */
export function faultOf(what: string, errno: number, meanings: Meanings = {}): XdpFault {
  const name = errorName(errno);
  const meaning = meanings[name] ?? ALWAYS[name];
  return new XdpFault(`${what}: ${meaning === undefined ? name : `${name}, ${meaning}`}`);
}
