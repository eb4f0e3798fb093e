/** What whoever starts a server is told of an address that cannot be had. */
import t from 'tap';
import { bindRefusal } from '../../src/sockets/bind-refusal.ts';
import { freeEndpoint } from '../../src/sockets/free-endpoint.ts';

t.test('the usual refusals are said in words, others are left to the kernel', async (t) => {
  t.match(bindRefusal('EACCES'), /no right to that port.*CAP_NET_BIND_SERVICE.*docs\/operations\.md/);
  t.match(bindRefusal('EADDRINUSE'), /in use by another process/);
  t.equal(bindRefusal('ENOBUFS'), undefined);
  t.equal(bindRefusal(undefined), undefined);
});

t.test('an address that the machine does not have', async (t) => {
  await t.rejects(freeEndpoint({ address: '192.0.2.1', port: 5300 }), {
    message: 'cannot listen on 192.0.2.1:5300 (UDP): this machine has no such address',
  });
});
