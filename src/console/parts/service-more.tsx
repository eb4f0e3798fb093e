/** What a service has besides its pools: how it picks, whom it pins, its releases' TTL, its health checks, labels. */
import type { Fields } from '../rules/ground.ts';
import { Fold } from './controls.tsx';
import { Choice, Line, Lines } from './fields.tsx';

interface Props {
  readonly fields: Fields;
  readonly onField: (key: string, text: string) => void;
}

export function MoreOfService({ fields, onField }: Props) {
  const of = (key: string) => ({ value: fields[key] ?? '', onText: (text: string) => onField(key, text) });
  return (
    <>
      <details>
        <summary>Picking, releases, previews, labels</summary>
        <div class="stack-s">
          <div class="fields">
            <Choice
              label="Picks"
              values={{ random: 'random: each answer by weight', sticky: 'sticky: a network keeps its pool' }}
              {...of('pick')}
            />
            <Line
              label="TTL during releases, seconds"
              hint="Lowers a higher one; empty: as it is"
              isNumber
              {...of('release.ttlSeconds')}
            />
            <Choice
              label="Preview names"
              hint="green.NAME answers from the pool green"
              values={{ yes: 'yes', no: 'no' }}
              {...of('previewNames')}
            />
          </div>
          <Choice
            label="Shifts and releases"
            values={{ none: 'need no approval', required: 'wait for the approval of somebody else' }}
            {...of('approval')}
          />
          <Lines
            label="Pins"
            hint="A network and its pool on each line"
            placeholder="198.51.100.0/24 green"
            {...of('pins')}
          />
          <Lines label="Labels" hint="key=value on each line" placeholder="team=web" {...of('labels')} />
        </div>
      </details>
      <Checks fields={fields} onField={onField} />
    </>
  );
}

function Checks({ fields, onField }: Props) {
  const of = (key: string) => ({
    value: fields[`health.${key}`] ?? '',
    onText: (text: string) => onField(`health.${key}`, text),
  });
  const kind = fields['health.kind'] ?? 'none';
  return (
    <Fold isOpen={kind !== 'none'} summary="Health checks">
      <div class="stack-s">
        <Choice
          label="Targets are checked"
          values={{ none: 'not at all', http: 'by HTTP', tcp: 'by TCP: a connection' }}
          {...of('kind')}
        />
        {kind !== 'none' && (
          <>
            <div class="fields">
              {kind === 'http' && <Choice label="Scheme" values={{ http: 'http', https: 'https' }} {...of('scheme')} />}
              <Line
                label="Port"
                hint={kind === 'tcp' ? undefined : 'Empty: 80, or 443'}
                isNumber
                isRequired={kind === 'tcp'}
                {...of('port')}
              />
              {kind === 'http' && <HttpFields of={of} />}
            </div>
            <div class="fields">
              <Line label="Every so many seconds" hint="Empty: 5" isNumber {...of('intervalSeconds')} />
              <Line label="Seconds to answer" hint="Empty: 2" isNumber {...of('timeoutSeconds')} />
              <Line label="Passed in a row: up" hint="Empty: 2" isNumber {...of('rise')} />
              <Line label="Failed in a row: down" hint="Empty: 3" isNumber {...of('fall')} />
              <Line label="Nodes that must agree" hint="Of a fleet: majority, or a number" {...of('quorum')} />
            </div>
          </>
        )}
      </div>
    </Fold>
  );
}

function HttpFields({ of }: { of: (key: string) => { value: string; onText: (text: string) => void } }) {
  return (
    <>
      <Line label="Path" placeholder="/healthz" {...of('path')} />
      <Line label="Host" hint="Empty: the name of the service" {...of('host')} />
      <Line label="Method" placeholder="GET" {...of('method')} />
      <Line label="Statuses that pass" hint="Empty: 200 to 299" {...of('expectStatus')} />
      <Line label="Text in the body" {...of('expectBody')} />
      <Line label="Redirects to follow" hint="Empty: none" isNumber {...of('maxRedirects')} />
      <Choice label="The certificate" values={{ yes: 'must be good', no: 'may be any' }} {...of('verifyCertificate')} />
    </>
  );
}
