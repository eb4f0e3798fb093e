/**
 * Customers of the shop: so many requests a second, each over a connection of its own, to wherever the resolver says that
 * NAME is. A line a second says which version answered how many of them, and what failed.
 */
import { Resolver } from 'node:dns/promises';
import { get } from 'node:http';

const { NAME = 'shop.example.test', RESOLVER = '127.0.0.1:5354', PORT = '8080', PER_SECOND = '50' } = process.env;

/** Node keeps no answers: whoever caches here is the resolver. */
const resolver = new Resolver();
resolver.setServers([RESOLVER]);

async function request() {
  const [address] = await resolver.resolve4(NAME);
  return new Promise((resolve, reject) => {
    const headers = { host: NAME };
    get({ host: address, port: PORT, path: '/', agent: false, headers, timeout: 10_000 }, (response) => {
      response.resume().once('end', () => resolve(response.headers['x-version']));
    })
      .once('error', reject)
      .once('timeout', () => reject(new Error('timeout')));
  });
}

const total = { requests: 0, failed: 0 };
let second = {};

function count(what) {
  second[what] = (second[what] ?? 0) + 1;
  total.requests++;
}

function report() {
  const counts = Object.entries(second).sort().map(([what, times]) => `${what} ${times}`);
  console.log(`${new Date().toISOString().slice(11, 19)}  ${counts.join('  ')}`);
  second = {};
}

function failed({ code, message }) {
  total.failed++;
  count(`FAILED (${code ?? message})`);
}

const going = new Set();
const requests = setInterval(() => {
  const one = request().then(count, failed).finally(() => going.delete(one));
  going.add(one);
}, 1000 / Number(PER_SECOND));
const reports = setInterval(report, 1000);

for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, async () => {
    clearInterval(requests);
    await Promise.all(going);
    clearInterval(reports);
    report();
    console.log(`all in all: ${total.requests} requests, ${total.failed} failed`);
    process.exit(0);
  });
