/** One release of several services: they move together, step by step, and back together. */
import { useState } from 'preact/hooks';
import type { Glance, Plan, Release, Step } from '../../contract/types.ts';
import { commonPools, releaseParts, seenOf } from '../rules/board.ts';
import { countText } from '../rules/format.ts';
import { weightsOf } from '../rules/services.ts';
import { describeShares } from '../rules/shares.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { Dialog, Message } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { Choice } from './fields.tsx';
import { isSettled, useLater, WhenFields } from './later.tsx';
import { FIRST_STEPS, HowChoice, OWN, PlanView } from './release-form.tsx';
import { allowed, Review, useHeld, useReviewed } from './review.tsx';
import { StepsEditor } from './steps-editor.tsx';

export function ReleaseMany(props: {
  glances: readonly Glance[];
  live: readonly Glance[];
  onClose: () => void;
  onDone: () => void;
}) {
  const { onClose } = props;
  const action = useAction();
  const { glances, isMoved, notice } = useReviewed(props, action);
  const pools = commonPools(glances);
  const [to, setTo] = useState(pools.at(-1) ?? '');
  const [preset, setPreset] = useState<string>('Canary10Percent5Minutes');
  const [steps, setSteps] = useState<readonly Step[]>(FIRST_STEPS);
  const [planned, setPlanned] = useState<{ readonly plan: Plan; readonly of: string }>();
  const when = useLater(action);
  const isLater = when.later.isLater;
  const { parts, frozen, choice } = useHeld(allowed(releaseParts(glances, to), 'release'), isLater);
  const services = parts.flatMap((part) => ('what' in part ? [part.glance.service.name] : []));
  const body = { services, seen: seenOf(parts), to, ...(preset === OWN ? { steps } : { preset }) };
  // A plan is one of what was seen: of others, or of what they are now, another one is asked for.
  const of = JSON.stringify(body);
  const plan = planned?.of === of ? planned.plan : undefined;
  const title = `Release ${countText(services.length, 'service')}`;
  const showPlan = (event: Event): void => {
    event.preventDefault();
    void action.run<Plan>('/v1/releases', { method: 'POST', body: { ...body, dryRun: true } }, (plan) =>
      setPlanned({ plan, of }),
    );
  };
  const start = async (): Promise<void> => {
    const asked = { ...body, ...(when.planned.kind === 'later' && when.planned.body) };
    const proposed = (): void => {
      props.onDone();
      onClose();
    };
    if (!(await action.run<Release>('/v1/releases', { method: 'POST', body: asked, proposed }))) return;
    note('done', `The release of ${services.join(', ')} to ${to} has begun.`);
    props.onDone();
    onClose();
  };
  const review = (
    <>
      <Review
        parts={parts}
        say={(_, { service }) => `now ${describeShares(weightsOf(service))}, to ${to} together`}
        holds={!isLater}
      />
      {choice}
    </>
  );
  if (plan !== undefined) {
    return (
      <Dialog title={`${title} to ${to}?`} isWide onClose={onClose}>
        {review}
        <PlanView name={services[0] ?? ''} plan={plan} isLater={isLater} />
        <WhenFields when={when} what="The release" />
        {notice}
        <DialogEnd
          action={action}
          cancel="Back"
          onCancel={() => (action.isBusy ? onClose() : setPlanned(undefined))}
          onAct={start}
          isHeld={services.length === 0 || isMoved || !isSettled(when.planned)}
          frozen={frozen}
        >
          {isLater ? 'Plan the release' : 'Start the release'}
        </DialogEnd>
      </Dialog>
    );
  }
  return (
    <Dialog title={title} isWide onClose={onClose}>
      <form class="stack" onSubmit={showPlan}>
        {pools.length === 0 ? (
          <Message tone="warn">The services that you chose have no pool in common.</Message>
        ) : (
          <div class="fields">
            <Choice
              label="Move traffic to"
              values={Object.fromEntries(pools.map((pool) => [pool, pool]))}
              value={to}
              onText={setTo}
            />
            <HowChoice preset={preset} onChoose={setPreset} />
          </div>
        )}
        {preset === OWN && <StepsEditor to={to} steps={steps} onChange={setSteps} />}
        {review}
        <p class="small">It is one release: a gate that fails takes all of them back.</p>
        {notice}
        <DialogEnd action={action} onCancel={onClose} isHeld={services.length === 0 || isMoved} isQuestion>
          Show the plan…
        </DialogEnd>
      </form>
    </Dialog>
  );
}
