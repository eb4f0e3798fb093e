/** What one does here, by a button or a link; greyed, with the reason, where one may not. */
import { type ComponentChildren, createContext } from 'preact';
import { useContext, useId } from 'preact/hooks';
import { type Aim, type Need, whyNot } from '../rules/may.ts';
import { note } from '../state/announce.ts';
import { self } from '../state/self.ts';

/** What the page is about, so that what is pressed on it is done to that. */
export const About = createContext<Aim>({});

interface Props {
  readonly needs: Need;
  /** What it is done to, where that is not what the page is about. */
  readonly to?: Aim | undefined;
  /** Why it cannot be done now, whoever asks. */
  readonly not?: string | undefined;
  readonly label?: string;
  readonly class?: string | undefined;
  readonly children: ComponentChildren;
}

/** It keeps its place and the focus: whoever comes by keys or a screen reader is told why, and so is who presses it. */
function Greyed({ reason, label, children, ...props }: Props & { reason: string }) {
  const id = useId();
  return (
    <>
      <button
        type="button"
        class={props.class}
        aria-label={label}
        aria-disabled="true"
        aria-describedby={id}
        title={reason}
        onClick={() => note('told', reason)}
      >
        {children}
      </button>
      <span id={id} hidden>
        {reason}
      </span>
    </>
  );
}

function useReason({ needs, to, not }: Props): string | undefined {
  const about = useContext(About);
  return whyNot(self.value, needs, to ?? about) ?? not;
}

/** Without `onClick` it submits its form. */
export function Act(props: Props & { onClick?: () => void; disabled?: boolean }) {
  const reason = useReason(props);
  if (reason !== undefined) return <Greyed {...props} reason={reason} />;
  return (
    <button
      type={props.onClick === undefined ? 'submit' : 'button'}
      class={props.class}
      aria-label={props.label}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}

export function ActLink(props: Props & { href: string }) {
  const reason = useReason(props);
  if (reason !== undefined) return <Greyed {...props} reason={reason} />;
  return (
    <a class={`button ${props.class ?? ''}`} aria-label={props.label} href={props.href}>
      {props.children}
    </a>
  );
}
