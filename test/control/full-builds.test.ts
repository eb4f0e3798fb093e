/** A builder for whose zone there is no room leaves no file open: it is asked again and again, until somebody makes room. */
import fs from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { Builder } from '../../src/control/zone-files/builder.ts';
import { Staging } from '../../src/store/staging.ts';
import { Arena, createSharedTable } from '../../src/table/memory.ts';
import { makeEngine } from '../fixtures/engine.ts';

const FDS = '/proc/self/fd';

/** Files of the folder that this process has open. */
function openIn(folder: string): string[] {
  const files: string[] = [];
  for (const fd of fs.readdirSync(FDS)) {
    try {
      files.push(fs.readlinkSync(path.join(FDS, fd)));
    } catch {
      // The descriptor by which they are listed is gone by now.
    }
  }
  return files.filter((file) => path.dirname(file) === fs.realpathSync(folder)).sort();
}

t.test('not even room for its first name', { skip: !fs.existsSync(FDS) }, async (t) => {
  const { folder, store } = makeEngine(t);
  const staging = new Staging(store.shared);
  t.teardown(() => staging.close());
  const arena = new Arena(createSharedTable(4096, 4096));
  while (arena.allocate(1) !== 0);
  const builder = new Builder(arena, staging);
  const bytes = Buffer.from('@ 60 SOA ns1 hostmaster 1 2 3 4 5\n@ 60 NS ns1\nns1 60 A 192.0.2.1\n');
  const sign = { mark: 'a key', keys: { records: [], dnskey: [] }, apex: [], services: new Uint8Array(), nowMs: 0 };
  const request = {
    kind: 'build',
    nowSeconds: 0,
    zone: 'x.test',
    bytes,
    services: '',
    aliases: '',
    blocks: [],
  } as const;
  const before = openIn(folder);
  const { tableFull, failure } = builder.build({ ...request, sign });
  t.equal(failure, undefined);
  t.equal(tableFull, true);
  t.same(openIn(folder), before);
});
