/** PATCHes that are wrong as a whole: cut off, too many, twice the same; nothing of them is done. */
import { type AddressInfo, connect } from 'node:net';
import t, { type Test } from 'tap';
import { ADMIN } from '../../fixtures/api.ts';
import { closed } from '../../fixtures/exchange.ts';
import { openPowerdns, patchOf, replace, SERVER, ZONE } from '../../fixtures/powerdns.ts';

const com = { name: 'example.com.', kind: 'Native', nameservers: ['ns1.example.net.'] };
const a = (name: string, ...contents: string[]) => replace(name, 'A', 60, ...contents);
const remove = (name: string, type: string) => ({ name, type, changetype: 'DELETE' });

async function open(t: Test, options = {}) {
  const door = await openPowerdns(t, options);
  await door.ask('POST', `${SERVER}/zones`, com);
  const { revision } = await door.newest();
  const isUntouched = async () => t.equal((await door.newest()).revision, revision, 'nothing is half done');
  return { ...door, isUntouched };
}

t.test(
  'one RRset twice with one verb is refused, however it is spelt; with two verbs the last one counts',
  async (t) => {
    const { ask, rrsets, isUntouched } = await open(t);
    for (const [second, shown] of [
      [a('d.example.com.', '192.0.2.2'), 'd.example.com. IN A with changetype: REPLACE'],
      [a('D.Example.COM.', '192.0.2.2'), 'd.example.com. IN A with changetype: REPLACE'],
      [
        { ...a('d.example.com.', '192.0.2.2'), type: 'a', changetype: 'Replace' },
        'd.example.com. IN A with changetype: REPLACE',
      ],
      [{ ...a('d.example.com.', '192.0.2.2'), type: 'TYPE1' }, 'with changetype: REPLACE'],
      [a('d.example.com.', '192.0.2.1'), 'd.example.com. IN A with changetype: REPLACE'],
    ] as const) {
      const { status, body } = await ask('PATCH', ZONE, patchOf(a('d.example.com.', '192.0.2.1'), second));
      t.equal(status, 422);
      t.match(JSON.parse(body).error, `Duplicate RRset d.example.com. IN`, body);
      t.match(JSON.parse(body).error, shown, body);
    }
    const twice = patchOf(remove('d.example.com.', 'A'), remove('d.example.com.', 'A'));
    t.match(await ask('PATCH', ZONE, twice), {
      status: 422,
      body: /Duplicate RRset d\.example\.com\. IN A with changetype: DELETE/,
    });
    await isUntouched();
    const two = (...rrsets: object[]) => ask('PATCH', ZONE, patchOf(...rrsets));
    t.equal((await two(remove('d.example.com.', 'A'), a('d.example.com.', '192.0.2.1'))).status, 204);
    t.same((await rrsets())['d.example.com./A'], ['192.0.2.1']);
    t.equal((await two(a('d.example.com.', '192.0.2.2'), remove('d.example.com.', 'A'))).status, 204);
    t.equal((await rrsets())['d.example.com./A'], undefined);
  },
);

t.test('the last of a thousand RRsets that is wrong is named, and none of the others is there', async (t) => {
  const { ask, isUntouched } = await open(t, { bodyMaxBytes: 2 ** 20 });
  const good = Array.from({ length: 999 }, (_, i) => a(`h${i}.example.com.`, '192.0.2.1'));
  for (const [bad, words] of [
    [a('last.example.com.', '192.0.2.256'), /Record last\.example\.com\.\/A '192\.0\.2\.256'/],
    [a('last.example.net.', '192.0.2.1'), /RRset last\.example\.net\. IN A: Name is out of zone/],
    [
      replace('h7.example.com.', 'CNAME', 60, 'x.example.net.'),
      /RRset h7\.example\.com\. IN A: Conflicts with pre-existing RRset: h7\.example\.com\/CNAME/,
    ],
    [replace('example.com.', 'NS', 60, '192.0.2.1'), /example\.com\. ?(IN |\/)NS/],
  ] as const) {
    const { status, body } = await ask('PATCH', ZONE, patchOf(...good, bad));
    t.equal(status, 422, body);
    t.match(JSON.parse(body).error, words);
    await isUntouched();
  }
});

t.test('a body that is cut off changes nothing, wherever the cut is', async (t) => {
  const { app, ask, rrsets, isUntouched } = await open(t);
  const whole = JSON.stringify(patchOf(a('one.example.com.', '192.0.2.1'), a('two.example.com.', '192.0.2.2')));
  for (let end = 1; end < whole.length; end += 7) {
    t.match(await ask('PATCH', ZONE, whole.slice(0, end)), {
      status: 400,
      body: /^Bad Request$/,
      type: /^text\/plain/,
    });
  }
  await isUntouched();
  // Announced whole, and the connection ends in the middle.
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  for (const end of [0, 1, whole.length - 1]) {
    const socket = connect(port, '127.0.0.1');
    const head = `PATCH ${ZONE} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${ADMIN}\r\nContent-Length: ${whole.length}\r\n\r\n`;
    socket.end(head + whole.slice(0, end));
    await closed(socket.resume());
  }
  await isUntouched();
  t.equal((await ask('PATCH', ZONE, whole)).status, 204);
  t.same((await rrsets())['two.example.com./A'], ['192.0.2.2']);
});
