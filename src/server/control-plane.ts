/** The control plane: health and releases change by themselves what is answered; reports, explanations, events and webhooks tell of it. */
import { randomBytes, randomFillSync } from 'node:crypto';
import type { ApiParts } from '../api/parts.ts';
import type { Settings } from '../config.ts';
import { KeptZones } from '../control/dnssec/kept-zones.ts';
import { ClockSteps } from '../control/drain/clock-steps.ts';
import { Propagation } from '../control/drain/propagation.ts';
import { DrainReports } from '../control/drain/report.ts';
import { EventLog } from '../control/events/log.ts';
import { Explain } from '../control/explain.ts';
import { makeGate } from '../control/gates/gates.ts';
import { SampleGate } from '../control/gates/samples.ts';
import { HealthMonitor } from '../control/health/monitor.ts';
import { makeProbe } from '../control/health/probe.ts';
import type { Duties, FleetControl } from '../control/nodes.ts';
import { Mailer } from '../control/outbound/mail.ts';
import { Outbound } from '../control/outbound/outbound.ts';
import { Overview } from '../control/overview.ts';
import { ProposalRunner } from '../control/proposals/runner.ts';
import { Queries } from '../control/queries.ts';
import { ReleaseRunner } from '../control/releases/runner.ts';
import { WebhookDispatcher } from '../control/webhooks/dispatcher.ts';
import { Returning } from '../control/zone-files/returning.ts';
import { ZoneFiles } from '../control/zone-files/zone-files.ts';
import type { Logger } from '../log.ts';
import { Explainer } from '../responder/explainer.ts';
import { Xoshiro128 } from '../table/picking/pick.ts';
import type { DataPlane } from './data-plane.ts';
import type { NamedFiles } from './named-files.ts';
import { mailPassword } from './secret-file.ts';
import { makeSigning } from './signing-steps.ts';
import { systemClock } from './system-clock.ts';
import { networksOf } from './worker-options.ts';

/** A part that acts by itself: it sends commands, or tells others. */
interface Runner {
  start(): void;
  stop(): void | Promise<void>;
}

/** What each node does for itself. */
function together(...runners: readonly Runner[]): Runner {
  return {
    start: () => {
      for (const runner of runners) runner.start();
    },
    stop: async () => {
      for (const runner of runners) await runner.stop();
    },
  };
}

interface ControlPlane {
  /** Every request that goes out, but those to resolvers. */
  readonly outbound: Outbound;
  /** The parts that the API asks and gives orders to. */
  readonly forApi: Pick<
    ApiParts,
    'signings' | 'queries' | 'overview' | 'drain' | 'explain' | 'events' | 'webhooks' | 'zoneFiles'
  >;
  /** Whole zones as files, read and written by a thread, which is to be stopped. */
  readonly zoneFiles: ZoneFiles;
  /** Who tells others what happens, as it is measured. */
  readonly webhooks: Pick<WebhookDispatcher, 'measured'>;
  /** To be started once the API is there too: what each node does for itself, */
  readonly runner: Runner;
  /** and what one node does for all of its fleet. */
  readonly duties: Duties;
}

/** Who sends e-mail; undefined: the settings name no mail server. */
function makeMailer(mail: Settings['mail'], files: NamedFiles): Mailer | undefined {
  return mail && new Mailer({ ...mail, password: mailPassword(mail, files) }, systemClock);
}

/** Reports of drains, and who looks whether the clock that they go by was set. */
function makeDrain(
  { store, table }: DataPlane,
  { propagation: { resolvers }, fleet }: Settings,
  node: Pick<FleetControl, 'lateness' | 'counts' | 'clocks' | 'sign'> | undefined,
  log: Logger,
): { readonly drain: DrainReports; readonly steps: ClockSteps } {
  const clock = systemClock;
  const steps = new ClockSteps({ clock, observed: table.observed, log });
  const lookAtClock = steps.look.bind(steps);
  const counting = { store, table, propagation: new Propagation(resolvers), startedAtMs: clock.wallMs(), lookAtClock };
  const lateness = () => node?.lateness;
  const aheadMs = () => node?.clocks?.aheadMs ?? 0;
  const others = () => node?.counts;
  const sign = (name: string) => node?.sign(name);
  return { drain: new DrainReports({ ...counting, lateness, aheadMs, others, sign, node: fleet?.node }), steps };
}

/** Makes its parts; nothing of it acts yet. */
export function makeControlPlane(
  dataPlane: DataPlane,
  { settings, files }: { readonly settings: Settings; readonly files: NamedFiles },
  node:
    | Pick<
        FleetControl,
        'leads' | 'lateness' | 'nodes' | 'marks' | 'counts' | 'clocks' | 'views' | 'onStanding' | 'sign' | 'isCurrent'
      >
    | undefined,
  log: Logger,
): ControlPlane {
  const { store, table, engine, fleet, seen, signers } = dataPlane;
  const { allow, deny } = settings.probes;
  const clock = systemClock;
  const random = Math.random;
  const outbound = new Outbound({ allow: networksOf(allow), deny: networksOf(deny) }, clock);
  seen.hearOthers(() => node?.views);
  const probe = makeProbe(outbound);
  const leads = (): boolean => node?.leads !== false;
  const watching = { engine, store, seen, probe, clock, random, leads };
  const health = new HealthMonitor({ ...watching, log: log.child({ part: 'health' }) });

  const others = () => node?.counts;
  const { drain, steps } = makeDrain(dataPlane, settings, node, log.child({ part: 'drain' }));
  const samples = new SampleGate({ store, table, clock, others });
  const gate = makeGate({ outbound, health: { store, view: seen, clock, monitor: health }, samples });
  const releases = new ReleaseRunner({ engine, store, gate, drain, clock, log: log.child({ part: 'releases' }) });

  const proposals = new ProposalRunner({ engine, store, clock, log: log.child({ part: 'proposals' }) });

  // A name for this process that no earlier one had.
  const events = new EventLog(store, engine, clock.wallMs().toString(36));
  health.onHealth((event) => events.addHealth(event, clock.wallMs()));
  node?.onStanding((event) => events.addNode(event, clock.wallMs()));
  const fleetLog = (): string | undefined => store.fleet?.log;
  const mail = makeMailer(settings.mail, files);
  const sending = { mail, store, events, outbound, clock, random, randomBytes, fleetLog };
  const webhooks = new WebhookDispatcher({ ...sending, log: log.child({ part: 'webhooks' }) });

  const queries = new Queries(store, {
    analysisOf: (id) => releases.progressOf(id),
    health: seen,
    missingWorkers: () => fleet.missing,
    leftOut: () => table.content.leftOut(),
    signingRefusal: () => signers.unreadiness(),
  });
  const answerer = new Explainer(table.shared, new Xoshiro128(randomFillSync(new Uint32Array(4))));
  const explain = new Explain({ store, table, health: seen, answerer });
  const zoneFiles = new ZoneFiles(store, table, engine, clock);
  zoneFiles.start();

  const looking = { look: zoneFiles.looks.kept.bind(zoneFiles.looks), log: log.child({ part: 'dnssec' }) };
  const tell: ConstructorParameters<typeof KeptZones>[0]['tell'] = (event) =>
    events.addSignatures(event, clock.wallMs());
  const kept = new KeptZones({ store, engine, clock, tell, ...looking });
  const { signings, signing } = makeSigning(dataPlane, settings, node, { kept, log });
  const overview = new Overview({ store, table, health: seen, drain, node: () => node });

  const forApi = { signings, queries, overview, drain, explain, events, webhooks, zoneFiles };
  const duties: Duties = {
    begin: (progress) => {
      signing.start();
      releases.start();
      proposals.start();
      webhooks.start(progress);
    },
    end: () => {
      signing.stop();
      releases.stop();
      proposals.stop();
      webhooks.stop();
    },
    progress: () => webhooks.progress(),
  };
  const returning = new Returning({ store, table, engine, files: zoneFiles, clock, log: log.child({ part: 'zones' }) });
  return { outbound, forApi, zoneFiles, webhooks, runner: together(health, kept, returning, steps), duties };
}
