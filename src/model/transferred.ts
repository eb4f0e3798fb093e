/** What of a service is in a zone that is handed on: RRsets can say one thing of a name, and a service answers from several pools. */
import { previewNames } from './preview.ts';
import { type Pool, type Service, ttlInForce } from './service.ts';

/** The pool that a service stands as: the heaviest, the first of equal ones, as people order them. */
export function heaviestPool({ pools }: Service): Pool {
  return pools.reduce((most, pool) => (pool.weight > most.weight ? pool : most));
}

/** Deeply equal where a zone that is handed on has the same of both. */
export function transferredOf(service: Service): object {
  const targetsOf = (name: string): readonly string[] =>
    service.pools.find((pool) => pool.name === name)?.targets ?? [];
  return {
    zone: service.zone,
    kind: service.kind,
    ttlSeconds: ttlInForce(service),
    targets: heaviestPool(service).targets,
    previews: [...previewNames(service)].map(([name, pool]) => [name, targetsOf(pool)]),
  };
}
