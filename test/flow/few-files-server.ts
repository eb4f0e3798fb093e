/** A server in a process of its own, which the test starts with few open files allowed. */
import { apply, rrset, zone } from '../fixtures/table.ts';
import { startFleet } from './cutover.ts';

const { fleet, table, port, errors } = await startFleet({
  workers: 1,
  tcp: { maxConnections: 10_000, maxConnectionsPerPrefix: 10_000 },
});
apply(table, zone('example.test'), rrset('example.test', 'www.example.test', 'A', 300, '192.0.2.80'));
console.log(port);
process.stdin.once('data', async () => {
  await fleet.stop();
  process.exit(errors.length);
});
