/** What Slack, Teams, PagerDuty and mail servers are sent: the shapes that each documents, and nobody's markup but ours. */
import t, { type Test } from 'tap';
import { bodyOf, mailIn, withRoutingKey } from '../../src/control/webhooks/kinds.ts';
import { saidAs } from '../../src/control/webhooks/message.ts';
import { type Notice, noticeOf, testNotice } from '../../src/control/webhooks/notice.ts';
import { makeWebhook, WEBHOOK_KINDS, WEBHOOK_TRIGGERS, type WebhookTrigger } from '../../src/model/webhook.ts';
import { contentTypeOf, FIELDS, filled, templateFault } from '../../src/model/webhook-template.ts';

const AT = '2026-11-24T12:00:00.000Z';
/** What somebody writes who wants to be heard by all, or to look like us. */
const HOSTILE =
  '<!channel> *a* _b_ ~c~ `d` & [x](https://evil.test) <https://evil.test|ok>\r\nBcc: all@example.com "\\ \u202e';

const release = (
  trigger: WebhookTrigger,
  more: object = {},
  services: readonly string[] = ['app.example.com'],
): Notice =>
  noticeOf(
    trigger,
    { trigger, services, release: { id: '12', state: 'aborted', message: 'A gate failed.', revision: 18, ...more } },
    AT,
  );
const change = (more: object = {}): Notice =>
  noticeOf(
    'on-revision',
    { revision: 17, actor: 'person:ann@example.com', kind: 'shift', summary: 'app blue 100→0', services: [], ...more },
    AT,
  );
const zone = (trigger: WebhookTrigger): Notice =>
  noticeOf(trigger, { trigger, zone: 'example.com', stage: 'ds', status: 'Put the DS.', ds: [] }, AT);

const nodes = (trigger: WebhookTrigger, more: object): Notice =>
  noticeOf(trigger, { node: 'ns1', behind: [], silent: [], lost: [], back: [], ...more }, AT);

/** Every notice there is, and those with everything that is long or hostile. */
const signatures = (trigger: WebhookTrigger): Notice =>
  noticeOf(trigger, { trigger, zone: 'example.com', ends: AT, message: HOSTILE }, AT);

const notices: readonly Notice[] = [
  ...WEBHOOK_TRIGGERS.map((trigger) => {
    if (trigger === 'on-revision') return change();
    if (trigger.startsWith('on-node')) return nodes(trigger, { silent: [HOSTILE], lost: [HOSTILE], back: ['ns2'] });
    if (trigger.startsWith('on-signatures')) return signatures(trigger);
    return trigger.startsWith('on-ds') ? zone(trigger) : release(trigger);
  }),
  testNotice('oncall', AT),
  release('on-release-aborted', { message: HOSTILE, id: HOSTILE, state: HOSTILE }, [HOSTILE]),
  release('on-release-aborted', { message: '&<>*'.repeat(5000) }, Array(500).fill('x'.repeat(250))),
  change({
    reason: HOSTILE,
    summary: HOSTILE,
    actor: HOSTILE,
    links: Array(10).fill(`https://evil.test/?a=1&b=<|>${'x'.repeat(200)}`),
  }),
  change({ reason: '&'.repeat(500), links: Array(10).fill(`https://a.test/${'x'.repeat(2000)}`) }),
];

/** Calls `look` with each text in a value, wherever it stands. */
function eachText(value: unknown, look: (text: string, key: string) => void, key = ''): void {
  if (typeof value === 'string') look(value, key);
  else if (typeof value === 'object' && value !== null)
    for (const [name, each] of Object.entries(value)) eachText(each, look, name);
}

t.test('Slack: blocks within their limits, and no mention, link or mark of a stranger', async (t) => {
  for (const notice of notices) {
    const { text, attachments } = JSON.parse(bodyOf('slack', notice));
    t.ok(text.length > 0);
    t.equal(attachments.length, 1);
    t.match(attachments[0].color, /^#[0-9a-f]{6}$/);
    const [head, ...others] = attachments[0].blocks;
    t.match(head, { type: 'header', text: { type: 'plain_text' } });
    t.ok(head.text.text.length <= 150, 'a header has at most 150 characters');
    for (const block of others) {
      t.ok(['section', 'context'].includes(block.type));
      if (block.type === 'section') t.ok(block.text.text.length <= 3000 && block.text.text.length > 0);
      if (block.type === 'context') t.ok(block.elements.length <= 10);
      eachText(block, (shown, key) => {
        if (key !== 'text') return;
        t.notMatch(shown, /<(?!https?:\/\/[^<>|\s]+>)/, 'only whole links of ours begin with <');
        t.notMatch(shown, /&(?!amp;|lt;|gt;)/, 'no entity is cut');
      });
    }
    t.notMatch(text, /[<>]/);
  }
});

t.test('Teams: a message with one Adaptive Card, as Workflows takes it', async (t) => {
  for (const notice of notices) {
    const body = bodyOf('teams', notice);
    t.ok(Buffer.byteLength(body) <= 28 * 1024, `a message has at most 28 KB, not ${Buffer.byteLength(body)}`);
    const { type, attachments } = JSON.parse(body);
    t.equal(type, 'message');
    const [{ contentType, content }] = attachments;
    t.equal(contentType, 'application/vnd.microsoft.card.adaptive');
    t.match(content, { type: 'AdaptiveCard', version: '1.4' });
    for (const block of content.body) t.ok(['TextBlock', 'FactSet'].includes(block.type));
    for (const action of content.actions) t.match(action, { type: 'Action.OpenUrl', url: /^https?:/ });
    t.ok(content.actions.length <= 6);
    eachText(content.body, (shown, key) => {
      if (key === 'text' || key === 'value')
        t.notMatch(shown, /(?<!\\)(?:\\\\)*[[\]*_`<]/, 'signs of Markdown are escaped');
    });
  }
});

t.test('PagerDuty: Events API v2, one incident for what belongs together, which ends it', async (t) => {
  for (const notice of notices) {
    const event = JSON.parse(withRoutingKey(bodyOf('pagerduty', notice), 'R0KEY'));
    t.equal(event.routing_key, 'R0KEY');
    t.ok(event.dedup_key.length > 0 && event.dedup_key.length <= 255);
    if (event.event_action === 'resolve') continue;
    t.equal(event.event_action, 'trigger');
    const { summary, source, severity, timestamp } = event.payload;
    t.ok(summary.length > 0 && summary.length <= 1024 && source.length > 0);
    t.ok(['critical', 'error', 'warning', 'info'].includes(severity));
    t.equal(timestamp, AT);
    for (const link of event.links) t.match(link, { href: /^https?:/, text: String });
  }
  const of = (notice: Notice) => JSON.parse(bodyOf('pagerduty', notice));
  t.match(of(release('on-release-aborted')), {
    event_action: 'trigger',
    dedup_key: 'teal/release/12',
    payload: { severity: 'error' },
  });
  t.match(of(release('on-release-completed')), { event_action: 'resolve', dedup_key: 'teal/release/12' });
  t.match(of(release('on-release-started')), { event_action: 'resolve' }, 'it was begun again');
  t.match(of(zone('on-ds-needed')), {
    event_action: 'trigger',
    dedup_key: 'teal/zone/example.com',
    payload: { severity: 'warning' },
  });
  t.match(of(zone('on-ds-seen')), { event_action: 'resolve', dedup_key: 'teal/zone/example.com' });
  const incident = 'teal/signatures/example.com';
  t.match(of(signatures('on-signatures-ending')), { dedup_key: incident, payload: { severity: 'warning' } });
  t.match(of(signatures('on-signatures-ended')), {
    event_action: 'trigger',
    dedup_key: incident,
    payload: { severity: 'error', summary: 'example.com: validators refuse its signatures' },
  });
  t.match(of(signatures('on-signatures-renewed')), { event_action: 'resolve', dedup_key: incident });
  t.match(of(nodes('on-node-lost', { silent: ['ns3'], lost: ['ns3'] })), {
    event_action: 'trigger',
    dedup_key: 'teal/fleet',
    payload: { severity: 'error', summary: 'Nodes of the fleet do not keep up: ns3' },
  });
  t.match(of(nodes('on-node-back', { behind: ['ns2'], back: ['ns3'] })), {
    event_action: 'trigger',
    payload: { severity: 'warning', summary: 'Keeping up again: ns3' },
  });
  t.match(of(nodes('on-node-back', { back: ['ns2'] })), { event_action: 'resolve', dedup_key: 'teal/fleet' });
});

t.test('e-mail: a subject of one line, and text', async (t) => {
  for (const notice of notices) {
    const mail = mailIn(bodyOf('email', notice));
    if (mail === undefined) return t.fail('it is one');
    t.match(mail.subject, /^\[Teal\] [^\r\n\u2028\u202e]+$/);
    t.ok(mail.subject.length <= 150);
    t.ok(mail.text.includes(notice.at));
  }
  t.equal(mailIn('{}'), undefined);
  t.equal(mailIn('x'), undefined);
  const mail = mailIn(bodyOf('email', change({ reason: 'CHG-17', links: ['https://a.test/1'] })));
  t.match(
    mail?.text,
    /person:ann@example\.com: app blue 100→0\n\n.*reason: CHG-17\n\nhttps:\/\/a\.test\/1\n\non-revision/s,
  );
});

function fault(t: Test, template: string, words: RegExp): void {
  const problem = templateFault(template);
  t.match([problem?.code, problem?.pointer, problem?.detail], ['webhook_invalid', '/template', words]);
}

t.test('templates: names in braces, escaped in JSON, and told where they are wrong', async (t) => {
  for (const notice of notices) {
    const { fields } = notice;
    const json = `{"all":[${FIELDS.map((field) => `"a {${field}} b"`).join(',')}],"deep":{"n":1}}`;
    t.same(
      JSON.parse(filled(json, fields)).all,
      FIELDS.map((field) => `a ${fields[field]} b`),
    );
    t.equal(filled('{title} is {x', fields), `${fields.title} is {x`);
  }
  t.equal(templateFault('{"text":"{title}"}'), undefined);
  t.equal(templateFault('{title}: {text}'), undefined, 'text that begins with a name is no JSON');
  t.equal(templateFault('[{"a":{}}]'), undefined);
  fault(t, '{"text":"{titel}"}', /no \{titel\}; what it can name is \{trigger\} \{title\}/);
  fault(t, '{constructor}', /no \{constructor\}/);
  fault(t, '{"text":{title}}', /begins like JSON and is none/);
  fault(t, '{"text":"{title}"', /begins like JSON/);
  fault(t, ' ', /text or JSON of at most 16384/);
  fault(t, 'x'.repeat(16_385), /not 16385/);
  t.equal(contentTypeOf('{"a":1}'), 'application/json');
  t.equal(contentTypeOf('{title}'), 'text/plain; charset=utf-8');
  t.match(JSON.parse(saidAs({}, testNotice('a', AT))), { type: 'test', timestamp: AT, data: { message: /was tried/ } });
});

t.test('a webhook of each kind is as that kind wants it', async (t) => {
  const make = (more: object) => makeWebhook('a', { url: 'https://a.test/', triggers: ['on-revision'], ...more });
  for (const kind of WEBHOOK_KINDS) {
    const secret = { plain: {}, pagerduty: { secret: 'R0'.repeat(16) } }[kind as string] ?? {};
    const url = kind === 'email' ? 'mailto:a@example.com, b+c@example.org' : 'https://a.test/';
    const made = make({ kind, url, ...secret });
    t.match(made, { name: 'a', url: kind === 'email' ? 'mailto:a@example.com,b+c@example.org' : url }, kind);
    t.equal((made as { kind?: string }).kind, kind === 'plain' ? undefined : kind, 'those of before stay as they were');
  }
  const wrong: readonly [object, RegExp][] = [
    [{ kind: 'email' }, /mailto: and 1 to 20 addresses/],
    [{ kind: 'email', url: 'mailto:' }, /mailto:/],
    [{ kind: 'email', url: 'mailto:a@b.test\r\nBcc: c@d.test' }, /mailto:/],
    [{ kind: 'email', url: 'mailto:a@b.test?cc=c@d.test' }, /mailto:/],
    [{ kind: 'email', url: `mailto:${Array(21).fill('a@b.test').join(',')}` }, /1 to 20/],
    [{ kind: 'slack', url: 'mailto:a@b.test' }, /http or https URL/],
    [{ kind: 'slack', secret: 'whsec_x' }, /kind slack has no secret/],
    [{ kind: 'pagerduty', secret: 'no key' }, /integration key/],
    [{ kind: 'teams', template: 'x' }, /A template is for webhooks of the kind plain/],
  ];
  for (const [more, words] of wrong) t.match((make(more) as { detail?: string }).detail, words);
});
