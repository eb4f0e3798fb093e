/** Health checks as users write them: what is filled in, and what is refused with which words. */
import t from 'tap';
import { Problem } from '../../src/model/errors.ts';
import {
  type HealthBody,
  type HealthCheck,
  hostPortOf,
  makeHealthCheck,
  parseHostPort,
} from '../../src/model/health.ts';
import { type HttpCheckBody, judgeAnswer, makeHttpCheck } from '../../src/model/health-http.ts';

const checked = { name: 'app.example.com', targets: ['192.0.2.10', '2001:db8::10'] };

function made(body: HealthBody): HealthCheck {
  const check = makeHealthCheck(body, checked);
  if (check instanceof Problem) throw new Error(check.detail);
  return check;
}

t.test('what is left out is filled in', async (t) => {
  t.same(made({ http: {} }), {
    http: {
      scheme: 'http',
      port: 80,
      method: 'GET',
      path: '/',
      host: 'app.example.com',
      headers: {},
      maxRedirects: 0,
      verifyCertificate: true,
    },
    intervalSeconds: 5,
    timeoutSeconds: 2,
    rise: 2,
    fall: 3,
  });
  t.match(made({ http: { scheme: 'https' } }), { http: { port: 443 } });
  t.same(made({ tcp: { port: 5432 }, rise: 1 }), {
    tcp: { port: 5432 },
    intervalSeconds: 5,
    timeoutSeconds: 2,
    rise: 1,
    fall: 3,
  });
});

t.test('everything that can be said is kept, in one spelling', async (t) => {
  const http = {
    scheme: 'https',
    port: 8443,
    method: 'POST',
    path: '/healthz?deep=1',
    host: 'App.Example.COM.',
    headers: { 'X-Probe': 'teal', 'User-Agent': 'probe/1' },
    expectStatus: [200, 204],
    expectBody: 'ok',
    maxRedirects: 2,
    verifyCertificate: false,
  };
  const check = made({ http, probe: { '2001:DB8:0::10': '10.0.0.10:81', '192.0.2.10': '[FD00::1]:82' } });
  t.same(check.http, {
    ...http,
    host: 'app.example.com',
    headers: { 'x-probe': 'teal', 'user-agent': 'probe/1' },
  });
  t.same(check.probe, { '2001:db8::10': '10.0.0.10:81', '192.0.2.10': '[fd00::1]:82' });
  t.same(made(check), check, 'what GET says can be put again');
});

t.test('where a target is asked', async (t) => {
  const check = made({ http: { port: 8080 }, probe: { '192.0.2.10': 'origin.example.net' } });
  t.same(hostPortOf(check, '192.0.2.10'), { host: 'origin.example.net', port: 8080 });
  t.same(hostPortOf(check, '2001:db8::10'), { host: '2001:db8::10', port: 8080 });
  const other = made({ tcp: { port: 1 }, probe: { '192.0.2.10': '[fd00::1]:82', '2001:db8::10': 'fd00::2' } });
  t.same(hostPortOf(other, '192.0.2.10'), { host: 'fd00::1', port: 82 });
  t.same(hostPortOf(other, '2001:db8::10'), { host: 'fd00::2', port: 1 });
  t.same(parseHostPort('10.0.0.1:5'), { host: '10.0.0.1', port: 5 });
});

t.test('what is refused, where, and why', async (t) => {
  const refused: [HealthBody, string, RegExp][] = [
    [{}, '', /either http or tcp/],
    [{ http: {}, tcp: { port: 1 } }, '', /either http or tcp/],
    [{ tcp: { port: 0 } }, '/tcp/port', /1 to 65535, not 0/],
    [{ tcp: { port: 1.5 } }, '/tcp/port', /1 to 65535/],
    [{ http: {}, intervalSeconds: 0 }, '/intervalSeconds', /1 to 3600, not 0/],
    [{ http: {}, timeoutSeconds: 61, intervalSeconds: 100 }, '/timeoutSeconds', /1 to 60/],
    [{ http: {}, timeoutSeconds: 6 }, '/timeoutSeconds', /more than intervalSeconds 5/],
    [{ http: {}, rise: 11 }, '/rise', /1 to 10/],
    [{ http: {}, fall: 0 }, '/fall', /1 to 10/],
    [{ http: {}, fall: 1.5 }, '/fall', /whole number/],
    [{ http: {}, quorum: 0 }, '/quorum', /"majority", or a whole number of nodes from 1 to 50, not 0/],
    [{ http: {}, quorum: 51 }, '/quorum', /not 51/],
    [{ http: {}, quorum: 1.5 }, '/quorum', /not 1.5/],
    [{ http: {}, quorum: 'most' as never }, '/quorum', /not "most"/],
    [{ http: {}, probe: { '192.0.2.11': '10.0.0.1' } }, '/probe/192.0.2.11', /no target of app.*: these are 192/],
    [{ http: {}, probe: { '192.0.2.10': '10.0.0.1:0' } }, '/probe/192.0.2.10', /with a port if need be/],
    [{ http: {}, probe: { '192.0.2.10': '10.0.0.256' } }, '/probe/192.0.2.10', /address or a host name/],
    [{ http: {}, probe: { '192.0.2.10': 'http://x/' } }, '/probe/192.0.2.10', /address or a host name/],
    [{ http: {}, probe: { '192.0.2.10': '' } }, '/probe/192.0.2.10', /address or a host name/],
  ];
  for (const [body, at, detail] of refused) {
    const pointer = `/health${at}`;
    t.match(makeHealthCheck(body, checked), { code: 'health_invalid', pointer, detail }, JSON.stringify(body));
  }
});

t.test('what is refused of http', async (t) => {
  const headers = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x-${i}`, '']));
  const refused: [HttpCheckBody, string, RegExp][] = [
    [{ scheme: 'ftp' }, '/scheme', /http or https, not ftp/],
    [{ port: 65536 }, '/port', /1 to 65535/],
    [{ method: 'DELETE' }, '/method', /one of GET, HEAD/],
    [{ method: 'get' }, '/method', /one of GET, HEAD/],
    [{ path: 'healthz' }, '/path', /begins with \//],
    [{ path: '/a b' }, '/path', /without spaces/],
    [{ path: '/a\r\nX: y' }, '/path', /printable/],
    [{ path: '/#top' }, '/path', /and #/],
    [{ path: `/${'a'.repeat(2048)}` }, '/path', /begins with/],
    [{ host: 'a b' }, '/host', /host name or an IP address/],
    [{ host: 'example.com:80' }, '/host', /host name or an IP address/],
    [{ maxRedirects: 6 }, '/maxRedirects', /0 to 5/],
    [{ headers: { 'bad name': 'x' } }, '/headers/bad name', /no name of a header/],
    [{ headers: { HOST: 'x' } }, '/headers/HOST', /use host/],
    [{ headers: { 'Content-Length': '5' } }, '/headers/Content-Length', /cannot be set/],
    [{ headers: { a: 'x', A: 'y' } }, '/headers/A', /named twice/],
    [{ headers: { a: 'x\r\nb: y' } }, '/headers/a', /printable ASCII/],
    [{ headers }, '/headers', /at most 20 headers, not 21/],
    [{ expectStatus: [] }, '/expectStatus', /1 to 20 statuses/],
    [{ expectStatus: [100] }, '/expectStatus', /200 to 599/],
    [{ expectStatus: [200.5] }, '/expectStatus', /200 to 599/],
    [{ expectBody: '' }, '/expectBody', /1 to 1024/],
    [{ expectBody: 'ok', method: 'HEAD' }, '/expectBody', /HEAD has no body/],
  ];
  for (const [http, at, detail] of refused) {
    const pointer = `/health/http${at}`;
    t.match(makeHttpCheck(http, 'app.example.com'), { code: 'health_invalid', pointer, detail }, JSON.stringify(http));
  }
  t.match(makeHttpCheck({}, '*.example.com'), { code: 'health_invalid', detail: /say which host/ });
  t.match(makeHttpCheck({ host: 'www.example.com' }, '*.example.com'), { host: 'www.example.com' });
  t.match(makeHttpCheck({ host: '2001:DB8::1' }, '*.example.com'), { host: '2001:db8::1' });
});

t.test('which answers pass', async (t) => {
  const judge = (body: HttpCheckBody, status: number, text = '') => {
    const check = makeHttpCheck(body, 'app.example.com');
    if (check instanceof Problem) throw new Error(check.detail);
    const { isGood, reason } = judgeAnswer(check, status, text);
    return `${isGood}: ${reason}`;
  };
  for (const status of [200, 204, 299]) t.equal(judge({}, status), `true: answered ${status}`);
  t.equal(judge({}, 404), 'false: answered 404, not 2xx');
  t.match(judge({}, 302), /^false: answered 302, not 2xx; redirects are not followed/);
  t.equal(judge({ maxRedirects: 1 }, 302), 'false: answered 302, not 2xx');
  t.equal(judge({ expectStatus: [302] }, 302), 'true: answered 302');
  t.equal(judge({ expectStatus: [200, 401] }, 204), 'false: answered 204, not 200 or 401');
  t.equal(judge({ expectBody: 'ok' }, 200, 'all is ok here'), 'true: answered 200');
  t.equal(judge({ expectBody: 'ok' }, 200, 'OK'), 'false: answered 200 with a body that does not hold "ok"');
  t.equal(judge({ expectBody: 'ok' }, 500, 'ok'), 'false: answered 500, not 2xx');
});
