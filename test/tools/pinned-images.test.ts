/** Images are found wherever they stand, and pinned without anything else being changed. */
import { globSync, readFileSync } from 'node:fs';
import t from 'tap';
import { imagesIn, pinned } from '../../tools/pinned-images.ts';

const one = `sha256:${'1'.repeat(64)}`;
const two = `sha256:${'2'.repeat(64)}`;

t.test('in a Dockerfile and in YAML, with a digest and without', async (t) => {
  const text = [
    'FROM node:24-bookworm-slim AS build',
    `FROM node:24-bookworm-slim@${two}`,
    '    image: &node quay.io/coreos/etcd:v3.6.4',
    '    image: *node',
    '    image: teal',
    '    image: registry.example.com/teal:0.1.0',
    '# image: other:1',
    '',
  ].join('\n');
  t.same(imagesIn(text), ['node:24-bookworm-slim', 'node:24-bookworm-slim', 'quay.io/coreos/etcd:v3.6.4']);
  const digests = new Map([
    ['node:24-bookworm-slim', one],
    ['quay.io/coreos/etcd:v3.6.4', two],
  ]);
  const after = pinned(text, digests);
  t.same(after.split('\n').slice(0, 3), [
    `FROM node:24-bookworm-slim@${one} AS build`,
    `FROM node:24-bookworm-slim@${one}`,
    `    image: &node quay.io/coreos/etcd:v3.6.4@${two}`,
  ]);
  t.same(after.split('\n').slice(3), text.split('\n').slice(3));
  t.equal(pinned(after, digests), after, 'once more changes nothing');
  t.equal(pinned(text, new Map()), text);
});

t.test('every file that names an image of others is looked through', async (t) => {
  const tool = readFileSync('tools/images.ts', 'utf8');
  const files = globSync(['Dockerfile', '*.yml', 'examples/**/*.{yml,yaml}', 'config/**/*.{yml,yaml}']);
  const naming = files.filter((file) => imagesIn(readFileSync(file, 'utf8')).length > 0);
  t.ok(naming.length >= 5);
  for (const file of naming.filter((each) => each !== 'examples/gitlab-ci.yml')) {
    const text = readFileSync(file, 'utf8');
    const without = pinned(text, new Map(imagesIn(text).map((tag) => [tag, '-'])));
    t.equal(text.match(/@sha256:[0-9a-f]{64}/g)?.length, imagesIn(text).length, `${file}: each is pinned by digest`);
    t.notMatch(without, /@sha256/);
  }
  // A pipeline of GitLab's takes the newest curl on purpose: it is an example of a job, and no part of a server.
  t.same(
    naming.filter((file) => !tool.includes(`'${file}'`)),
    ['examples/gitlab-ci.yml'],
  );
});
