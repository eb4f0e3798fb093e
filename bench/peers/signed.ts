/** The same zone signed: Teal, Knot DNS with its geoip module, and NSD, for what signatures and proofs cost. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { APEX } from '../workload.ts';
import type { Peer, Site } from './peer.ts';
import { knotPeer, nsd } from './servers.ts';

/** Of each server: ECDSA P-256, one key for all. */
const KEYGEN = ['generate', 'algorithm=13', 'ksk=yes', 'zsk=yes'];

const teal: Peer = {
  name: 'teal',
  packages: [],
  kinds: ['weighted-a', 'static-a', 'nxdomain'],
  namesMax: 10_000,
  lacks: '',
  version: [process.execPath, new URL('../../src/main.ts', import.meta.url).pathname, '--version'],
  prepare({ port, size }: Site) {
    const server = new URL('../teal-server.ts', import.meta.url).pathname;
    return [process.execPath, server, JSON.stringify({ size, port, workers: 1, signed: true })];
  },
};

/** Its geoip module signs its answers when it is loaded, with keys that it does not manage itself. */
const knotUnkeyed = knotPeer('    dnssec-signing: on\n    dnssec-policy: own\n    zonefile-sync: -1\n');
const knot: Peer = {
  ...knotUnkeyed,
  packages: [...knotUnkeyed.packages, 'knot-dnssecutils'],
  kinds: teal.kinds,
  async prepare(site) {
    const command = await knotUnkeyed.prepare(site);
    const config = command.at(-1) ?? '';
    const text = fs.readFileSync(config, 'utf8');
    fs.writeFileSync(config, text.replace('mod-cookies:', 'policy:\n  - id: own\n    manual: on\nmod-cookies:'));
    execFileSync('keymgr', ['-c', config, APEX, ...KEYGEN], { stdio: 'pipe' });
    return command;
  },
};

/** It serves what ldns-signzone has signed. */
const signedNsd: Peer = {
  ...nsd,
  packages: [...nsd.packages, 'ldnsutils'],
  kinds: ['static-a', 'nxdomain'],
  async prepare(site) {
    const command = await nsd.prepare(site);
    const { folder } = site;
    const run = (program: string, ...args: string[]): string =>
      execFileSync(program, args, { cwd: folder, encoding: 'utf8' }).trim();
    const key = run('ldns-keygen', '-a', 'ECDSAP256SHA256', '-k', APEX);
    run('ldns-signzone', '-o', APEX, 'zone', key);
    fs.renameSync(path.join(folder, 'zone.signed'), path.join(folder, 'zone'));
    return command;
  },
};

export const SIGNED_PEERS: readonly Peer[] = [teal, knot, signedNsd];
