/** Starting a release: to which pool, by a preset or by steps of one's own, and what it will do when. */
import { useState } from 'preact/hooks';
import type { Plan, Release, Service, Step } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { shownOf } from '../rules/services.ts';
import { percent } from '../rules/shares.ts';
import { PRESETS, presetText } from '../rules/steps.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { useGround } from '../state/ground.ts';
import type { Resource } from '../state/resource.ts';
import { Clock } from './clock.tsx';
import { Dialog, Field, Message, Scroll } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { useFrozen } from './emergency.tsx';
import { Choice } from './fields.tsx';
import { GroundMoved } from './ground-moved.tsx';
import { isSettled, useLater, WhenFields } from './later.tsx';
import { StepsEditor } from './steps-editor.tsx';

export const OWN = 'own';
export const FIRST_STEPS: readonly Step[] = [
  { setWeight: 10 },
  { pause: { duration: '5m' } },
  { setWeight: 50 },
  { pause: {} },
  { setWeight: 100 },
];

export function ReleaseForm(props: { of: Resource<Service>; onClose: () => void; onStarted: () => void }) {
  const { onClose } = props;
  const ground = useGround<Service>(props.of);
  const service = ground.body as Service;
  const pools = Object.keys(service.pools);
  // A release moves traffic to where the least of it is.
  const [to, setTo] = useState(pools.reduce((a, b) => ((service.shares[b] ?? 0) < (service.shares[a] ?? 0) ? b : a)));
  const [preset, setPreset] = useState<string>('Canary10Percent5Minutes');
  const [steps, setSteps] = useState<readonly Step[]>(FIRST_STEPS);
  const [plan, setPlan] = useState<Plan>();
  const action = useAction();
  const when = useLater(action);
  const frozen = useFrozen(service.name);
  const isLater = when.later.isLater;
  const path = `/v1/services/${segment(service.name)}/releases`;
  const body = { to, ...(preset === OWN ? { steps } : { preset }) };

  const showPlan = (event: Event): void => {
    event.preventDefault();
    const dryRun = { ...body, dryRun: true };
    void action.run<Plan>(path, { method: 'POST', body: dryRun, ifMatch: ground.etag }, setPlan);
  };
  const start = async (): Promise<void> => {
    const planned = { ...body, ...(when.planned.kind === 'later' && when.planned.body) };
    const change = { method: 'POST', body: planned, ifMatch: ground.etag, proposed: onClose } as const;
    const isDone = await action.run<Release>(path, change);
    void props.of.reload();
    if (!isDone) return;
    note('done', `The release of ${service.name} to ${to} has begun.`);
    props.onStarted();
    onClose();
  };

  // A plan is one of what was seen: what is in force now may have another.
  const isHeld = ground.moved !== undefined && !action.isBusy;
  const look = (): void => {
    if (ground.moved?.body === undefined) return onClose();
    ground.take();
    const now = Object.keys(ground.moved.body.pools);
    if (!now.includes(to)) setTo(now[0]);
    setPlan(undefined);
    action.clear();
  };
  const notice = isHeld && (
    <GroundMoved
      what={service.name}
      opened={shownOf(service)}
      now={shownOf(ground.moved?.body)}
      etag={ground.etag}
      isAbout={({ kind, name }) => kind === 'service' && name === service.name}
      onTheirs={look}
      theirsText={ground.moved?.body === undefined ? 'Close' : 'Plan it for what is in force'}
    />
  );

  if (plan !== undefined) {
    return (
      <Dialog title={`Release ${service.name} to ${to}?`} isWide onClose={onClose}>
        {notice || <PlanView name={service.name} plan={plan} isLater={isLater} />}
        <WhenFields when={when} what="The release" />
        <DialogEnd
          action={action}
          cancel="Back"
          onCancel={() => (action.isBusy ? onClose() : setPlan(undefined))}
          onAct={start}
          isHeld={isHeld || !isSettled(when.planned)}
          frozen={isLater ? [] : frozen}
        >
          {isLater ? 'Plan the release' : service.approval === 'required' ? 'Propose the release' : 'Start the release'}
        </DialogEnd>
      </Dialog>
    );
  }
  return (
    <Dialog title={`Release ${service.name}`} isWide onClose={onClose}>
      <form class="stack" onSubmit={showPlan}>
        {notice}
        <div class="fields">
          <Field label="Move traffic to">
            {(ids) => (
              <select {...ids} value={to} onChange={(event) => setTo(event.currentTarget.value)}>
                {pools.map((pool) => (
                  <option key={pool}>{pool}</option>
                ))}
              </select>
            )}
          </Field>
          <HowChoice preset={preset} onChoose={setPreset} />
        </div>
        {preset === OWN && <StepsEditor to={to} steps={steps} onChange={setSteps} />}
        <DialogEnd action={action} onCancel={onClose} isHeld={isHeld} isQuestion>
          Show the plan…
        </DialogEnd>
      </form>
    </Dialog>
  );
}

export function HowChoice({ preset, onChoose }: { preset: string; onChoose: (preset: string) => void }) {
  const presets = Object.fromEntries(PRESETS.map((name) => [name, presetText(name)]));
  return <Choice label="How" values={{ ...presets, [OWN]: 'Steps of my own' }} value={preset} onText={onChoose} />;
}

/** `isLater`: its times are those of a release that would begin now. */
export function PlanView({ name, plan, isLater = false }: { name: string; plan: Plan; isLater?: boolean }) {
  const rows = plan.plan;
  return (
    <>
      {plan.warnings.map(({ code, message }) => (
        <Message key={code} tone="warn">
          {message}
        </Message>
      ))}
      <p>
        Nothing has been done yet. If every gate passes, and every pause without an end is promoted at once
        {isLater && ', begun now'}:
      </p>
      <Scroll>
        <table>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">{plan.to}</th>
              <th scope="col">What</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ at, certain, services, message }, i) => (
              <tr key={i}>
                <td>
                  {!certain && <span class="quiet">not before </span>}
                  <Clock at={at} />
                </td>
                <td>
                  <strong>{percent(services[name]?.shares[plan.to] ?? 0)}</strong>
                </td>
                <td>{message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}
