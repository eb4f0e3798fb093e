/**
 * `npm run try:xdp`: AF_XDP on this machine in one command, as root. Makes two network namespaces with a wire between
 * them, serves the example zone at one end, asks at the other, tells what came which way, and takes all of it away.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildQuery, UdpClient } from '../test/fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { tidied } from '../test/fixtures/tidying.ts';
import { openWire, SERVER, type Wire } from '../test/fixtures/two-namespaces.ts';
import { datagramsToSockets, overTheWire, transportOf } from '../test/fixtures/xdp-server.ts';
import { numbersAndWords } from './command-line.ts';

numbersAndWords({});

const QUERIES = 1000;
const SECONDS = 3;
const RATE = 100_000;

async function ask(wire: Wire): Promise<void> {
  for (const host of [SERVER.v4, SERVER.v6]) {
    const before = datagramsToSockets(wire);
    const client = await UdpClient.open(host, 53);
    const answers = new Map<string, number>();
    for (let i = 0; i < QUERIES; i++) {
      const [record] = (await client.ask(buildQuery({ name: 'app.example.test' }))).answers;
      const data = record?.data ?? 'nothing';
      answers.set(data, (answers.get(data) ?? 0) + 1);
    }
    await client.close();
    const split = [...answers].map(([data, count]) => `${count} × ${data}`).join(', ');
    console.log(
      `${host}: ${QUERIES} answers (${split}), of them through a socket: ${datagramsToSockets(wire) - before}`,
    );
  }
}

/** With kxdpgun (Debian: knot-dnsutils), where it is there. */
function load(wire: Wire, folder: string): void {
  const file = path.join(folder, 'queries.txt');
  fs.writeFileSync(file, 'app.example.test A\n');
  const words = ['-t', String(SECONDS), '-Q', String(RATE), '-i', file, '-I', wire.client, '-p', '53', SERVER.v4];
  const { error, stdout } = spawnSync('kxdpgun', words, { encoding: 'utf8' });
  if (error !== undefined) return console.log('kxdpgun (knot-dnsutils) is not installed: no load');
  console.log(
    stdout
      .split('\n')
      .filter((line) => line.startsWith('total'))
      .join('\n'),
  );
}

const wire = openWire();
if (typeof wire === 'string') {
  console.error(wire);
  process.exit(1);
}
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'teal-xdp-'));
const removeFolder = tidied(() => fs.rmSync(folder, { recursive: true, force: true }));
let teal: TealProcess | undefined;
try {
  teal = await startTeal(path.join(folder, 'data'), { wrapper: wire.atServer, env: overTheWire });
  const { transport, warnings } = await transportOf(teal);
  console.log(`served by the ${transport} transport${warnings.map((why) => `: ${why}`).join('')}`);
  await ask(wire);
  load(wire, folder);
} finally {
  await teal?.end('SIGTERM');
  wire.close();
  removeFolder();
}
