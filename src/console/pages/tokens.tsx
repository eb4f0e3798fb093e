/** Tokens: who may do what; made, shown once, revoked. */

import { useState } from 'preact/hooks';
import type { NewToken, Page, Token } from '../../contract/types.ts';
import { Act } from '../parts/act.tsx';
import { Badge, Dialog, Empty, Field, Loaded, Message, PageHead } from '../parts/controls.tsx';
import { DialogEnd } from '../parts/dialog-end.tsx';
import { Line } from '../parts/fields.tsx';
import { Remove } from '../parts/remove.tsx';
import { momentText } from '../rules/format.ts';
import { wordsOf } from '../rules/lists.ts';
import { numberOf } from '../rules/numbers.ts';
import { useAction } from '../state/action.ts';
import { type Resource, useResource } from '../state/resource.ts';

const scopes: Readonly<Record<string, string>> = {
  read: 'read: look at everything',
  shift: 'shift: weights and rollback',
  release: 'release: shifts and releases',
  admin: 'admin: everything',
  records: 'records: records only, and only some',
};

export function TokensPage() {
  const tokens = useResource<Page<Token>>('/v1/tokens', { on: ({ kind }) => kind === 'revision' });
  const [isMaking, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<NewToken>();
  return (
    <>
      <PageHead
        title="Tokens"
        facts={<span>Each client of the API has its own, and may do what its scope says.</span>}
        tools={
          tokens.body && (
            <Act needs="server" class="primary" onClick={() => setMaking(true)}>
              New token
            </Act>
          )
        }
      />
      <div class="card">
        <Loaded of={tokens} absent="This server keeps its tokens in its settings only.">
          {({ items }) =>
            items.length === 0 ? <Empty title="No token" /> : <TokenTable items={items} onRevoke={setRevoking} />
          }
        </Loaded>
      </div>
      {isMaking && <TokenForm of={tokens} onClose={() => setMaking(false)} />}
      {revoking && (
        <Remove<Token> kind="token" item={revoking} of={tokens} onClose={() => setRevoking(undefined)}>
          {() => 'Whoever uses it is refused from then on. This cannot be undone.'}
        </Remove>
      )}
    </>
  );
}

function TokenTable({ items, onRevoke }: { items: readonly Token[]; onRevoke: (token: Token) => void }) {
  return (
    <table class="records">
      <caption class="hidden-text">Tokens</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Scope</th>
          <th scope="col">Only for</th>
          <th scope="col">Expires</th>
          <th scope="col">
            <span class="hidden-text">Change</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((token) => (
          <tr key={token.name}>
            <td>
              <strong>{token.name}</strong>
              {token.owner !== undefined && (
                <div class="quiet small">
                  of <bdi>{token.owner}</bdi>
                </div>
              )}
            </td>
            <td>
              <Badge tone={token.scope === 'admin' ? 'warn' : 'accent'}>{token.scope}</Badge>
            </td>
            <td class="quiet wide">{[...(token.services ?? []), ...(token.zones ?? [])].join(', ') || 'everything'}</td>
            <td class="quiet wide">
              <span class="in-place-of-head">expires </span>
              {token.expiresAt ? momentText(token.expiresAt) : 'never'}
            </td>
            <td class="wide">
              <div class="row-end">
                <Act
                  needs="server"
                  class="plain compact"
                  label={`Revoke ${token.name}`}
                  onClick={() => onRevoke(token)}
                >
                  Revoke
                </Act>
              </div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function TokenForm({ of, onClose }: { of: Resource<unknown>; onClose: () => void }) {
  const [name, setName] = useState('');
  const [scope, setScope] = useState('read');
  const [limits, setLimits] = useState<Readonly<Record<string, string>>>({});
  const [days, setDays] = useState('');
  const [owner, setOwner] = useState('');
  const [made, setMade] = useState<NewToken>();
  const action = useAction();
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = {
      name: name.trim(),
      scope,
      ...limitsOf(limits, scope),
      ...(owner.trim() !== '' && { owner: owner.trim() }),
      ...(days.trim() !== '' && { expiresAt: inDays(days) }),
    };
    await action.run<NewToken>('/v1/tokens', { method: 'POST', body }, setMade);
    void of.reload();
  };
  if (made !== undefined) {
    return (
      <Dialog title={`Token ${made.name}`} onClose={onClose}>
        {made.secret === undefined && (
          <Message tone="danger" isAlert>
            The token was made, but the reply with its secret was lost on the way, and the server has only its hash:
            revoke it, and make another.
          </Message>
        )}
        <Message tone="warn">This is shown once. Keep it where secrets are kept; the server has only its hash.</Message>
        <Field label="Secret">
          {(ids) => (
            <input
              {...ids}
              class="mono"
              readOnly
              value={made.secret}
              onFocus={(event) => event.currentTarget.select()}
            />
          )}
        </Field>
        <div class="row-end">
          <button type="button" class="primary" onClick={onClose}>
            I have kept it
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="New token" onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <Field label="Name" hint="Who will use it; the log names it">
          {(ids) => (
            <input
              {...ids}
              required
              placeholder="ci"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label="Scope">
          {(ids) => (
            <select {...ids} value={scope} onChange={(event) => setScope(event.currentTarget.value)}>
              {Object.entries(scopes).map(([value, text]) => (
                <option key={value} value={value}>
                  {text}
                </option>
              ))}
            </select>
          )}
        </Field>
        {limitsFor(scope).map(({ key, label, hint }) => (
          <Line
            key={key}
            label={label}
            hint={hint}
            value={limits[key] ?? ''}
            onText={(text) => setLimits({ ...limits, [key]: text })}
          />
        ))}
        <Line
          label="Owner"
          hint="A person, as they sign in: nobody approves by a second token what they asked for themselves; empty: nobody’s"
          placeholder="ann@example.com"
          value={owner}
          onText={setOwner}
        />
        <Field label="Expires after days" hint="Empty: never">
          {(ids) => (
            <input {...ids} inputMode="numeric" value={days} onInput={(event) => setDays(event.currentTarget.value)} />
          )}
        </Field>
        <DialogEnd action={action} onCancel={onClose}>
          Make the token
        </DialogEnd>
      </form>
    </Dialog>
  );
}

const LIMITS = [
  { key: 'services', label: 'Only for these services', hint: 'Names with spaces, *.example.com for many; empty: all' },
  { key: 'zones', label: 'Only for these zones', hint: 'With all that is in them; empty: all' },
  { key: 'names', label: 'Only for these owner names', hint: '_acme-challenge.* for many; empty: all' },
  { key: 'types', label: 'Only for these record types', hint: 'TXT for one; empty: all' },
  { key: 'networks', label: 'Only from these networks', hint: '192.0.2.0/24 2001:db8::/32; empty: from anywhere' },
] as const;

/** A token of records is for RRsets, the others are for services and zones. */
function limitsFor(scope: string) {
  const not = scope === 'records' ? ['services'] : ['names', 'types'];
  return LIMITS.filter(({ key }) => !not.includes(key));
}

function limitsOf(typed: Readonly<Record<string, string>>, scope: string): object {
  const said = limitsFor(scope).map(({ key }) => [key, wordsOf(typed[key] ?? '')] as const);
  return Object.fromEntries(said.filter(([, words]) => words.length > 0));
}

/** What is no number of days goes as it was typed, and is refused as that. */
function inDays(typed: string): string {
  const at = new Date(Date.now() + (numberOf(typed) ?? Number.NaN) * 86_400_000);
  return Number.isNaN(at.getTime()) ? typed.trim() : at.toISOString();
}
