/** What decides, at work: releases, probes, webhooks, and the API by which they are told. */
import { APIS, createApp } from '../api/app.ts';
import { openDoors } from '../api/doors.ts';
import type { ApiOptions } from '../api/parts.ts';
import type { Settings } from '../config.ts';
import type { Logger } from '../log.ts';
import type { Inherited } from '../sockets/inherited.ts';
import { closeDoor, listenAdmin, openTokens } from './admin.ts';
import { keepAnswerHours } from './answer-hours.ts';
import { closeApi } from './close-api.ts';
import { makeControlPlane } from './control-plane.ts';
import type { DataPlane } from './data-plane.ts';
import type { NamedFiles } from './named-files.ts';
import type { MakeNode } from './node.ts';
import { makePeople } from './people.ts';
import { Reloader } from './reload.ts';
import { keepSigned } from './signing.ts';
import { abandonAll, type PlaneStops } from './stops.ts';
import { systemClock } from './system-clock.ts';

interface Deciding {
  /** Base URL of the admin API. */
  readonly admin: string;
  /** See Server in ../server.ts. */
  reload(settings: Settings): void;
  /** Ends all of it at once, in whatever state it is. */
  abandon(): void;
}

/** The admin API's door: what it needs to know of the settings, and the socket that was handed over, if one was. */
interface Door {
  /** Undefined: the settings have no fleet. */
  readonly makeNode?: MakeNode | undefined;
  readonly options: ApiOptions;
  readonly files: NamedFiles;
  readonly socket: Inherited['admin'];
}

/** Resolves when the API listens. */
export async function startDeciding(
  settings: Settings,
  dataPlane: DataPlane,
  { options, socket, makeNode, files }: Door,
  log: Logger,
  stops: PlaneStops,
): Promise<Deciding> {
  const { store, engine, metrics } = dataPlane;
  // Take part in the fleet, if there is one: from here on its log takes the changes.
  const fleet = makeNode?.(dataPlane);
  if (fleet !== undefined) {
    stops.controlPlane.push(() => fleet.stop());
    metrics.ofFleet(fleet);
  }

  // Make what decides: health, releases, webhooks, and what tells of them.
  const named = { settings, files };
  const { outbound, forApi, zoneFiles, webhooks, runner, duties } = makeControlPlane(dataPlane, named, fleet, log);
  stops.controlPlane.push(() => zoneFiles.stop());
  metrics.ofWebhooks(webhooks);
  metrics.ofFiles(files);

  // Make the API, and the first token.
  const tokens = await openTokens(engine, store, settings, log);
  const kept = keepAnswerHours(dataPlane.table.observed, settings.dataDir, log.child({ part: 'hours' }));
  const stopping = new AbortController();
  const people = makePeople(settings.console?.oidc, {
    outbound,
    log: log.child({ part: 'people' }),
    stopped: stopping.signal,
    dataDir: settings.dataDir,
    files,
  });
  stops.controlPlane.push(() => stopping.abort());
  const forAll = { engine, tokens, people, metrics, ...forApi, hours: kept.hours, fleet, files, options };
  const doors = await openDoors(settings.doors);
  const app = createApp({ ...forAll, log: log.child({ part: 'api' }), now: systemClock.wallMs }, [...APIS, ...doors]);
  stops.controlPlane.push(() => closeApi(app, zoneFiles));

  // Begin to probe, to step releases and to send. A step may be due at once, so all that it asks is there by now.
  kept.start();
  stops.controlPlane.push(() => kept.stop());
  const signed = { ...dataPlane, files: zoneFiles, log: log.child({ part: 'signing' }) };
  stops.controlPlane.push(keepSigned(signed));
  runner.start();
  stops.controlPlane.push(() => runner.stop());
  stops.controlPlane.push(() => duties.end());
  if (fleet === undefined) duties.begin();
  else fleet.perform(duties);

  const admin = await listenAdmin(app, settings.admin, socket);
  const reloader = new Reloader(settings, { app, outbound, files, log });
  stops.controlPlane.push(reloader.watchFiles());
  const abandon = (): void => {
    engine.halt();
    closeDoor(app);
    abandonAll(stops.controlPlane);
  };
  return { admin, reload: (wanted) => reloader.reload(wanted), abandon };
}
