/** Installs the peers from Debian without starting any of them as a service of the machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Peer } from './peer.ts';

/** Debian's own switch (invoke-rc.d(8)): exit code 101 forbids every action on services. */
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const POLICY = '#!/bin/sh\nexit 101\n';

function isInstalled(name: string): boolean {
  const { stdout } = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' });
  return stdout.includes('Status: install ok installed');
}

/** Installs what is missing; needs root only then. */
export function install(peers: readonly Peer[]): void {
  const wanted = [...peers.flatMap(({ packages }) => packages), 'dnsperf'];
  const missing = wanted.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  if (os.userInfo().uid !== 0) {
    throw new Error(`not installed: ${missing.join(' ')}; install them (apt-get install), or run this as root once`);
  }
  console.error(`installing ${missing.join(' ')}`);
  const hadPolicy = fs.existsSync(POLICY_FILE);
  if (!hadPolicy) fs.writeFileSync(POLICY_FILE, POLICY, { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const apt = (...args: string[]) => execFileSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env });
    apt('update', '-q');
    apt('install', '-y', '-q', '--no-install-recommends', ...missing);
  } finally {
    if (!hadPolicy) fs.rmSync(POLICY_FILE);
  }
}

/** The first line that a server prints about its version. */
export function versionOf(peer: Peer): string {
  const [command, ...args] = peer.version;
  // Servers of the system live in sbin, which a user's PATH may lack.
  const env = { ...process.env, PATH: `${process.env.PATH}${path.delimiter}/usr/sbin` };
  const { stdout, stderr } = spawnSync(command as string, args, { encoding: 'utf8', env });
  const text = `${stdout ?? ''}${stderr ?? ''}`;
  return /\d+\.\d+(\.\d+)?(-\S+)?/.exec(text)?.[0] ?? 'unknown';
}
