/**
 * `npm run pin:images`, where there is a network and Docker's buildx: looks up the digests of the images that Teal is
 * built on and tried with, for all platforms at once, and writes them behind the tags (`name:tag@sha256:…`) wherever these
 * stand. `--check` writes nothing, and ends with 1 where one of them has no digest or another one. Tags move; a digest is
 * one content, so that what is built next year is what was tried today. A tag is looked up anew each time.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandLine } from './command-line.ts';
import { imagesIn, pinned } from './pinned-images.ts';

/** What Teal's own image is built for: what is looked up has to be there for each. */
const PLATFORMS = ['linux/amd64', 'linux/arm64'];
const FILES = [
  'Dockerfile',
  'docker-compose.yml',
  'docker-compose.fleet.yml',
  'examples/kubernetes/etcd.yaml',
  'examples/blue-green/compose.yaml',
];

const { values } = commandLine({ options: { check: { type: 'boolean' } } });
const project = fileURLToPath(new URL('../', import.meta.url));
const texts = new Map(FILES.map((file) => [file, readFileSync(`${project}${file}`, 'utf8')]));
const tags = [...new Set([...texts.values()].flatMap(imagesIn))];
const digests = new Map(tags.map((tag) => [tag, digestOf(tag)]));
for (const [file, text] of texts) {
  const after = pinned(text, digests);
  if (after === text) continue;
  console.log(`${file}: ${values.check ? 'is not pinned to what the tags are now' : 'pinned'}`);
  if (values.check) process.exitCode = 1;
  else writeFileSync(`${project}${file}`, after);
}

interface Index {
  readonly digest: string;
  readonly manifests?: readonly { readonly platform?: { readonly os: string; readonly architecture: string } }[];
}

/** Of the list of a tag's platforms, which is what a digest behind a tag has to be of. */
function digestOf(tag: string): string {
  const told = execFileSync('docker', ['buildx', 'imagetools', 'inspect', '--format', '{{json .Manifest}}', tag], {
    encoding: 'utf8',
  });
  const { digest, manifests = [] } = JSON.parse(told) as Index;
  const there = manifests.map(({ platform }) => `${platform?.os}/${platform?.architecture}`);
  const missing = PLATFORMS.filter((platform) => !there.includes(platform));
  if (missing.length > 0) throw new Error(`${tag} has nothing for ${missing.join(', ')}`);
  return digest;
}
