/** Whether a zone is signed: its state as one sentence, the lines that its parent is to have, its keys, and what can be done. */
import { useState } from 'preact/hooks';
import type { Signing } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { durationText, localText } from '../rules/format.ts';
import { ALGORITHM_WORDS, dsParts, isUnsigning, stageTone } from '../rules/signing.ts';
import { copyText } from '../state/copy.ts';
import { useResource } from '../state/resource.ts';
import { Act } from './act.tsx';
import { Clock } from './clock.tsx';
import { Badge, Card, Fold, Loaded, Message, Scroll } from './controls.tsx';
import { useNow } from './now.ts';
import { RollDialog, SignDialog, UnsignDialog } from './signing-dialogs.tsx';

/** What a parent has comes by no event. */
const LOOK_MS = 15_000;

type Asked = 'sign' | 'roll' | 'unsign';

export function SigningPanel({ zone }: { zone: string }) {
  const path = `/v1/zones/${segment(zone)}/dnssec`;
  const on = ({ kind }: { kind: string }) => kind === 'revision' || kind === 'dnssec';
  const of = useResource<Signing>(path, { on, everyMs: LOOK_MS });
  const [asked, setAsked] = useState<Asked>();
  const isUnsigned = of.failure?.code === 'signing_unknown';
  // The page says that there is no such zone; nothing is known of what the server signs.
  if (of.failure?.code === 'zone_unknown') return null;
  const about = { zone, path, of, onClose: () => setAsked(undefined) };
  return (
    <Card
      title="Signing (DNSSEC)"
      tools={of.body === undefined ? isUnsigned && <Ask on={() => setAsked('sign')}>Sign…</Ask> : undefined}
    >
      {isUnsigned ? (
        <p class="quiet">This zone is not signed: resolvers cannot tell its answers from forged ones.</p>
      ) : (
        <Loaded of={of} lines={2} absent="This server signs no zones.">
          {(signing) => <Signed of={signing} onAsk={setAsked} />}
        </Loaded>
      )}
      {asked === 'sign' && <SignDialog {...about} />}
      {asked === 'roll' && <RollDialog {...about} />}
      {asked === 'unsign' && <UnsignDialog {...about} />}
    </Card>
  );
}

function Ask(props: { on: () => void; children: string }) {
  return (
    <Act needs="admin" onClick={props.on}>
      {props.children}
    </Act>
  );
}

function Signed({ of: signing, onAsk }: { of: Signing; onAsk: (asked: Asked) => void }) {
  const { stage, status, until, ds, parent } = signing;
  return (
    <>
      <p>
        <Badge tone={stageTone(stage)}>{stage}</Badge> {status}
      </p>
      {until !== null && <Until at={until} />}
      {ds.length > 0 && <ForTheParent ds={ds} isWaited={stage === 'ds-needed'} />}
      {stage === 'ds-removal' && (
        <Message tone="warn">
          Have the parent take all DS records of this zone away: at the registrar, where it does not follow CDS by
          itself.
        </Message>
      )}
      {parent !== null && parent.servers.length > 0 && <AtTheParent of={parent} />}
      <Keys of={signing} />
      <div class="row">
        <Ask on={() => onAsk('roll')}>Roll the key…</Ask>
        {isUnsigning(stage) && <Ask on={() => onAsk('sign')}>Keep it signed…</Ask>}
        <Ask on={() => onAsk('unsign')}>Unsign…</Ask>
      </div>
    </>
  );
}

/** In UTC as the sentence has it, and where the browser is. */
function Until({ at }: { at: string }) {
  const left = (new Date(at).getTime() - useNow()) / 1000;
  return (
    <p class="quiet small">
      Until <Clock at={at} /> (here {localText(at)}){left > 0 && <>, in {durationText(left)}</>}.
    </p>
  );
}

function ForTheParent({ ds, isWaited }: { ds: readonly string[]; isWaited: boolean }) {
  return (
    <section class="stack-s" aria-label="What the parent is to have">
      <h3>{isWaited ? 'Enter this at the parent' : 'The parent is to have'}</h3>
      {ds.map((line) => (
        <div key={line} class="stack-s">
          <code class="lines">{line}</code>
          <div class="row">
            <button type="button" class="compact" onClick={() => void copyText(line, 'The DS')}>
              Copy the DS
            </button>
          </div>
          <details class="small">
            <summary>In parts, for a form</summary>
            <dl class="parts">
              {dsParts(line).map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd class="mono">{value}</dd>
                </div>
              ))}
            </dl>
          </details>
        </div>
      ))}
    </section>
  );
}

function AtTheParent({ of: { askedAt, servers } }: { of: NonNullable<Signing['parent']> }) {
  return (
    <Fold isOpen={servers.some(({ error }) => error !== null)} summary="What its nameservers have">
      <p class="quiet small">
        Asked <Clock at={askedAt} />.
      </p>
      <ul class="stack-s small" aria-label="What the nameservers of the parent have">
        {servers.map(({ server, ds, error }) => (
          <li key={server}>
            <strong>{server}</strong>{' '}
            {ds === null ? (
              <>was not heard: {error}</>
            ) : ds.length === 0 ? (
              'no DS'
            ) : (
              <span class="mono">{ds.join('; ')}</span>
            )}
          </li>
        ))}
      </ul>
    </Fold>
  );
}

function Keys({ of: { keys, foreignKeys } }: { of: Signing }) {
  return (
    <>
      <Scroll>
        <table class="records">
          <caption class="hidden-text">Keys</caption>
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">Role</th>
              <th scope="col">Algorithm</th>
              <th scope="col">Made</th>
            </tr>
          </thead>
          <tbody>
            {keys.map(({ id, tag, role, algorithm, madeAt }) => (
              <tr key={id}>
                <td class="mono">{tag}</td>
                <td>
                  <Badge tone={role === 'active' ? 'ok' : 'accent'}>{role}</Badge>
                </td>
                <td class="wide">{ALGORITHM_WORDS[algorithm] ?? algorithm}</td>
                <td class="quiet wide">
                  <Clock at={madeAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <details class="small">
        <summary>The public keys, for a parent that wants those</summary>
        {[...keys.map(({ dnskey }) => dnskey), ...foreignKeys].map((dnskey) => (
          <div key={dnskey} class="stack-s">
            <code class="lines">{dnskey}</code>
            <div class="row">
              <button type="button" class="compact" onClick={() => void copyText(dnskey, 'The public key')}>
                Copy the key
              </button>
            </div>
          </div>
        ))}
        {foreignKeys.length > 0 && <p class="quiet">{foreignKeys.length} of them are keys of others who sign.</p>}
      </details>
    </>
  );
}
