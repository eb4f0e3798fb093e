/** Fifteen resolvers through a release: the drain report's time is the moment from which none answers the old pool. */
import t from 'tap';
import { DRAIN_MARGIN_SECONDS } from '../../src/model/drain.ts';
import { type FarmRun, runFarm, type Sample, type ServiceRun } from './farm/run.ts';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function answersOf({ samples }: FarmRun, service: number): Sample[] {
  return samples.filter((sample) => sample.service === service);
}

const lastStepAtMs = ({ steps }: ServiceRun): number => steps.at(-1)?.atMs ?? Number.POSITIVE_INFINITY;

t.test('a release behind resolvers of five kinds, with and without a lowered TTL', async (t) => {
  const run = await runFarm((message) => t.comment(message));
  t.ok(run.resolvers.length >= 14, `${run.resolvers.length} resolvers`);
  for (const [service, facts] of run.services.entries()) {
    const answers = answersOf(run, service);
    const percents = facts.steps.map(({ percent }) => percent);
    t.same(percents, [10, 40, 100], `${facts.name}: all steps were taken`);

    const late = answers.filter(({ askedAtMs }) => askedAtMs >= facts.drainedAtMs);
    const resolvers = new Set(late.map(({ resolver }) => resolver));
    t.equal(resolvers.size, run.resolvers.length, 'every resolver was asked after the drain report’s time');
    t.same(
      late.filter(({ pool }) => pool === 'blue'),
      [],
      `after it, none of ${late.length} answers was blue`,
    );
    const settling = answers.filter(({ answeredAtMs }) => {
      return answeredAtMs > lastStepAtMs(facts) && answeredAtMs < facts.drainedAtMs;
    });
    const held = new Set(settling.filter(({ pool }) => pool === 'blue').map(({ resolver }) => resolver));
    t.ok(held.size > 0, `between the last step and then, ${held.size} resolvers still gave blue`);

    const { distinct, notBack } = facts.resolvers;
    t.same(
      { distinct, notBack },
      { distinct: run.resolvers.length, notBack: 0 },
      'the report has counted them, and all have come back',
    );

    const untilFirst = answers.filter(({ answeredAtMs }) => answeredAtMs < (facts.steps[0]?.atMs ?? 0));
    t.notOk(
      untilFirst.some(({ pool }) => pool === 'green'),
      'nothing was green before the first step',
    );
    const inForce = answers.filter(({ askedAtMs, answeredAtMs }) => {
      return askedAtMs > (facts.steps[0]?.atMs ?? 0) && answeredAtMs < lastStepAtMs(facts);
    });
    const longest = Math.max(...inForce.map(({ ttlSeconds }) => ttlSeconds));
    t.equal(
      longest,
      facts.releaseTtlSeconds,
      'from the first step to the last, no cache has more than the TTL of the release',
    );
  }

  const [lowered, unlowered] = run.services as [ServiceRun, ServiceRun];
  const drainMs = (facts: ServiceRun): number => facts.drainedAtMs - lastStepAtMs(facts);
  const wholeMs = (facts: ServiceRun): number => facts.drainedAtMs - run.beganAtMs;
  const say = (facts: ServiceRun): string => `${seconds(drainMs(facts))} after 100%, ${seconds(wholeMs(facts))} in all`;
  t.comment(`${lowered.name} is drained ${say(lowered)}; ${unlowered.name} ${say(unlowered)}`);
  for (const facts of [lowered, unlowered]) {
    // From the last answer, since blue is answered until the last step is published, however busy the machine is.
    const waitMs = facts.drainedAtMs - facts.lastAnswerAtMs;
    const mostMs = 1000 * (facts.releaseTtlSeconds + DRAIN_MARGIN_SECONDS + 1);
    t.ok(waitMs < mostMs, `the wait is the TTL in force, its margin, and a part of a second: ${seconds(waitMs)}`);
  }
  t.ok(wholeMs(lowered) < wholeMs(unlowered), 'of several steps, even the wait for the old TTL is won back');
});
