/** How a zone is signed, as the API shows it. Private keys are in no reply but that of their export. */
import { wantedKeys } from '../../model/dnssec/apex.ts';
import type { Notice } from '../../model/dnssec/notice.ts';
import { dsText, sentence } from '../../model/dnssec/sentence.ts';
import type { PublicKey, ZoneSigning } from '../../model/dnssec/signing.ts';
import { DIGEST_SHA256, type ParentLook, waitsUntilMs } from '../../model/dnssec/transition.ts';
import { shown } from '../../shown.ts';
import { TYPE } from '../../wire/constants.ts';
import { formatRdata } from '../../wire/rdata.ts';

const algorithmNames: Readonly<Record<number, string>> = { 13: 'ecdsap256sha256', 15: 'ed25519' };
const timeOf = (ms: number): string => new Date(ms).toISOString();

/** What this node knows of a signing besides: the last look at the parent, nodes that are waited for, how the parent was told. */
interface Besides {
  readonly look?: ParentLook | undefined;
  readonly late?: readonly string[];
  readonly notice?: Notice | undefined;
  readonly parentHere?: ParentHere | undefined;
  /** Why not all of it can be signed now as it is to be; a sentence. */
  readonly heldUp?: string | undefined;
}

/** The zone here that is its parent, by its canonical name, with the RDATA of the DS records that it has for it. */
export interface ParentHere {
  readonly zone: string;
  readonly ds: readonly Uint8Array[];
}

export function signingReply(signing: ZoneSigning, { look, late, notice, parentHere, heldUp }: Besides = {}) {
  const name = shown(signing.zone);
  const untilMs = waitsUntilMs(signing);
  const owner = name === '.' ? '.' : `${name}.`;
  return {
    zone: name,
    stage: signing.stage,
    status: sentence(signing, name, look, { late, heldUp }),
    since: timeOf(signing.sinceMs),
    until: untilMs === undefined ? null : timeOf(untilMs),
    ds: wantedKeys(signing).map((key) => `${owner} IN DS ${dsText({ ...key, digestType: DIGEST_SHA256 })}`),
    denial: signing.denial,
    dnskeyTtlSeconds: signing.dnskeyTtlSeconds,
    keys: signing.keys.map((key) => ({
      ...publicReply(key),
      id: key.id,
      role: key.role,
      madeAt: timeOf(key.madeAtMs),
    })),
    foreignKeys: signing.foreign.map(dnskeyText),
    parent: look === undefined ? null : parentReply(look),
    parentHere: parentHere
      ? { zone: shown(parentHere.zone), ds: parentHere.ds.map((rdata) => formatRdata(TYPE.DS, rdata)) }
      : null,
    notified: notice === undefined || notice.telling === 'none' ? null : noticeReply(notice.atMs, notice.telling),
    revision: signing.revision,
  };
}

function publicReply(key: PublicKey) {
  const { tag, algorithm } = key;
  return { tag, algorithm: algorithmNames[algorithm] ?? String(algorithm), dnskey: dnskeyText(key) };
}

function dnskeyText({ dnskey }: PublicKey): string {
  return formatRdata(TYPE.DNSKEY, new Uint8Array(Buffer.from(dnskey, 'base64')));
}

function noticeReply(atMs: number, telling: Exclude<Notice['telling'], 'none'>) {
  const [endpoint, error] = 'error' in telling ? [null, telling.error] : [telling.endpoint, null];
  return { at: timeOf(atMs), endpoint, error };
}

function parentReply({ atMs, servers }: ParentLook) {
  return {
    askedAt: timeOf(atMs),
    servers: servers.map(({ server, ds, error }) => ({
      server,
      ds: ds === undefined ? null : ds.map(dsText),
      error: error ?? null,
    })),
  };
}
