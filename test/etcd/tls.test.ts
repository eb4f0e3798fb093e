/** Members of etcd by TLS: named by an address or by a name, and held against their certificate in either case. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { EtcdFailure } from '../../src/etcd/failure.ts';
import { Line } from '../../src/etcd/line.ts';
import { methodOf } from '../../src/etcd/protocol.ts';
import { standIn } from './stand-in.ts';

const RANGE = methodOf('KV', 'Range');
const folder = new URL('../fixtures/tls/', import.meta.url);
const cert = readFileSync(new URL('cert.pem', folder));
const key = readFileSync(new URL('key.pem', folder));

t.test('an address is no name for TLS, and is checked all the same', async (t) => {
  const warned: Error[] = [];
  const listen = (warning: Error): void => void warned.push(warning);
  process.on('warning', listen);
  t.teardown(() => process.off('warning', listen));
  const endpoint = await standIn(
    t,
    { range: () => ({ header: { revision: '1' }, kvs: [], more: false }) },
    { cert, key },
  );
  const { port } = new URL(endpoint);
  const ask = async (host: string) => {
    const line = new Line(`https://${host}:${port}`, { ca: cert });
    t.teardown(() => line.close());
    const deadline = new Date(Date.now() + 60_000);
    return line.ask(RANGE, { key: Buffer.from('a') }, { deadline, token: undefined });
  };
  t.notMatch(await ask('127.0.0.1'), EtcdFailure);
  t.notMatch(await ask('localhost'), EtcdFailure);
  // Reached, and not in the certificate.
  t.match(await ask('127.0.0.2'), { detail: /does not match certificate/ });
  t.same(
    // Of what is deprecated: others' faults are told as warnings too.
    warned.filter(({ name }) => name === 'DeprecationWarning').map(({ message }) => message),
    [],
  );
});
