/** Previews of host names own records of their own: none is lost, none is kept for ever. */
import t from 'tap';
import { buildQuery, decode } from '../fixtures/dns-client.ts';
import { apply, askBytes, collectAll, makeTable, service, zone } from '../fixtures/table.ts';

t.test('what previews of host names take comes back', (t) => {
  const { table, responder } = makeTable();
  const name = 'app.a.test';
  const target = (preview: string): string | undefined => {
    const reply = askBytes(responder, buildQuery({ name: preview, type: 'CNAME' }));
    return reply && decode(reply).answers[0]?.data;
  };
  const play = (): void => {
    const put = (green: string, more = {}): void => {
      const pools: Record<string, [number, ...string[]]> = { blue: [1, 'www.a.test'], green: [0, green] };
      apply(table, service('a.test', name, pools, { kind: 'host', ...more }));
    };
    put('one.a.test');
    t.equal(target(`green.${name}`), 'one.a.test.', 'compressed against its own name');
    put('two.app.a.test', { ttlSeconds: 9 });
    t.equal(target(`green.${name}`), 'two.app.a.test.');
    put('two.app.a.test', { ttlSeconds: 9, previewNames: false });
    t.equal(target(`green.${name}`), undefined);
    put('two.app.a.test');
    const refused = table.prepare([{ op: 'deleteService', zone: 'a.test', name }]);
    t.equal(refused, undefined);
    table.takeBack();
    t.equal(target(`green.${name}`), 'two.app.a.test.', 'a change that was taken back leaves them');
    apply(table, { op: 'deleteService', zone: 'a.test', name });
    collectAll(table);
  };
  apply(table, zone('a.test'));
  play();
  const { usedBytes } = table.memory;
  for (let again = 0; again < 3; again++) play();
  t.equal(table.memory.usedBytes, usedBytes);
  t.end();
});
