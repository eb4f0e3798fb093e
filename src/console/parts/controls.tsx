/** Small pieces that every page uses. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Failure } from '../api/reply.ts';
import { plainText } from '../rules/plain.ts';
import type { Resource } from '../state/resource.ts';

export type Tone = 'accent' | 'ok' | 'warn' | 'danger';

/** A part of a page with a heading, which is its name for screen readers. */
export function Card(props: { title: string; tools?: ComponentChildren; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="card" aria-labelledby={id}>
      <div class="between">
        <h2 id={id}>{props.title}</h2>
        {props.tools}
      </div>
      {props.children}
    </section>
  );
}

/** What may be wider than the page: it is moved by keys too. */
export function Scroll({ children }: { children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by the arrow keys
    <section class="scroll" tabIndex={0} aria-label="A wide table">
      {children}
    </section>
  );
}

export function Badge(props: { tone?: Tone | undefined; children: ComponentChildren }) {
  return (
    <span class="badge" data-tone={props.tone}>
      {props.children}
    </span>
  );
}

export function Message(props: { tone?: Tone; isAlert?: boolean; children: ComponentChildren }) {
  return (
    <div class="message" data-tone={props.tone} role={props.isAlert ? 'alert' : undefined}>
      {props.children}
    </div>
  );
}

/** Why something was not done. */
export function Refusal({ failure }: { failure: Failure | undefined }) {
  if (failure === undefined) return null;
  return (
    <Message tone="danger" isAlert>
      {plainText(failure)}
    </Message>
  );
}

export function Empty(props: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{props.title}</h2>
      {props.children}
    </div>
  );
}

export function Loading({ lines = 3 }: { lines?: number }) {
  return (
    <div class="stack-s" role="status">
      <span class="hidden-text">Loading…</span>
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} class="skeleton" style={{ width: `${92 - i * 17}%` }} />
      ))}
    </div>
  );
}

/** Shows a resource once it is there: before, that it is loading; instead, why it is not. */
export function Loaded<Body>(props: {
  of: Resource<Body>;
  lines?: number;
  /** Said where the server has no such path, or nothing of the kind. */
  absent?: ComponentChildren;
  children: (body: Body) => ComponentChildren;
}) {
  const { body, failure, reload } = props.of;
  if (body !== undefined) return <>{props.children(body)}</>;
  if (failure === undefined) return <Loading {...(props.lines !== undefined && { lines: props.lines })} />;
  if (failure.status === 404 && props.absent !== undefined) return <p class="quiet">{props.absent}</p>;
  return (
    <Message tone="danger">
      <p>{plainText(failure)}</p>
      {failure.status !== 403 && (
        <button type="button" class="compact" onClick={() => void reload()}>
          Try again
        </button>
      )}
    </Message>
  );
}

/**
 * What is folded away unless it matters. It unfolds when that begins, and only whoever looks folds it: nothing that somebody
 * types in or reads goes away because it came to matter less.
 */
export function Fold(props: { isOpen: boolean; summary: ComponentChildren; children: ComponentChildren }) {
  const { isOpen, summary, children } = props;
  const [isUnfolded, setUnfolded] = useState(isOpen);
  useEffect(() => {
    if (isOpen) setUnfolded(true);
  }, [isOpen]);
  return (
    <details open={isUnfolded} onToggle={(event) => setUnfolded(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {children}
    </details>
  );
}

/** An input with its label, a hint and what is wrong with it. */
export function Field(props: {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
  children: (ids: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }) => ComponentChildren;
}) {
  const id = useId();
  const said = props.fault ?? props.hint;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.children({
        id,
        'aria-describedby': said ? `${id}-hint` : undefined,
        'aria-invalid': props.fault !== undefined,
      })}
      {said && (
        <span id={`${id}-hint`} class={props.fault === undefined ? 'hint' : 'fault'}>
          {said}
        </span>
      )}
    </div>
  );
}

/** A modal dialog. The browser keeps the focus in it, and gives it back when it is closed. */
export function Dialog(props: { title: string; isWide?: boolean; onClose: () => void; children: ComponentChildren }) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  // Before it is painted: a key that is pressed meanwhile is the dialog's already.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const shown = dialog.current;
    shown?.showModal();
    // Removed together with its page the browser would lose the place where the user was. As long as it is open nothing
    // outside of it takes the focus.
    return () => {
      shown?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      data-wide={props.isWide}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
    >
      <div class="dialog-body">
        <h2 id={id}>{props.title}</h2>
        {props.children}
      </div>
    </dialog>
  );
}

/** The heading of a page: takes the focus when the page is opened, so that a screen reader begins there. */
export function PageHead(props: {
  title: string;
  back?: { href: string; text: string };
  facts?: ComponentChildren;
  tools?: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useSignal(true);
  // Before it is painted: whoever sees the heading may be in a field by then, and stays there.
  useLayoutEffect(() => {
    document.title = `${props.title} – Teal`;
    if (isFirst.value) heading.current?.focus({ preventScroll: true });
    isFirst.value = false;
  }, [props.title]);
  return (
    <div class="head">
      <div>
        {props.back && (
          <a class="crumb" href={props.back.href}>
            ← {props.back.text}
          </a>
        )}
        <h1 tabIndex={-1} ref={heading}>
          {props.title}
        </h1>
        {props.facts && <div class="facts">{props.facts}</div>}
      </div>
      {props.tools && <div class="row">{props.tools}</div>}
    </div>
  );
}
