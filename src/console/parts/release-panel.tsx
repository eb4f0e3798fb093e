/** A release on the screen: its steps as a line of time, what it waits for, its gates, and the buttons that move it. */

import { useState } from 'preact/hooks';
import type { Release } from '../../contract/types.ts';
import { durationText, momentText } from '../rules/format.ts';
import { percent } from '../rules/shares.ts';
import { analysisOf, type StepState, stepStates, stepText } from '../rules/steps.ts';
import { type Action, useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import { self } from '../state/self.ts';
import { Act } from './act.tsx';
import { Clock } from './clock.tsx';
import { Badge, Card, Dialog, Message, Refusal, type Tone } from './controls.tsx';
import { DialogEnd, Late } from './dialog-end.tsx';
import { Emergency, isInTheWay, useFrozen } from './emergency.tsx';
import { Gates } from './gates.tsx';
import { GroundMoved } from './ground-moved.tsx';
import { useNow } from './now.ts';
import { Why } from './why.tsx';

const tones: Record<Release['state'], Tone> = {
  progressing: 'accent',
  paused: 'warn',
  completed: 'ok',
  aborted: 'danger',
};

/** `seen`: the last revision of its services that is on the page: what an approval is of. */
export function ReleasePanel(props: { name: string; release: Release; seen: number; onMoved: () => void }) {
  const { name, release, seen, onMoved } = props;
  const { state, to, services, message, createdAt } = release;
  const share = services[name]?.shares[to] ?? 0;
  const others = Object.keys(services).filter((other) => other !== name);
  return (
    <Card
      title={`Release to ${to}`}
      tools={
        <Badge tone={tones[state]}>
          {state} · {percent(share)}
        </Badge>
      }
    >
      <p>
        {message} <span class="quiet small">Begun {momentText(createdAt)}.</span>
        {others.length > 0 && <span class="quiet small"> Moves together with {others.join(', ')}.</span>}
      </p>
      <Why {...release.why} />
      {release.warnings.map(({ code, message }) => (
        <Message key={code} tone="warn">
          {message}
        </Message>
      ))}
      <div class="release-body">
        <Timeline release={release} />
        <div class="stack">
          <WaitCountdown release={release} />
          <ReleaseControls release={release} seen={Math.max(seen, release.revision)} onMoved={onMoved} />
        </div>
      </div>
    </Card>
  );
}

function WaitCountdown({ release: { wait } }: { release: Release }) {
  const until = wait?.until ?? null;
  const now = useNow(until !== null);
  if (until === null) return null;
  const left = (new Date(until).getTime() - now) / 1000;
  return (
    <div>
      <div class="countdown" role="timer">
        {left > 0 ? durationText(left) : 'any moment'}
      </div>
      <p class="quiet small">
        until the next step, at <Clock at={until} />
      </p>
    </div>
  );
}

const stepWords: Record<StepState, string> = {
  done: 'done',
  current: 'now',
  waiting: 'to come',
  failed: 'failed: the release was aborted here',
  stopped: 'the release was aborted here',
  skipped: 'not taken',
};

const stepMarks: Partial<Record<StepState, string>> = { done: '✓', failed: '✕', stopped: '■', skipped: '–' };

function Timeline({ release }: { release: Release }) {
  const states = stepStates(release);
  return (
    <ol class="timeline" aria-label="Steps">
      {release.steps.map((step, i) => {
        const state = states[i];
        const isSaid = state === 'failed' || state === 'stopped';
        return (
          // Steps have no names and never move.
          <li key={i} data-step={state} aria-current={state === 'current' ? 'step' : undefined}>
            <span class="dot" aria-hidden="true">
              {stepMarks[state] ?? i + 1}
            </span>
            <strong>{stepText(step, release.to)}</strong>
            <span class={isSaid ? 'step-word' : 'hidden-text'}>{stepWords[state]}</span>
            {step.analysis && (
              <Gates step={step.analysis} record={analysisOf(release, i)} count={release.analysis?.count} />
            )}
          </li>
        );
      })}
    </ol>
  );
}

type Verb = 'approve' | 'promote' | 'pause' | 'resume' | 'abort' | 'retry';

/** Which buttons a release has, and what each does, in the words of its state. */
function verbsOf({ state, reason, wait }: Release): readonly Verb[] {
  if (state === 'aborted') return ['retry'];
  if (state === 'completed') return [];
  if (reason === 'pause_requested') return ['resume', 'promote', 'abort'];
  if (wait?.kind === 'approval') return ['approve', 'pause', 'abort'];
  if (wait?.kind === 'inconclusive') return ['promote', 'resume', 'abort'];
  if (state === 'paused') return ['promote', 'pause', 'abort'];
  return ['pause', 'abort'];
}

/** Why a word cannot be said now, whoever may say it. */
function whyNotNow(verb: Verb, { askedBy = [], wait, message }: Release): string | undefined {
  if (verb === 'approve' && self.value !== undefined && askedBy.includes(self.value.person)) {
    return 'You asked for this release: somebody else approves it.';
  }
  return verb === 'promote' && wait?.kind === 'frozen' ? message : undefined;
}

const done: Record<Verb, string> = {
  approve: 'approved',
  promote: 'promoted',
  pause: 'paused',
  resume: 'resumed',
  abort: 'aborted: the weights are what they were before it',
  retry: 'begun again',
};

/** What was asked about, with the release as it was seen then. */
interface Asked {
  readonly what: 'abort' | 'full' | 'frozen';
  readonly release: Release;
}

/** An abort is the same whatever step the release is at; all else is said of the revision that was seen. */
function hasMoved({ what, release: seen }: Asked, now: Release): boolean {
  if (what !== 'abort') return seen.revision !== now.revision;
  const leadsTo = (release: Release) =>
    JSON.stringify(Object.entries(release.services).map(([, { before }]) => before));
  return now.state === 'completed' || now.state === 'aborted' || leadsTo(seen) !== leadsTo(now);
}

function ReleaseControls(props: { release: Release; seen: number; onMoved: () => void }) {
  const { release, onMoved } = props;
  const action = useAction();
  const [asked, setAsked] = useState<Asked>();
  const tell = async (verb: Verb, seen: Release, body: object = {}): Promise<void> => {
    // An approval says itself what it is of; and what stops a release is meant of any step, also of one taken just now.
    const isOfAny = verb === 'abort' || verb === 'pause' || verb === 'approve';
    const ifMatch = isOfAny ? undefined : `"${seen.revision}"`;
    const isDone = await action.run(`/v1/releases/${release.id}/${verb}`, { method: 'POST', body, ifMatch });
    if (isDone) {
      note('done', `The release to ${release.to} was ${done[verb]}.`);
      setAsked(undefined);
    }
    onMoved();
  };
  const verbs = verbsOf(release);
  const isFrozen = isInTheWay(action, []);
  if (verbs.length === 0 && asked === undefined) return null;
  return (
    <>
      {!asked && <Refusal failure={action.failure} />}
      {!asked && isFrozen && <Emergency action={action} frozen={[]} />}
      {!asked && <Late action={action} />}
      <div class="row">
        {verbs.map((verb) => (
          <Act
            key={verb}
            needs="release"
            not={whyNotNow(verb, release)}
            class={verb === 'abort' ? 'danger' : verb === verbs[0] && verb !== 'pause' ? 'primary' : undefined}
            disabled={action.isBusy}
            onClick={() => {
              action.sayOverride('');
              if (verb === 'abort') setAsked({ what: 'abort', release });
              else void tell(verb, release, verb === 'approve' ? { revision: props.seen } : {});
            }}
          >
            {capital(verb)}
            {verb === 'abort' && '…'}
          </Act>
        ))}
        {release.wait?.kind === 'frozen' && (
          <Act
            needs="release"
            class="danger"
            disabled={action.isBusy}
            onClick={() => setAsked({ what: 'frozen', release })}
          >
            In spite of the freeze…
          </Act>
        )}
        {verbs.length > 0 && release.state !== 'aborted' && release.wait?.kind !== 'approval' && (
          <Act
            needs="release"
            class="plain"
            disabled={action.isBusy}
            onClick={() => setAsked({ what: 'full', release })}
          >
            Promote to the end…
          </Act>
        )}
      </div>
      {asked && (
        <AskDialog
          asked={asked}
          release={release}
          action={action}
          onAct={() =>
            asked.what === 'abort'
              ? tell('abort', asked.release)
              : tell('promote', asked.release, asked.what === 'full' ? { full: true } : {})
          }
          onLook={() => {
            action.clear();
            setAsked({ ...asked, release });
          }}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}

interface Ask {
  readonly title: string;
  readonly text: (to: string) => string;
  readonly act: string;
  /** Why it is about the step that was seen, and no other. */
  readonly because?: string;
}

const asks: Record<Asked['what'], Ask> = {
  abort: {
    title: 'Abort the release?',
    text: () => 'All its services have the weights from before the release again, at one instant.',
    act: 'Abort now',
  },
  full: {
    title: 'Promote to the end?',
    text: (to) => `Every pause and gate that is left is skipped: ${to} gets the share of the last step at once.`,
    act: 'Promote now',
    because: 'What is skipped depends on the step that it is at, and on what its gates have said since.',
  },
  frozen: {
    title: 'Go on in spite of the freeze?',
    text: (to) => `The next step to ${to} is taken now, and no freeze holds the steps after it.`,
    act: 'Go on',
    because: 'Which step is taken depends on the one that it is at.',
  },
};

function AskDialog(props: {
  asked: Asked;
  release: Release;
  action: Action;
  onAct: () => Promise<void>;
  onLook: () => void;
  onClose: () => void;
}) {
  const { asked, release, action, onClose } = props;
  const frozen = useFrozen(Object.keys(release.services)[0]);
  const isOver = release.state === 'completed' || release.state === 'aborted';
  const isHeld = !action.isBusy && (isOver || hasMoved(asked, release));
  return (
    <Dialog title={asks[asked.what].title} onClose={onClose}>
      {isHeld && (
        <GroundMoved
          what={`the release to ${release.to}`}
          headline={`Meanwhile the release to ${release.to} went on, by itself or by somebody.`}
          because={asks[asked.what].because}
          opened={standingOf(asked.release)}
          now={standingOf(release)}
          etag={`"${asked.release.revision}"`}
          isAbout={({ kind, name }) => kind === 'release' && name === release.id}
          onTheirs={isOver ? onClose : props.onLook}
          theirsText={isOver ? 'Close' : 'Go on from there'}
        />
      )}
      <p>{asks[asked.what].text(release.to)}</p>
      <DialogEnd
        action={action}
        onCancel={onClose}
        onAct={props.onAct}
        isHeld={isHeld}
        frozen={asked.what === 'abort' ? [] : frozen}
      >
        {asks[asked.what].act}
      </DialogEnd>
    </Dialog>
  );
}

function standingOf({ state, message, stepIndex, services }: Release): object {
  const before = Object.fromEntries(Object.entries(services).map(([name, { before }]) => [name, before]));
  return { state, step: stepIndex + 1, message, before };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
