/** The contract stands on nothing: what it says of the model's and control's words and numbers is held equal to them here. */
import t from 'tap';
import { ForcedBody, HealthBody } from '../../src/contract/health.ts';
import { Release, ReleaseBody } from '../../src/contract/releases.ts';
import { ExplainQuery, Explanation } from '../../src/contract/services.ts';
import { TokenBody } from '../../src/contract/tokens.ts';
import type * as contract from '../../src/contract/types.ts';
import { WebhookBody } from '../../src/contract/webhooks.ts';
import { DRAWS_DEFAULT, DRAWS_MAX, EXPLAIN_REASONS, EXPLAINED_TYPES } from '../../src/control/explain.ts';
import { HEALTH_DEFAULTS } from '../../src/model/health.ts';
import { FORCED_DEFAULT_SECONDS, FORCED_MAX_SECONDS } from '../../src/model/health-forced.ts';
import { BODY_READ_MAX_BYTES, METHODS, REDIRECTS_MAX } from '../../src/model/health-http.ts';
import type { ReleaseReason, ReleaseState, Wait } from '../../src/model/release.ts';
import { ANALYSIS_DEFAULTS, PRESETS } from '../../src/model/release-steps.ts';
import { TOKEN_SCOPES } from '../../src/model/token.ts';
import { WEBHOOK_TRIGGERS } from '../../src/model/webhook.ts';

/** What stands at a path of a schema; names of properties and keywords alike. */
function at(schema: object, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], schema);
}

t.test('words', async (t) => {
  t.same(at(TokenBody, 'properties', 'scope', 'enum'), TOKEN_SCOPES);
  t.same(at(WebhookBody, 'properties', 'triggers', 'items', 'enum'), WEBHOOK_TRIGGERS);
  t.same(at(Explanation, 'properties', 'reason', 'enum'), EXPLAIN_REASONS);
  t.same(at(Explanation, 'properties', 'type', 'enum'), EXPLAINED_TYPES);
  t.same(at(ExplainQuery, 'properties', 'type', 'enum'), EXPLAINED_TYPES);
  t.match(at(ReleaseBody, 'properties', 'preset', 'description'), Object.keys(PRESETS).join(', '));
  const http = at(HealthBody, 'properties', 'http', 'properties') as object;
  t.match(at(http, 'method', 'description'), METHODS.join(', '));
});

/** Types that have the same values; the compiler refuses another. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

t.test('words that the model has as types only', async (t) => {
  const reasons: Same<contract.Release['reason'], ReleaseReason> = true;
  const states: Same<contract.Release['state'], ReleaseState> = true;
  const waits: Same<NonNullable<contract.Release['wait']>['kind'], Wait['kind']> = true;
  const loose: Same<'one', 'one' | 'two'> = false;
  t.same([reasons, states, waits, loose], [true, true, true, false]);
  t.ok((at(Release, 'properties', 'reason', 'enum') as string[]).length > 10);
});

t.test('numbers in descriptions', async (t) => {
  const numberIn = (description: unknown): number =>
    Number(/(\d+)(?: where left out|\.$)/.exec(String(description))?.[1]);
  for (const [name, value] of Object.entries(HEALTH_DEFAULTS))
    t.equal(numberIn(at(HealthBody, 'properties', name, 'description')), value, name);
  const analysis = at(ReleaseBody, 'properties', 'steps', 'items', 'properties', 'analysis', 'properties') as object;
  for (const [name, value] of Object.entries(ANALYSIS_DEFAULTS))
    t.equal(numberIn(at(analysis, name, 'description')), value, name);
  t.equal(numberIn(at(ExplainQuery, 'properties', 'draws', 'description')), DRAWS_DEFAULT);
  t.equal(at(ExplainQuery, 'properties', 'draws', 'maximum'), DRAWS_MAX);
  const forced = at(ForcedBody, 'properties', 'durationSeconds') as object;
  t.equal(at(forced, 'maximum'), FORCED_MAX_SECONDS);
  t.match(at(forced, 'description'), `${FORCED_DEFAULT_SECONDS} where left out, at most ${FORCED_MAX_SECONDS}`);
  const http = at(HealthBody, 'properties', 'http', 'properties') as object;
  t.equal(at(http, 'maxRedirects', 'maximum'), REDIRECTS_MAX);
  t.match(at(http, 'maxRedirects', 'description'), `up to ${REDIRECTS_MAX};`);
  t.match(at(http, 'expectBody', 'description'), `first ${BODY_READ_MAX_BYTES} bytes`);
});
