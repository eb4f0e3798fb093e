/** `teal adopt`, `service add --replace`, `service rm --leave`: what is shown is what happens, and the way back. */
import { Packet, type Resource } from 'dns2';
import t from 'tap';
import type { Answer, Ask } from '../../src/asking/ask.ts';
import { askNameserver } from '../../src/cli/adopt/answered.ts';
import { EXIT } from '../../src/cli/exit.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { startTeal } from '../fixtures/process.ts';
import { typist } from './typed.ts';

t.test(
  'shown, asked about, done, and left again; with other pools and in place of a nameserver’s answer',
  async (t) => {
    const teal = await startTeal(temporaryFolder(t));
    t.teardown(() => teal.child.kill('SIGKILL'));
    const type = typist(teal);
    await type('record set live.example.test A 192.0.2.1 192.0.2.2 --ttl 600');
    const shown = [
      '- A 192.0.2.1  TTL 600 s',
      '- A 192.0.2.2  TTL 600 s',
      /^\+ live\.example\.test {2}in example\.test, TTL 600 s, pick random/,
      /^\+ {3}blue .*100.*192\.0\.2\.1 192\.0\.2\.2$/,
      /^\+ {3}green .*0.*192\.0\.2\.20$/,
      /^\+ {3}release \{"ttlSeconds":5\}$/,
      /^live\.example\.test has A records now; as a service it answers the same .* for up to 600 s\.$/,
      'From then on they hold an answer for 600 s, as before.',
      '',
    ];
    const words = 'adopt live.example.test --pool green=0:192.0.2.20';
    const looked = await type(`${words} --dry-run`);
    t.match(looked.stdout.split('\n'), shown);
    t.equal((await type('service list --quiet')).stdout, 'app.example.test\n', 'nothing was done');
    t.match(await type(words), { code: EXIT.USAGE, stderr: /add --yes to adopt it/ });
    const no = await type(words, { env: { NO_COLOR: '1' }, terminal: { answers: ['n'] } });
    t.match(no, { code: EXIT.NEGATIVE, stderr: /Adopt it\? \[y\/N\] .*nothing was changed/s });
    const yes = await type(words, { env: { NO_COLOR: '1' }, terminal: { answers: ['y'] } });
    t.match(yes, { code: 0, stdout: /In force as revision \d+\.\n$/ });
    t.match(await type(`${words} --yes`), {
      code: EXIT.REFUSED,
      stderr: /is a service already\. \[service_conflict\]/,
    });
    t.match(await type('service rm live.example.test --leave red'), { code: EXIT.REFUSED, stderr: /pool_unknown/ });
    t.match(await type('service delete live.example.test --leave blue'), { code: 0, stdout: /targets of blue stay/ });
    t.match((await type('record list example.test')).stdout, /live\.example\.test +600 +A +192\.0\.2\.1\n/);

    const pools = '--pool old=1:lb-1.example.net --pool new=0:lb-2.example.net';
    const json = (await type(`adopt live.example.test ${pools} --ttl 30 --yes --json`)).json;
    t.match(json, {
      proposal: { heldSeconds: 600, replaces: [{ type: 'A' }] },
      after: { kind: 'host', ttlSeconds: 30, pools: { old: {}, new: {} }, replaced: [{ type: 'A' }] },
    });
    t.same(Object.keys(json.after.pools), ['old', 'new']);
    t.notMatch(json.after, { release: {} });
    await type('service rm live.example.test --leave new');

    await type('record set from.example.test AAAA 2001:db8::7 --ttl 60');
    const from = await type(`adopt live.example.test --from 127.0.0.1:${teal.dnsPort} --dry-run --json`);
    t.match(from.json, { proposal: { body: { replace: { CNAME: /\d+/ } } }, after: { kind: 'host', ttlSeconds: 30 } });
    const other = await type(`adopt from.example.test --from 127.0.0.1:${teal.dnsPort} --yes --json`);
    t.match(other.json, { after: { ttlSeconds: 60, pools: { blue: { targets: ['2001:db8::7'] } } } });
    t.match(await type(`adopt none.example.test --from 127.0.0.1:${teal.dnsPort}`), {
      code: EXIT.REFUSED,
      stderr: /it says that there is no name none\.example\.test/,
    });
    for (const port of ['0', '99999'])
      t.match(await type(`adopt none.example.test --from 127.0.0.1:${port}`), {
        code: EXIT.USAGE,
        stderr: `--from: expected a port from 1 to 65535, found ${port} in 127.0.0.1:${port}`,
      });
    t.match(await type('adopt none.example.test'), { code: EXIT.REFUSED, stderr: /\[rrset_unknown\]/ });

    await type('record set applied.example.test A 192.0.2.4 --ttl 90');
    const services = 'services: { applied.example.test: { replace: true } }';
    const applied = await type('apply -f - --yes', { input: services });
    t.match(applied, {
      code: 0,
      stdout: /ttlSeconds: 90\n.*blue targets: 192\.0\.2\.4\n.*in place of A: 192\.0\.2\.4\n/s,
    });
    t.match(await type('apply -f - --yes', { input: services }), { stdout: /1 as declared/ });

    await type('record set add.example.test A 192.0.2.9 --ttl 120');
    const two = '--pool blue=1:192.0.2.9 --pool green=0:192.0.2.8';
    t.match(await type(`service add add.example.test ${two}`), { code: EXIT.REFUSED, stderr: /--replace/ });
    t.match(await type(`service add add.example.test ${two} --replace`), {
      stdout: /TTL 120 s.*in place of A 192\.0\.2\.9/s,
    });
  },
);

const answer = (records: object[], more: Partial<Answer> = {}): Answer => ({
  rcode: 0,
  isAuthoritative: true,
  isTruncated: false,
  hasOpt: false,
  bytes: 0,
  answers: records.map((each) => ({ name: 'WWW.example.com', ttl: 300, class: 1, ...each }) as Resource),
  authorities: [],
  additionals: [],
  ...more,
});
const { A, AAAA, CNAME } = Packet.TYPE;

t.test(
  'an answer is read for the name alone, over TCP where it did not fit, and refused where it is none',
  async (t) => {
    const tcp: boolean[] = [];
    const ask: Ask = async (_, { type, tcp: isTcp = false }) => {
      tcp.push(isTcp);
      if (type === 'A' && !isTcp) return answer([], { isTruncated: true });
      const records = {
        A: [
          { type: A, address: '192.0.2.1' },
          { name: 'x.test', type: A, address: '192.0.2.66' },
        ],
      };
      return answer(type === 'A' ? records.A : [{ type: AAAA, address: '2001:db8::1', ttl: 60 }]);
    };
    t.same(await askNameserver('www.example.com.', '192.0.2.53', ask), {
      targets: ['192.0.2.1', '2001:db8::1'],
      ttlSeconds: 60,
      warnings: [],
    });
    t.same(tcp, [false, true, false]);
    const alias = answer([
      { type: CNAME, domain: 'LB.example.net' },
      { name: 'lb.example.net', type: A, address: '192.0.2.5' },
    ]);
    t.match(await askNameserver('www.example.com', '192.0.2.53', async () => alias), { targets: ['lb.example.net'] });
    const lame = answer([{ type: A, address: '192.0.2.1' }], { isAuthoritative: false });
    t.match(await askNameserver('www.example.com', '192.0.2.53', async () => lame), { warnings: [/TTLs count down/] });
    const refusals: [Awaited<ReturnType<Ask>>, RegExp, number?][] = [
      [{ error: 'nobody listens there' }, /192\.0\.2\.53: nobody listens there/, EXIT.UNAVAILABLE],
      [answer([], { rcode: 3 }), /no name www\.example\.com/],
      [answer([], { rcode: 5 }), /RCODE 5/],
      [answer([]), /no A, AAAA or CNAME records/],
    ];
    for (const [reply, message, exitCode = EXIT.REFUSED] of refusals) {
      await t.rejects(
        askNameserver('www.example.com', '192.0.2.53', async () => reply),
        { exitCode, message },
      );
    }
  },
);
