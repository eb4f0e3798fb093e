/** The manifests of examples/kubernetes: the shapes of Kubernetes' API, names that lead to each other, settings of Teal. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { Service } from 'kubernetes-models/v1/Service';
import t from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { settingKeys } from '../src/config/keys.ts';
import { ConfigError, readSettings } from '../src/config.ts';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is judged by the schemas of its kind.
  readonly spec: any;
  readonly data?: Record<string, string>;
}

const example = (name: string): string => fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
const folder = example('kubernetes');
const KINDS = { Namespace, ConfigMap, Service, StatefulSet, NetworkPolicy, PodDisruptionBudget };

const manifests = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((name) =>
    parseAllDocuments(readFileSync(`${folder}/${name}`, 'utf8')).map((document) => document.toJS() as Manifest),
  );
const named = (kind: string, name: string): Manifest => {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found === undefined) throw new Error(`${kind} ${name} is in no file`);
  return found;
};

/** What Kubernetes would say of it; undefined: nothing. */
function fault(manifest: Manifest): string | undefined {
  const Kind = KINDS[manifest.kind as keyof typeof KINDS];
  if (Kind === undefined) return `no such kind: ${manifest.kind}`;
  try {
    new Kind(manifest as never).validate();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

t.test('each has the shape of its kind, and this check can fail', async (t) => {
  t.ok(manifests.length >= 10);
  for (const manifest of manifests) {
    t.equal(fault(manifest), undefined, `${manifest.kind} ${manifest.metadata.name}`);
    if (manifest.kind !== 'Namespace') t.equal(manifest.metadata.namespace, 'teal', manifest.metadata.name);
  }
  const teal = structuredClone(named('StatefulSet', 'teal'));
  teal.spec.replicas = 'three';
  t.match(fault(teal), /replicas/);
  const etcd = structuredClone(named('StatefulSet', 'etcd'));
  etcd.spec.template.spec.containers[0].ports[0].containerPort = undefined;
  t.match(fault(etcd), /containerPort/);
});

t.test('what a name leads to is there', async (t) => {
  const pods = manifests.filter(({ kind }) => kind === 'StatefulSet').map(({ spec }) => spec);
  for (const { kind, metadata, spec } of manifests.filter(({ kind }) => kind === 'Service')) {
    const { 'statefulset.kubernetes.io/pod-name': pod, ...labels } = spec.selector as Record<string, string>;
    const target = pods.find((set) =>
      pod === undefined
        ? set.template.metadata.labels['app.kubernetes.io/name'] === labels['app.kubernetes.io/name']
        : pod.startsWith(`${set.serviceName}-`),
    );
    t.ok(target !== undefined, `${kind} ${metadata.name} leads to pods`);
    const ports = target?.template.spec.containers[0].ports as { name: string; containerPort: number }[];
    for (const { port, targetPort = port } of spec.ports) {
      t.ok(
        ports.some(({ name, containerPort }) => targetPort === name || targetPort === containerPort),
        `${metadata.name} port ${port}`,
      );
    }
  }
  for (const set of pods) {
    named('Service', set.serviceName);
    named('PodDisruptionBudget', set.serviceName);
    t.same(set.selector.matchLabels, set.template.metadata.labels);
    const { volumes = [], containers } = set.template.spec;
    const there = [...volumes, ...set.volumeClaimTemplates.map(({ metadata }: Manifest) => metadata)];
    for (const { name } of containers[0].volumeMounts) {
      t.ok(
        there.some((volume) => volume.name === name),
        `${set.serviceName} mounts ${name}`,
      );
    }
  }
  const nameservers = manifests.filter(({ spec }) => spec?.type === 'LoadBalancer');
  t.same(
    nameservers.map(({ spec }) => spec.selector['statefulset.kubernetes.io/pod-name']),
    ['teal-0', 'teal-1', 'teal-2'],
  );
  for (const { spec } of nameservers) {
    t.same(
      spec.ports.map(({ port, protocol }: { port: number; protocol: string }) => `${port}/${protocol}`),
      ['53/UDP', '53/TCP'],
      'both, as RFC 7766 §5 asks',
    );
  }
});

t.test('nothing takes a right that the namespace forbids', async (t) => {
  for (const { spec } of manifests.filter(({ kind }) => kind === 'StatefulSet')) {
    const { securityContext, containers, automountServiceAccountToken } = spec.template.spec;
    t.match(securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    t.equal(automountServiceAccountToken, false);
    t.match(containers[0].securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  }
});

t.test('Teal takes the settings, for each node', async (t) => {
  const text = named('ConfigMap', 'teal').data?.['teal.yaml'] as string;
  const file = `${t.testdir({ 'teal.yaml': text })}/teal.yaml`;
  const { containers } = named('StatefulSet', 'teal').spec.template.spec;
  const variables = new Set([...settingKeys.map(({ variable }) => variable), 'TEAL_TOKEN']);
  for (const { name } of containers[0].env) t.ok(variables.has(name), name);
  for (const node of ['teal-0', 'teal-1', 'teal-2']) {
    const settings = readSettings(
      { TEAL_CONFIG: file, TEAL_FLEET_NODE: node, TEAL_ADMIN_TOKEN: '9c41e07b52d8af36b1e4770d' },
      {},
    );
    if (settings instanceof ConfigError) throw settings;
    t.match(settings.fleet, { name: 'production', node });
    t.equal(settings.dataDir, '/data');
    const mounted = containers[0].volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
    t.same(mounted, ['/data', '/etc/teal']);
    const hosts = settings.fleet?.endpoints.map((endpoint) => new URL(endpoint).host);
    t.same(
      hosts,
      [0, 1, 2].map((member) => `etcd-${member}.etcd.teal.svc:2379`),
    );
  }
});

t.test('the members of etcd name each other', async (t) => {
  const { replicas, template } = named('StatefulSet', 'etcd').spec;
  const env = template.spec.containers[0].env as { name: string; value?: string }[];
  const value = (wanted: string) => env.find(({ name }) => name === wanted)?.value as string;
  const cluster = value('ETCD_INITIAL_CLUSTER').split(',');
  t.equal(cluster.length, replicas);
  cluster.forEach((member, i) => {
    const url = value('ETCD_INITIAL_ADVERTISE_PEER_URLS').replace('$(ETCD_NAME)', `etcd-${i}`);
    t.equal(member, `etcd-${i}=${url}`);
  });
});

t.test('the page names every file, and the image is that of the version here', async (t) => {
  const page = readFileSync(`${folder}/README.md`, 'utf8');
  for (const name of readdirSync(folder)) if (name !== 'README.md') t.ok(page.includes(`](${name})`), name);
  const { version } = parse(readFileSync('package.json', 'utf8'));
  t.match(named('StatefulSet', 'teal').spec.template.spec.containers[0].image, new RegExp(`:${version}$`));
});
