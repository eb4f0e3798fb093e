/** The weights of a service: sliders, exact numbers, and the confirmation of a shift. */

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Service, Weights, WeightsReply } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { movedFrom, type Seen, seenIn } from '../rules/ground.ts';
import { shownOf, weightsOf } from '../rules/services.ts';
import { describeShares, percent, sameWeights, sharesOf, slide, slideTotal, weightsFault } from '../rules/shares.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import type { Resource } from '../state/resource.ts';
import { Act } from './act.tsx';
import { Dialog, Message } from './controls.tsx';
import { DialogEnd } from './dialog-end.tsx';
import { EffectView } from './effect-view.tsx';
import { useFrozen } from './emergency.tsx';
import { GroundMoved } from './ground-moved.tsx';
import { isSettled, useLater, WhenFields } from './later.tsx';
import { PoolName, SplitBar } from './pools.tsx';

/** What stands in the fields; undefined where one is empty or no number. */
type Draft = Readonly<Record<string, number | undefined>>;

export function ShiftEditor(props: {
  service: Service;
  of: Resource<Service>;
  isReleasing: boolean;
  resolvers: number | undefined;
}) {
  const { service, isReleasing } = props;
  const live: Seen<Service> = { body: service, etag: props.of.etag };
  const [draft, setDraft] = useState<Draft>();
  // Taken together with the first touch of the draft, which is made to it and to nothing that comes later.
  const [taken, setTaken] = useState<Seen<Service>>(live);
  const ground = draft === undefined ? live : taken;
  const moved = draft === undefined ? undefined : movedFrom(taken, seenIn(props.of));
  const current = weightsOf(ground.body as Service);
  // Sliders move the other pools in the proportions that they had when the first was touched.
  const [start, setStart] = useState<Weights>(current);
  const [isConfirming, setConfirming] = useState(false);
  const values = draft ?? current;
  const pools = Object.keys(values);
  const fault = weightsFault(values);
  const whole = fault === undefined ? (values as Weights) : undefined;
  const isChanged = whole === undefined || !sameWeights(whole, current);

  const touch = (): void => {
    if (draft !== undefined) return;
    setTaken(live);
    setStart(current);
  };
  const moveSlider = (pool: string, value: number): void => {
    const from = draft === undefined ? current : start;
    touch();
    setDraft(slide(from, pool, value));
  };
  const typeNumber = (pool: string, text: string): void => {
    const next = { ...values, [pool]: /^\d{1,6}$/.test(text.trim()) ? Number(text) : undefined };
    touch();
    setDraft(next);
    if (weightsFault(next) === undefined) setStart(next as Weights);
  };

  const decide = (keepsMine: boolean): void => {
    const now = moved?.body && weightsOf(moved.body);
    setTaken(live);
    setDraft(keepsMine && now ? onPoolsOf(now, values) : undefined);
    if (!keepsMine) setConfirming(false);
  };
  const notice = moved && (
    <GroundMoved
      what={service.name}
      opened={shownOf(taken.body)}
      now={shownOf(moved.body)}
      mine={{ weights: values }}
      etag={taken.etag}
      isAbout={({ kind, name }) => kind === 'service' && name === service.name}
      onMine={moved.body && (() => decide(true))}
      onTheirs={() => decide(false)}
    />
  );

  // A user who is confirming a shift is told why it is refused, not left before a dialog that vanished.
  if (isReleasing && !isConfirming) {
    return (
      <Message tone="accent">
        A release is moving this service, and only it changes the weights. Abort it or roll back to change them by hand.
      </Message>
    );
  }
  return (
    <form
      class="weights"
      onSubmit={(event) => {
        event.preventDefault();
        if (whole !== undefined && isChanged && !moved) setConfirming(true);
      }}
    >
      {pools.map((pool) => (
        <WeightRow
          key={pool}
          pool={pool}
          pools={pools}
          weight={values[pool]}
          total={slideTotal(start)}
          share={whole && sharesOf(whole)[pool]}
          onSlide={(value) => moveSlider(pool, value)}
          onType={(text) => typeNumber(pool, text)}
        />
      ))}
      {whole && isChanged && <SplitBar shares={sharesOf(whole)} label="After the shift" size="thin" />}
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {!isConfirming && notice}
      <div class="row">
        <Act needs="shift" class="primary" disabled={whole === undefined || !isChanged || moved !== undefined}>
          Review the shift…
        </Act>
        <button type="button" disabled={draft === undefined} onClick={() => setDraft(undefined)}>
          Reset
        </button>
        {!isChanged && <span class="hint">Move a slider or type a weight.</span>}
      </div>
      {isConfirming && whole && (
        <ConfirmShift
          ground={ground}
          notice={notice}
          after={whole}
          of={props.of}
          resolvers={props.resolvers}
          onClose={() => setConfirming(false)}
          onDone={() => {
            setConfirming(false);
            setDraft(undefined);
          }}
        />
      )}
    </form>
  );
}

function WeightRow(props: {
  pool: string;
  pools: readonly string[];
  weight: number | undefined;
  total: number;
  share: number | undefined;
  onSlide: (value: number) => void;
  onType: (text: string) => void;
}) {
  const { pool, weight, total, share } = props;
  const [typed, setTyped] = useState<string>();
  return (
    <div class="weight-row">
      <PoolName pool={pool} pools={props.pools} />
      <input
        class="slider"
        type="range"
        min={0}
        max={Math.max(total, weight ?? 0)}
        value={weight ?? 0}
        aria-label={`Share of ${pool}`}
        aria-valuetext={`${pool} ${percent(share ?? 0)}, weight ${weight ?? 'not set'}`}
        onInput={(event) => {
          setTyped(undefined);
          props.onSlide(Number(event.currentTarget.value));
        }}
      />
      <input
        class="number"
        type="text"
        inputMode="numeric"
        aria-label={`Weight of ${pool}`}
        aria-invalid={weight === undefined}
        value={typed ?? weight ?? ''}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          props.onType(event.currentTarget.value);
        }}
        onBlur={() => weight !== undefined && setTyped(undefined)}
      />
      <output>{share === undefined ? '–' : percent(share)}</output>
    </div>
  );
}

function ConfirmShift(props: {
  /** What the shift is made to. */
  ground: Seen<Service>;
  /** That the ground has moved, and the way on. */
  notice: ComponentChildren;
  of: Resource<Service>;
  after: Weights;
  resolvers: number | undefined;
  onClose: () => void;
  onDone: () => void;
}) {
  const { ground, of, after, notice } = props;
  const service = ground.body as Service;
  const action = useAction();
  const when = useLater(action);
  const frozen = useFrozen(service.name);
  const isLater = when.later.isLater;
  const plan = async (body: object): Promise<void> => {
    const services = { [service.name]: after };
    // What is for a later time is a proposal until then.
    const isThere = await action.run('/v1/shifts', {
      method: 'POST',
      body: { services, ...body },
      ifMatch: ground.etag,
      proposed: props.onDone,
    });
    // Somebody else has just made it so: there is nothing to plan.
    if (isThere) props.onDone();
    void of.reload();
  };
  const confirm = async (): Promise<void> => {
    if (when.planned.kind === 'later') return plan(when.planned.body);
    const path = `/v1/services/${segment(service.name)}/weights`;
    const isMine = ({ weights }: WeightsReply): boolean => sameWeights(weights, after);
    const change = { method: 'PUT', body: after, ifMatch: ground.etag, isMine, proposed: props.onDone } as const;
    const isDone = await action.run<WeightsReply>(path, change);
    // Done or refused, the page shows what is in force; the dialog does not wait for that.
    void of.reload();
    if (!isDone) return;
    note('done', `${service.name} shifted: ${describeShares(after)}. Every new answer follows.`);
    props.onDone();
  };
  // A change that is seen while a shift is under way may be that very shift.
  const isHeld = notice !== undefined && !action.isBusy;
  useEffect(() => action.clear(), [ground.etag]);
  return (
    <Dialog title={`Shift ${service.name}?`} onClose={props.onClose}>
      {isHeld ? notice : <EffectView service={service} after={after} resolvers={props.resolvers} />}
      {service.approval === 'required' && (
        <Message tone="accent">This is proposed only: somebody else has to approve it before it is done.</Message>
      )}
      <WhenFields when={when} what="The shift" />
      <DialogEnd
        action={action}
        onCancel={props.onClose}
        onAct={confirm}
        isHeld={isHeld || !isSettled(when.planned)}
        frozen={isLater ? [] : frozen}
      >
        {isLater ? 'Plan the shift' : service.approval === 'required' ? 'Propose the shift' : 'Shift now'}
      </DialogEnd>
    </Dialog>
  );
}

/** The draft for the pools that there are now: one that is new has the weight that it has. */
function onPoolsOf(now: Weights, draft: Draft): Draft {
  return Object.fromEntries(Object.entries(now).map(([pool, weight]) => [pool, pool in draft ? draft[pool] : weight]));
}
