/** The API under /v1, whose contract is src/contract: how it reads requests, and its routes. */
import { documentScope } from '../access.ts';
import { makeFreshHook } from '../fleet-headers.ts';
import { parseBody } from '../json-body.ts';
import type { Api, ApiInstance } from '../parts.ts';
import { makeBodyLimit } from './body-limits.ts';
import { makeContextHook } from './command-context.ts';
import { dialect } from './dialect.ts';
import { applyRoutes } from './routes/apply.ts';
import { dnssecRoutes } from './routes/dnssec.ts';
import { drainRoutes } from './routes/drain.ts';
import { eventRoutes } from './routes/events.ts';
import { explainRoutes } from './routes/explain.ts';
import { fleetRoutes } from './routes/fleet.ts';
import { freezeRoutes } from './routes/freezes.ts';
import { hourRoutes } from './routes/hours.ts';
import { overviewRoutes } from './routes/overview.ts';
import { proposalRoutes } from './routes/proposals.ts';
import { recordChangeRoutes } from './routes/record-changes.ts';
import { releaseRoutes } from './routes/releases.ts';
import { revisionRoutes } from './routes/revisions.ts';
import { rrsetRoutes } from './routes/rrsets.ts';
import { selfRoutes } from './routes/self.ts';
import { serviceHealthRoutes } from './routes/service-health.ts';
import { serviceRoutes } from './routes/services.ts';
import { shiftRoutes } from './routes/shifts.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { weightsRoutes } from './routes/weights.ts';
import { zoneFileRoutes } from './routes/zone-file.ts';
import { zoneRoutes } from './routes/zones.ts';
import { takeWrittenBack } from './write-back.ts';

export const v1: Api = {
  dialect,
  isDocumented: true,
  routes(api, parts) {
    // `curl -d` says x-www-form-urlencoded of whatever it sends. It is read as JSON all the same: a form of a web page,
    // the other sender of that type, has no token.
    const mediaTypes = ['application/json', 'application/x-www-form-urlencoded'];
    api.addContentTypeParser(mediaTypes, { parseAs: 'buffer' }, parseBody);
    api.addHook('preValidation', takeWrittenBack);
    api.addHook('preHandler', makeContextHook(parts));
    if (parts.fleet !== undefined) api.addHook('preHandler', makeFreshHook(parts.fleet));
    api.addHook('onRoute', documentScope);
    api.addHook('onRoute', makeBodyLimit(parts.options.bodyMaxBytes));
    zoneRoutes(api, parts);
    api.register(async (files) => zoneFileRoutes(files as unknown as ApiInstance, parts));
    dnssecRoutes(api, parts);
    rrsetRoutes(api, parts);
    recordChangeRoutes(api, parts);
    serviceRoutes(api, parts);
    overviewRoutes(api, parts);
    hourRoutes(api, parts);
    serviceHealthRoutes(api, parts);
    weightsRoutes(api, parts);
    shiftRoutes(api, parts);
    releaseRoutes(api, parts);
    drainRoutes(api, parts);
    explainRoutes(api, parts);
    revisionRoutes(api, parts);
    tokenRoutes(api, parts);
    selfRoutes(api, parts);
    eventRoutes(api, parts);
    webhookRoutes(api, parts);
    freezeRoutes(api, parts);
    proposalRoutes(api, parts);
    applyRoutes(api, parts);
    fleetRoutes(api, parts);
  },
};
