/** What the form of a service edits, by its place in the service; and the body that the fields come to. Pure. */
import type { Service } from '../../contract/types.ts';
import type { Fields } from './ground.ts';
import { labelsOf, labelsText, linesOf, wordsOf } from './lists.ts';
import { typedNumber } from './numbers.ts';

/** How long resolvers keep an answer, unless somebody says otherwise. */
export const TTL_SECONDS = 5;

/** Of a service without health checks; what is empty is left to the server. */
const CHECKS: Fields = {
  'health.kind': 'none',
  'health.scheme': 'http',
  'health.port': '',
  'health.method': '',
  'health.path': '',
  'health.host': '',
  'health.expectStatus': '',
  'health.expectBody': '',
  'health.maxRedirects': '',
  'health.verifyCertificate': 'yes',
  'health.intervalSeconds': '',
  'health.timeoutSeconds': '',
  'health.rise': '',
  'health.fall': '',
  'health.quorum': '',
};

const SETTINGS: Fields = {
  ttlSeconds: String(TTL_SECONDS),
  'release.ttlSeconds': '',
  pick: 'random',
  previewNames: 'yes',
  approval: 'none',
  pins: '',
  labels: '',
  ...CHECKS,
};

/** Of a new one. */
export const fresh: Fields = {
  ...SETTINGS,
  'pools.blue.targets': '',
  'pools.blue.weight': '100',
  'pools.green.targets': '',
  'pools.green.weight': '0',
};

export function fieldsOf(service: Service | undefined): Fields {
  if (service === undefined) return fresh;
  const { ttlSeconds, release, pick, previewNames, pins, labels, health, approval = 'none' } = service;
  const pools = Object.entries(service.pools).flatMap(([pool, { targets, weight }]) => [
    [`pools.${pool}.targets`, targets.join(' ')],
    [`pools.${pool}.weight`, String(weight)],
  ]);
  return {
    ...SETTINGS,
    ttlSeconds: String(ttlSeconds),
    pick,
    previewNames: previewNames ? 'yes' : 'no',
    'release.ttlSeconds': textOf(release?.ttlSeconds),
    approval,
    pins: pins.map(({ network, pool }) => `${network} ${pool}`).join('\n'),
    labels: labelsText(labels),
    ...healthFields(health),
    ...Object.fromEntries(pools),
  };
}

/** The names of the pools, as their fields are called. */
export function poolsIn(fields: Fields): string[] {
  return Object.keys(fields).flatMap((key) => /^pools\.(.*)\.targets$/s.exec(key)?.[1] ?? []);
}

/** What else a service has is sent back as it was; weights of pools that exist are left alone. */
export function bodyOf(
  service: Service | undefined,
  fields: Fields,
  { names, hasWeights }: { names: Readonly<Record<string, string>>; hasWeights: boolean },
): object {
  const salt = service?.salt;
  const releaseTtl = (fields['release.ttlSeconds'] ?? '').trim();
  const health = healthOf(service?.health, fields);
  return {
    ...(salt !== undefined && { salt }),
    ttlSeconds: typedNumber(fields.ttlSeconds),
    ...(releaseTtl !== '' && { release: { ttlSeconds: typedNumber(releaseTtl) } }),
    pick: fields.pick,
    previewNames: fields.previewNames === 'yes',
    pins: pinsOf(fields.pins ?? ''),
    labels: labelsOf(fields.labels ?? ''),
    // Who knows nothing of approvals says nothing of them.
    ...((fields.approval === 'required' || service?.approval !== undefined) && { approval: fields.approval }),
    ...(health !== undefined && { health }),
    pools: Object.fromEntries(
      poolsIn(fields).map((pool) => {
        const before = service?.pools[pool];
        return [
          (names[pool] ?? pool).trim(),
          {
            targets: wordsOf(fields[`pools.${pool}.targets`] ?? ''),
            ...(before?.labels && { labels: before.labels }),
            ...((hasWeights || before === undefined) && { weight: typedNumber(fields[`pools.${pool}.weight`]) }),
          },
        ];
      }),
    ),
  };
}

/** A network and its pool on each line; what is no such line is left to the server to refuse. */
function pinsOf(text: string): { network: string; pool: string }[] {
  return linesOf(text).map((line) => {
    const [network = '', pool = ''] = line.split(/[\s=]+/);
    return { network, pool };
  });
}

function healthFields(health: Service['health']): Fields {
  if (health === undefined || health === null) return CHECKS;
  const { http, tcp, intervalSeconds, timeoutSeconds, rise, fall, quorum } = health;
  return {
    ...CHECKS,
    'health.kind': tcp === undefined ? 'http' : 'tcp',
    'health.scheme': http?.scheme ?? 'http',
    'health.port': textOf(http?.port ?? tcp?.port),
    'health.method': http?.method ?? '',
    'health.path': http?.path ?? '',
    'health.host': http?.host ?? '',
    'health.expectStatus': (http?.expectStatus ?? []).join(' '),
    'health.expectBody': http?.expectBody ?? '',
    'health.maxRedirects': textOf(http?.maxRedirects),
    'health.verifyCertificate': http?.verifyCertificate === false ? 'no' : 'yes',
    'health.intervalSeconds': textOf(intervalSeconds),
    'health.timeoutSeconds': textOf(timeoutSeconds),
    'health.rise': textOf(rise),
    'health.fall': textOf(fall),
    'health.quorum': textOf(quorum),
  };
}

/** Headers and other addresses of probes, which the form has no field for, stay as they are. */
function healthOf(before: Service['health'], fields: Fields): object | undefined {
  const kind = fields['health.kind'] ?? 'none';
  if (kind === 'none') return undefined;
  const text = (key: string): string => (fields[`health.${key}`] ?? '').trim();
  const number = (key: string): object => (text(key) === '' ? {} : { [key]: typedNumber(text(key)) });
  const word = (key: string): object => (text(key) === '' ? {} : { [key]: text(key) });
  const { probe } = before ?? {};
  const quorum = text('quorum');
  const common = {
    ...(probe && { probe }),
    ...number('intervalSeconds'),
    ...number('timeoutSeconds'),
    ...number('rise'),
    ...number('fall'),
    ...(quorum !== '' && { quorum: quorum === 'majority' ? quorum : typedNumber(quorum) }),
  };
  if (kind === 'tcp') return { ...common, tcp: { port: typedNumber(text('port')) } };
  const headers = before?.http?.headers;
  const statuses = wordsOf(text('expectStatus')).map((word) => typedNumber(word));
  return {
    ...common,
    http: {
      ...(headers && { headers }),
      ...word('scheme'),
      ...number('port'),
      ...word('method'),
      ...word('path'),
      ...word('host'),
      ...(statuses.length > 0 && { expectStatus: statuses }),
      ...word('expectBody'),
      ...number('maxRedirects'),
      ...(text('verifyCertificate') === 'no' && { verifyCertificate: false }),
    },
  };
}

function textOf(value: number | string | undefined): string {
  return value === undefined ? '' : String(value);
}

/** One more, with a name that is not taken, and no weight. */
export function withPool(fields: Fields): Fields {
  const taken = new Set(poolsIn(fields));
  let number = taken.size + 1;
  while (taken.has(`pool-${number}`)) number += 1;
  return { ...fields, [`pools.pool-${number}.targets`]: '', [`pools.pool-${number}.weight`]: '0' };
}

export function withoutPool(fields: Fields, pool: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !key.startsWith(`pools.${pool}.`)));
}
