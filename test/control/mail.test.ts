/** E-mail by a real SMTP server on loopback: what it is given, with and without TLS, and every way that it can refuse. */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import t, { type Test } from 'tap';
import { Mailer, type MailSettings } from '../../src/control/outbound/mail.ts';
import { NoReply } from '../../src/control/outbound/outbound.ts';
import { systemClock } from '../../src/server/system-clock.ts';
import { freePort } from '../fixtures/free-port.ts';
import { listen } from '../fixtures/http-server.ts';

const tls = {
  cert: readFileSync(new URL('../fixtures/tls/cert.pem', import.meta.url)),
  key: readFileSync(new URL('../fixtures/tls/key.pem', import.meta.url)),
};
const message = { id: 'msg_1', to: ['a@example.com', 'b@example.org'], subject: 'Zoë: ünder way', text: 'One\n.\nTwo' };

async function start(t: Test, options: SMTPServerOptions = {}) {
  const got: { from: string; to: string[]; text: string; secure: boolean; user: unknown }[] = [];
  const server = new SMTPServer({
    ...{ ...tls, authOptional: true, logger: false },
    onAuth: ({ username, password }, _session, done) =>
      password === 'right' ? done(null, { user: username }) : done(new Error('no')),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        const { secure, user } = session;
        got.push({
          from,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
          secure,
          user,
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise<void>((resolve) => server.close(resolve)));
  return { got, port: (server.server.address() as net.AddressInfo).port };
}

const mailer = (settings: Partial<MailSettings> & { port: number }, after = systemClock.after) =>
  new Mailer({ host: '127.0.0.1', tls: 'none', from: 'Teal <teal@example.com>', ...settings }, { after });

const send = (settings: Partial<MailSettings> & { port: number }) =>
  mailer(settings).send(message, new AbortController().signal);

t.test('a message arrives as it was meant', async (t) => {
  const { got, port } = await start(t);
  t.match(await send({ port }), { status: 250 });
  const [mail] = got;
  t.match(mail, { from: 'teal@example.com', to: ['a@example.com', 'b@example.org'], secure: false });
  t.match(mail?.text, /^From: Teal <teal@example\.com>\r$/m);
  t.match(mail?.text, /^To: a@example\.com, b@example\.org\r$/m);
  t.match(mail?.text, /^Message-ID: <msg_1@example\.com>\r$/m, 'the same for every attempt');
  t.match(mail?.text, /^Auto-Submitted: auto-generated\r$/m);
  t.match(mail?.text, /^Subject: =\?UTF-8\?/m);
  t.match(mail?.text, /One\r\n\.\r\nTwo/, 'a dot alone ends nothing');
});

t.test('who sends is shown over TLS only, to a server whose certificate holds', async (t) => {
  const { got, port } = await start(t);
  const login = { user: 'teal', password: 'right' };
  const refused = await send({ port, tls: 'starttls', ...login });
  t.match(refused, { reason: /certificate/ }, 'nobody vouches for this one');
  t.same(got, []);
  const plain = await start(t, { disabledCommands: ['STARTTLS'] });
  t.match(await send({ port: plain.port, tls: 'starttls', ...login }), { reason: /could not be sent: / });
  t.match(await send({ port, tls: 'tls', ...login }), { reason: /could not be sent: / });
  t.match(await send({ port: plain.port, tls: 'tls', ...login }), { reason: /could not be sent: / });
  const secure = await start(t, { secure: true });
  t.match(await send({ port: secure.port, tls: 'tls', ...login }), { reason: /certificate/ });
  t.same([...got, ...plain.got, ...secure.got], [], 'nothing goes in the clear where TLS is wanted');
});

t.test('each way to refuse is said, without the password', async (t) => {
  const reasonOf = async (reply: ReturnType<typeof send>): Promise<string> => {
    const got = await reply;
    return got instanceof NoReply ? got.reason : `took it: ${got.status}`;
  };
  const greedy = await start(t, { onRcptTo: (_address, _session, done) => done(new Error('nobody here')) });
  t.match(await reasonOf(send({ port: greedy.port })), /could not be sent: 550 nobody here/);
  const strict = await start(t, { allowInsecureAuth: true, hideSTARTTLS: true });
  const wrong = await reasonOf(send({ port: strict.port, user: 'teal', password: 'hunter2-hunter2' }));
  t.match(wrong, /could not be sent: 535/);
  t.notMatch(wrong, /hunter2/);
  const odd = await listen(
    t,
    net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  );
  t.match(await reasonOf(send({ port: Number(new URL(odd).port) })), /could not be sent: /);
  t.match(await reasonOf(send({ port: await freePort() })), /ECONNREFUSED/);
});

t.test('what some are refused is no success, and is tried again for them alone', async (t) => {
  let isFull = true;
  const { got, port } = await start(t, {
    onRcptTo: ({ address }, _session, done) =>
      done(isFull && address === 'b@example.org' ? new Error('mailbox is full') : null),
  });
  const mail = mailer({ port });
  const { signal } = new AbortController();
  const reply = await mail.send(message, signal);
  t.match(reply, { reason: 'could not be sent to b@example.org (550 mailbox is full); others have it' });
  t.match(
    await mail.send(message, signal),
    { reason: /^could not be sent: .*550 mailbox is full/ },
    'nobody else has it again',
  );
  const fewer = { ...message, to: ['a@example.com'] };
  t.match(await mail.send(fewer, signal), { status: 250 }, 'those who are left have it');
  isFull = false;
  t.match(await mail.send(message, signal), { status: 250 });
  t.match(await mail.send({ ...message, id: 'msg_2' }, signal), { status: 250 });
  const both = ['a@example.com', 'b@example.org'];
  t.same(
    got.map(({ to }) => to),
    [['a@example.com'], ['b@example.org'], both],
  );
  t.match(got[1]?.text, /^To: a@example\.com, b@example\.org\r$/m);
});

t.test('a server that never comes to an end is given up, and one that nobody waits for any more', async (t) => {
  const closed: Promise<void>[] = [];
  const dribbling = await listen(
    t,
    net.createServer((socket) => {
      socket.on('error', () => {});
      closed.push(new Promise((resolve) => socket.on('close', () => resolve())));
      socket.write('220 here\r\n');
      socket.on('data', () => void socket.write('250-more\r\n'));
    }),
  );
  const port = Number(new URL(dribbling).port);
  const soon = (ms: number, work: () => void) => systemClock.after(ms / 1000, work);
  const late = await mailer({ port }, soon).send(message, new AbortController().signal);
  t.match(late, { reason: 'was not taken by the mail server within 120 s' });
  const stop = new AbortController();
  const waiting = mailer({ port }).send(message, stop.signal);
  while (closed.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  t.match(await waiting, { reason: 'was not waited for' });
  t.match(await mailer({ port }).send(message, stop.signal), { reason: 'was not waited for' });
  await Promise.all(closed);
  t.equal(closed.length, 2, 'no connection is left');
});
