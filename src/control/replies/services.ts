/** Services as the API shows them. */
import { type Service, serviceBody, sharesOf, weightsOf } from '../../model/service.ts';
import { shown } from '../../shown.ts';

/** The service with its name, zone, shares and number, as replies show it. */
export function serviceReply(service: Service) {
  const { name, zone, kind, revision, loweredTtlSeconds } = service;
  return {
    name: shown(name),
    zone: shown(zone),
    kind,
    ...serviceBody(service),
    ...(loweredTtlSeconds !== undefined && { loweredTtlSeconds }),
    shares: sharesOf(service),
    revision,
  };
}

/** Its weights and what they come to, as replies show them. */
export function weightsReply(service: Service): { weights: Record<string, number>; shares: Record<string, number> } {
  return { weights: weightsOf(service), shares: sharesOf(service) };
}
