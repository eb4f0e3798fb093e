/** The API under /v1, whose contract is src/contract: its routes. */
import { documentScope } from '../access.ts';
import { metricsRoutes } from '../metrics.ts';
import type { ApiInstance, ApiParts } from '../parts.ts';
import { makeBodyLimit } from './body-limits.ts';
import { drainRoutes } from './routes/drain.ts';
import { eventRoutes } from './routes/events.ts';
import { explainRoutes } from './routes/explain.ts';
import { releaseRoutes } from './routes/releases.ts';
import { revisionRoutes } from './routes/revisions.ts';
import { rrsetRoutes } from './routes/rrsets.ts';
import { serviceHealthRoutes } from './routes/service-health.ts';
import { serviceRoutes } from './routes/services.ts';
import { shiftRoutes } from './routes/shifts.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { weightsRoutes } from './routes/weights.ts';
import { zoneFileRoutes } from './routes/zone-file.ts';
import { zoneRoutes } from './routes/zones.ts';

export function v1(api: ApiInstance, parts: ApiParts): void {
  api.addHook('onRoute', documentScope);
  api.addHook('onRoute', makeBodyLimit(parts.options.bodyMaxBytes));
  zoneRoutes(api, parts);
  api.register(async (files) => zoneFileRoutes(files as unknown as ApiInstance, parts));
  rrsetRoutes(api, parts);
  serviceRoutes(api, parts);
  serviceHealthRoutes(api, parts);
  weightsRoutes(api, parts);
  shiftRoutes(api, parts);
  releaseRoutes(api, parts);
  drainRoutes(api, parts);
  explainRoutes(api, parts);
  revisionRoutes(api, parts);
  if (!parts.options.metricsPublic) metricsRoutes(api, parts);
  tokenRoutes(api, parts);
  eventRoutes(api, parts);
  webhookRoutes(api, parts);
}
