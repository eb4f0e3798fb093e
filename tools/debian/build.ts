/**
 * `npm run package:deb -- [FOLDER] [amd64|arm64]`: a Debian package that holds all it needs, the pinned Node too, since no
 * Debian has one that is new enough. Run it after `npm ci`; it needs dpkg-deb, and the registry for what Teal depends on.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { commandLine, refuse } from '../command-line.ts';
import { archive } from './archive.ts';

const ARCHITECTURES = { amd64: 'x64', arm64: 'arm64' } as const;
type Architecture = keyof typeof ARCHITECTURES;

const source = fileURLToPath(new URL('../..', import.meta.url));
const { version, description } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
const pinned = JSON.parse(readFileSync(join(source, 'tools/node/package.json'), 'utf8')).version;

const { positionals } = commandLine({ allowPositionals: true });
const [folder = '.', wanted = process.arch === 'arm64' ? 'arm64' : 'amd64'] = positionals;
if (!(wanted in ARCHITECTURES)) refuse(`no package is made for ${wanted}: amd64 or arm64`);
const architecture = wanted as Architecture;
const cpu = ARCHITECTURES[architecture];
const stage = mkdtempSync(join(tmpdir(), 'teal-deb-'));
try {
  program();
  units();
  commands();
  documents();
  control();
  const file = join(resolve(folder), `teal_${version}_${architecture}.deb`);
  archive(stage, file);
  process.stdout.write(`${file}\n`);
} finally {
  rmSync(stage, { recursive: true });
}

function run(command: string, words: readonly string[], cwd = source): string {
  return execFileSync(command, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Writes a file of the package, with the folders above it. */
function put(path: string, content: string | Uint8Array, mode = 0o644): void {
  const file = join(stage, path);
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o755 });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

/** /usr/lib/teal: what `npm pack` takes, what it depends on, and Node. */
function program(): void {
  const home = join(stage, 'usr/lib/teal');
  mkdirSync(home, { recursive: true });
  run('npm', ['run', '--silent', 'build']);
  for (const part of ['dist', 'config', 'package.json', 'LICENSE'])
    cpSync(join(source, part), join(home, part), { recursive: true });
  cpSync(join(source, 'package-lock.json'), join(home, 'package-lock.json'));
  cpSync(join(source, 'tools/node/package.json'), join(home, 'tools/node/package.json'));
  const only = [
    '--omit=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--silent',
    '--os=linux',
    `--cpu=${cpu}`,
    '--libc=glibc',
  ];
  run('npm', ['ci', ...only], home);
  for (const left of ['package-lock.json', 'tools', 'node_modules/.package-lock.json'])
    rmSync(join(home, left), { recursive: true, force: true });
  others(home);
  put('usr/lib/teal/node', nodeOf(), 0o755);
}

/** better-sqlite3 brings its binary for every system. */
function others(home: string): void {
  const prebuilds = join(home, 'node_modules/better-sqlite3/prebuilds');
  const kept = readFileSync(join(prebuilds, `linux-${cpu}.node`));
  rmSync(prebuilds, { recursive: true });
  mkdirSync(prebuilds);
  writeFileSync(join(prebuilds, `linux-${cpu}.node`), kept);
  rmSync(join(home, 'node_modules/better-sqlite3/deps'), { recursive: true });
}

/** The program of the pinned Node: this machine's has come with `npm ci`, another's is fetched by its exact version. */
function nodeOf(): Buffer {
  const installed = join(source, `node_modules/node-linux-${cpu}/bin/node`);
  if (existsSync(installed)) return readFileSync(installed);
  const fetched = mkdtempSync(join(tmpdir(), 'teal-node-'));
  try {
    const [packed] = JSON.parse(
      run('npm', ['pack', '--json', `node-linux-${cpu}@${pinned}`, '--pack-destination', fetched]),
    );
    const { packages } = JSON.parse(readFileSync(join(source, 'package-lock.json'), 'utf8'));
    if (packed.integrity !== packages[`node_modules/node-linux-${cpu}`].integrity)
      throw new Error(`node-linux-${cpu} is not what package-lock.json names`);
    run('tar', ['-xzf', join(fetched, packed.filename), '-C', fetched]);
    return readFileSync(join(fetched, 'package/bin/node'));
  } finally {
    rmSync(fetched, { recursive: true });
  }
}

/** As `teal init` writes them: the settings without the example zone, units that name this program. */
function units(): void {
  const written = mkdtempSync(join(tmpdir(), 'teal-init-'));
  try {
    run(process.execPath, [join(source, 'src/main.ts'), 'init', written]);
    put('etc/teal/teal.yaml', readFileSync(join(written, 'teal.yaml')));
    for (const unit of ['teal.service', 'teal.socket']) {
      const text = readFileSync(join(source, 'config/systemd', unit), 'utf8');
      put(`lib/systemd/system/${unit}`, text.replace('/usr/bin/env teal ', '/usr/bin/teal '));
    }
  } finally {
    rmSync(written, { recursive: true });
  }
}

function commands(): void {
  put('usr/bin/teal', '#!/bin/sh\nexec /usr/lib/teal/node --disable-sigusr1 /usr/lib/teal/dist/main.js "$@"\n', 0o755);
  const completion = (shell: string): string =>
    run(process.execPath, [join(source, 'src/main.ts'), 'completion', shell]);
  put('usr/share/bash-completion/completions/teal', completion('bash'));
  put('usr/share/zsh/vendor-completions/_teal', completion('zsh'));
  put('usr/share/fish/vendor_completions.d/teal.fish', completion('fish'));
}

function documents(): void {
  const docs = 'usr/share/doc/teal';
  put(`${docs}/changelog.gz`, gzipSync(readFileSync(join(source, 'CHANGELOG.md')), { level: 9 }));
  const node = readFileSync(join(source, `node_modules/node-linux-${process.arch}/LICENSE`), 'utf8');
  put(
    `${docs}/copyright`,
    `Teal: Apache-2.0, /usr/share/common-licenses/Apache-2.0\n\nThe licences of what it depends on lie beside each package in\n/usr/lib/teal/node_modules. Node.js, /usr/lib/teal/node:\n\n${node}`,
  );
}

function control(): void {
  const [size = '0'] = run('du', ['--summarize', '--block-size=1024', stage]).split('\t');
  const fields = [
    'Package: teal',
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: Teal developers <teal@example.invalid>',
    `Installed-Size: ${size}`,
    // What the pinned Node asks for.
    'Depends: libc6 (>= 2.28), libstdc++6 (>= 8)',
    'Recommends: bind9-dnsutils',
    'Section: net',
    'Priority: optional',
    `Description: ${description}`,
    ' Teams delegate a zone to it, keep a blue and a green pool of targets behind a',
    ' name, and move traffic between them by changing weights: at once, in canary',
    ' steps, and back in one call.',
  ];
  put('DEBIAN/control', `${fields.join('\n')}\n`);
  put('DEBIAN/conffiles', '/etc/teal/teal.yaml\n');
  for (const script of ['postinst', 'prerm', 'postrm']) {
    put(`DEBIAN/${script}`, readFileSync(new URL(script, import.meta.url)), 0o755);
  }
}
