/** One probe of one target, over HTTP or TCP. */
import { hostPortOf } from '../../model/health.ts';
import { BODY_READ_MAX_BYTES, type HttpCheck, judgeAnswer } from '../../model/health-http.ts';
import type { ProbeResult } from '../../model/health-state.ts';
import { type HostPort, NoReply, type Outbound } from '../outbound/outbound.ts';
import type { Probe } from './prober.ts';

export function makeProbe(outbound: Outbound): Probe {
  return async (check, target, stopped) => {
    const connectTo = hostPortOf(check, target);
    const timeoutMs = check.timeoutSeconds * 1000;
    if (check.http !== undefined) return probeHttp(outbound, check.http, connectTo, { timeoutMs, stopped });
    const connected = await outbound.connect(connectTo, { timeoutMs, stopped });
    if (connected instanceof NoReply) return unanswered(connected);
    return { outcome: 'passed', reason: `takes connections on port ${connectTo.port}` };
  };
}

async function probeHttp(
  outbound: Outbound,
  check: HttpCheck,
  connectTo: HostPort,
  limits: { timeoutMs: number; stopped: AbortSignal },
): Promise<ProbeResult> {
  const { method, host, headers, expectBody, maxRedirects, verifyCertificate } = check;
  const ask = {
    url: urlOf(check),
    method,
    connectTo,
    maxRedirects,
    verifyCertificate,
    // The host as it was given: what stands before the target in production does not see its port either.
    headers: { 'user-agent': 'teal-health', host: host.includes(':') ? `[${host}]` : host, ...headers },
  };
  const maxBytes = expectBody === undefined ? 0 : BODY_READ_MAX_BYTES;
  // An answer counts when its last byte is there, save where its beginning has told already that it is the wrong one.
  const readsOn = (status: number, body: string): boolean => judgeAnswer(check, status, body).isGood;
  const reply = await outbound.request(ask, { ...limits, maxBytes, isCut: true, readsOn });
  if (reply instanceof NoReply) return unanswered(reply);
  const { isGood, reason } = judgeAnswer(check, reply.status, reply.body);
  return { outcome: isGood ? 'passed' : 'failed', reason };
}

function urlOf({ scheme, host, port, path }: HttpCheck): URL {
  return new URL(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`);
}

/** What the settings keep us from asking tells nothing of the target. */
function unanswered({ isRefused, reason }: NoReply): ProbeResult {
  return { outcome: isRefused ? 'refused' : 'failed', reason };
}
