/** Where parents want to hear of a new CDS: DSYNC records, looked for as RFC 9859 §4.1 says, and told by NOTIFY. */
import t from 'tap';
import type { Answer, Ask, Question } from '../../src/asking/ask.ts';
import { findEndpoints } from '../../src/asking/dsync.ts';
import { makeParents } from '../../src/control/dnssec/parents.ts';
import { startParent } from '../fixtures/dnssec/parent.ts';

const target = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
const dsync = (name: string, { type = 59, scheme = 1, port = 53 } = {}): Buffer =>
  Buffer.concat([Buffer.from([type >> 8, type & 255, scheme, port >> 8, port & 255]), target(name)]);

/** A parent that has these DSYNC records, and denies all else by the SOA of its zone. */
function parentOf(zone: string, records: Readonly<Record<string, readonly Buffer[]>>): { ask: Ask; asked: string[] } {
  const asked: string[] = [];
  const ask = async (_: string, { name }: Question): Promise<Answer> => {
    asked.push(name);
    const data = records[name] ?? [];
    const answers = data.map((bytes) => ({ name, type: 66, class: 1, ttl: 60, data: bytes }));
    const authorities = data.length > 0 ? [] : [{ name: zone, type: 6, class: 1, ttl: 60 }];
    const flags = { rcode: 0, isAuthoritative: true, isTruncated: false, hasOpt: false, bytes: 0 };
    return { ...flags, answers, authorities, additionals: [] } as unknown as Answer;
  };
  return { ask, asked };
}

t.test('the example of the RFC: a child more than one label below its parent', async (t) => {
  const { ask, asked } = parentOf('jp', { '_dsync.jp': [dsync('notify.jp')] });
  t.same(await findEndpoints('city.ise.mie.jp', ['x'], ask), [{ host: 'notify.jp', port: 53 }]);
  t.same(asked, ['city._dsync.ise.mie.jp', 'city.ise.mie._dsync.jp', '_dsync.jp']);
});

t.test('a child right below, by its own name or the one of all', async (t) => {
  const own = parentOf('example', { 'shop._dsync.example': [dsync('n.example', { port: 5359 })] });
  t.same(await findEndpoints('shop.example', ['x'], own.ask), [{ host: 'n.example', port: 5359 }]);
  t.same(own.asked, ['shop._dsync.example']);
  const all = parentOf('example', { '_dsync.example': [dsync('n.example')] });
  t.same(await findEndpoints('shop.example', ['x'], all.ask), [{ host: 'n.example', port: 53 }]);
  t.same(all.asked, ['shop._dsync.example', '_dsync.example']);
  const root = parentOf('', { _dsync: [dsync('n.example')] });
  t.same(await findEndpoints('example', ['x'], root.ask), [{ host: 'n.example', port: 53 }]);
  t.same(root.asked, ['example._dsync', '_dsync']);
});

t.test('who wants nothing, or something else, or says it in bytes that cannot be read', async (t) => {
  const none = parentOf('example', {});
  t.same(await findEndpoints('shop.example', ['x'], none.ask), []);
  t.equal(none.asked.length, 2, 'and is not asked for ever');
  const bad = [dsync('n.example', { scheme: 0 }), dsync('n.example', { type: 62 }), Buffer.from('003b01', 'hex')];
  const cut = dsync('n.example').subarray(0, -2);
  const compressed = Buffer.concat([dsync('n').subarray(0, 5), Buffer.from('c00c', 'hex')]);
  const odd = parentOf('example', { 'shop._dsync.example': [...bad, cut, compressed, dsync('good.example')] });
  t.same(await findEndpoints('shop.example', ['x'], odd.ask), [{ host: 'good.example', port: 53 }]);
  const silent: Ask = async () => ({ error: 'no answer within 3 s' });
  t.match(await findEndpoints('shop.example', ['x', 'y'], silent), { error: 'y: no answer within 3 s' });
});

t.test('a real parent is told over UDP, and takes it', async (t) => {
  const parent = await startParent(t);
  const settings = { resolver: parent.address, parentServers: [parent.address] };
  const { tell } = makeParents(settings, { refusal: (address) => `is at ${address}, which may not be asked` });
  t.equal(await tell('example.test'), 'none');
  t.same(parent.dsyncAsked, ['example._dsync.test', '_dsync.test']);
  t.same(parent.heard, []);
  parent.wantsNotify = true;
  t.match(await tell('example.test'), { endpoint: /^notifier\.test:\d+$/ }, "the parent's own server may be told");
  t.same(parent.heard, ['NOTIFY example.test CDS']);
  parent.isDeaf = true;
  t.match(await tell('example.test'), { error: /no answer within 3 s/ });
  t.equal(await tell('').then((told) => typeof told), 'object', 'the root has no parent');
});

t.test('a record that leads to where this server must not send is not followed', async (t) => {
  const parent = await startParent(t);
  parent.wantsNotify = true;
  // The resolver says that the endpoint is at 127.0.0.1, and no server of the parent is there.
  const settings = { resolver: parent.address, parentServers: [parent.address.replace('127.0.0.1', 'localhost')] };
  const { tell } = makeParents(settings, { refusal: (address) => `is at ${address}, which may not be asked` });
  t.same(await tell('example.test'), { error: 'notifier.test is at 127.0.0.1, which may not be asked' });
  t.same(parent.heard, []);
});
