/** `teal status`, as text: what is said of a service. */
import t from 'tap';
import { plain } from '../../src/cli/format/style.ts';
import { overviewLines } from '../../src/cli/status.ts';

t.test('until when a service is frozen is said as all commands say times', async (t) => {
  const glance = {
    service: { name: 'app.example.test', shares: { blue: 1 } },
    ...{ states: [], unhealthyPools: [], downTargets: 0 },
    frozen: [
      { name: 'stock', until: '2026-11-30T08:00:00.000Z' },
      { name: 'always', until: null },
    ],
  };
  const services = { total: 1, items: [glance] };
  const overview = {
    url: 'http://127.0.0.1:8053',
    notReady: undefined,
    isImpaired: false,
    unusableFiles: [],
    zones: [],
    active: [],
    services,
  };
  const lines = overviewLines(overview as never, plain);
  t.match(lines.at(-1), / app\.example\.test .* frozen by stock until 2026-11-30 08:00:00 UTC; frozen by always$/);
});
