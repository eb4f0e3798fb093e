/** A machine without IPv6 starts with the defaults. */
import os from 'node:os';
import t from 'tap';
import { withoutMissingLoopback } from '../../src/sockets/loopback.ts';

const v4 = { address: '127.0.0.1', port: 5300 };
const v6 = { address: '::1', port: 5300 };
const other = { address: '2001:db8::1', port: 5300 };

t.test('::1 is left out where the machine has none', async (t) => {
  t.same(withoutMissingLoopback([v4, v6], ['127.0.0.1', '::1']), [v4, v6]);
  t.same(withoutMissingLoopback([v4, v6], ['127.0.0.1']), [v4]);
});

t.test('other addresses and a lone ::1 stay, for their own errors', async (t) => {
  t.same(withoutMissingLoopback([other, v6], ['127.0.0.1']), [other]);
  t.same(withoutMissingLoopback([v6], ['127.0.0.1']), [v6]);
});

t.test('where the system does not tell its addresses all stay: binding them finds out', async (t) => {
  t.intercept(os, 'networkInterfaces', {
    value: () => {
      throw new Error('uv_interface_addresses returned Unknown system error 97');
    },
  });
  t.same(withoutMissingLoopback([v4, v6]), [v4, v6]);
});

t.test('by default it asks the machine', async (t) => {
  t.same(withoutMissingLoopback([v4]), [v4]);
});
