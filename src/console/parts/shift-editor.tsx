/** The weights of a service: sliders, exact numbers, and the confirmation of a shift. */
import { useState } from 'preact/hooks';
import { segment } from '../api/client.ts';
import type { Service, Weights } from '../api/types.ts';
import { describeShares, percent, sameWeights, sharesOf, slide, slideTotal, weightsFault } from '../rules/shares.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import type { Resource } from '../state/resource.ts';
import { Dialog, DialogEnd, Message } from './controls.tsx';
import { EffectView } from './effect-view.tsx';
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
  const pools = Object.keys(service.pools);
  const current: Weights = Object.fromEntries(pools.map((pool) => [pool, service.pools[pool]?.weight ?? 0]));
  const [draft, setDraft] = useState<Draft>();
  // Sliders move the other pools in the proportions that they had when the first was touched.
  const [start, setStart] = useState<Weights>(current);
  const [isConfirming, setConfirming] = useState(false);
  const values = draft ?? current;
  const fault = weightsFault(values);
  const whole = fault === undefined ? (values as Weights) : undefined;
  const isChanged = whole === undefined || !sameWeights(whole, current);

  const moveSlider = (pool: string, value: number): void => {
    const from = draft === undefined ? current : start;
    if (draft === undefined) setStart(current);
    setDraft(slide(from, pool, value));
  };
  const typeNumber = (pool: string, text: string): void => {
    const next = { ...values, [pool]: /^\d{1,6}$/.test(text.trim()) ? Number(text) : undefined };
    setDraft(next);
    if (weightsFault(next) === undefined) setStart(next as Weights);
  };

  // Whoever is confirming a shift is told why it is refused, not left before a dialog that vanished.
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
        if (whole !== undefined && isChanged) setConfirming(true);
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
      <div class="row">
        <button type="submit" class="primary" disabled={whole === undefined || !isChanged}>
          Review the shift…
        </button>
        <button type="button" disabled={draft === undefined} onClick={() => setDraft(undefined)}>
          Reset
        </button>
        {!isChanged && <span class="hint">Move a slider or type a weight.</span>}
      </div>
      {isConfirming && whole && (
        <ConfirmShift
          {...props}
          after={whole}
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
  service: Service;
  of: Resource<Service>;
  after: Weights;
  resolvers: number | undefined;
  onClose: () => void;
  onDone: () => void;
}) {
  const { service, of, after } = props;
  const action = useAction();
  const confirm = async (): Promise<void> => {
    const path = `/v1/services/${segment(service.name)}/weights`;
    const isDone = await action.run(path, { method: 'PUT', body: after, ifMatch: of.etag });
    // Done or refused, the page shows what is in force.
    await of.reload();
    if (!isDone) return;
    note('done', `${service.name} shifted: ${describeShares(after)}. Every new answer follows.`);
    props.onDone();
  };
  return (
    <Dialog title={`Shift ${service.name}?`} onClose={props.onClose}>
      <EffectView service={service} after={after} resolvers={props.resolvers} />
      <DialogEnd action={action} onCancel={props.onClose} onAct={confirm}>
        {action.isBusy ? 'Shifting…' : 'Shift now'}
      </DialogEnd>
    </Dialog>
  );
}
