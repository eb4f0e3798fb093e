/**
 * How long bodies may be: as much as the largest that means something, since reading one is work of a single turn of the
 * main thread, up to a second for a mebibyte of properties.
 */
import type { RouteOptions } from 'fastify';

const KIB = 1024;

/** A release with 300 steps and 10 metrics, a shift of some hundred services, a token with 100 patterns. */
const USUAL = 64 * KIB;

/** Other than that, by the path of the route. */
const LIMITS: Readonly<Record<string, number>> = {
  // 16 pools.
  '/v1/services/:name/weights': 32 * KIB,
  // 16 pools of 32 targets, 100 pins, a health check with 20 headers.
  '/v1/services/:name': 128 * KIB,
  // A hundred services to compare.
  '/v1/services': 512 * KIB,
  // Files that declare some thousand RRsets.
  '/v1/apply': 1024 * KIB,
  '/v1/releases': 128 * KIB,
  '/v1/services/:name/releases': 128 * KIB,
  // 64 KiB on the wire; a byte may take five characters.
  '/v1/zones/:zone/rrsets/:name/:type': 384 * KIB,
  // As much, or a thousand changes of some hundred bytes.
  '/v1/zones/:zone/changes': 512 * KIB,
};

/** An onRoute hook. `bodyMaxBytes`: of the settings, above which nothing goes. */
export function makeBodyLimit(bodyMaxBytes: number) {
  return (route: RouteOptions): void => {
    // Those that say it themselves have bodies that are not JSON.
    route.bodyLimit ??= Math.min(bodyMaxBytes, LIMITS[route.url] ?? USUAL);
  };
}
