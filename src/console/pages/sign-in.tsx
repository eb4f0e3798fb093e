/** Signing in: a token, tried with the server, kept in this tab only. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { addressOf } from '../api/client.ts';
import icon from '../icon.svg';
import { Field, Message } from '../parts/controls.tsx';
import { provider, rememberPlace, signedOutBecause, signIn } from '../state/session.ts';

export function SignIn() {
  const [secret, setSecret] = useState('');
  const [fault, setFault] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = 'Sign in – Teal';
    input.current?.focus();
  }, []);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const trimmed = secret.trim();
    if (trimmed === '') {
      setFault('Enter a token.');
    } else {
      setBusy(true);
      setFault(await signIn(trimmed));
      setBusy(false);
    }
    input.current?.focus();
  };

  return (
    <main class="sign-in">
      <form class="card" onSubmit={(event) => void submit(event)} aria-labelledby="sign-in">
        <div class="sign-in-brand">
          <img src={icon} alt="" width="44" height="44" />
          <div>
            <h1 id="sign-in">Sign in to Teal</h1>
            <p class="quiet">DNS for blue/green releases</p>
          </div>
        </div>
        {signedOutBecause.value && <Message tone="warn">{signedOutBecause}</Message>}
        {provider.value && (
          <>
            <a class="button primary" href={addressOf('/auth/sign-in')} onClick={rememberPlace}>
              <span>
                Sign in with <bdi>{provider}</bdi>
              </span>
            </a>
            <p class="or quiet">or, with a token for machines:</p>
          </>
        )}
        <Field
          label="Token"
          fault={fault}
          hint="The first start of the server wrote one to data/admin.token. It is kept in this tab until you close it."
        >
          {(ids) => (
            <input
              {...ids}
              ref={input}
              type="password"
              name="token"
              autocomplete="current-password"
              spellcheck={false}
              value={secret}
              onInput={(event) => setSecret(event.currentTarget.value)}
            />
          )}
        </Field>
        <div role="alert" class="hidden-text">
          {fault}
        </div>
        <button type="submit" class={provider.value ? '' : 'primary'} disabled={isBusy}>
          {isBusy ? 'Signing in…' : provider.value ? 'Sign in with the token' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
