/** Drafts of what signs a zone, rolls its key, unsigns it, and of the steps between. Keys' private parts are in no revision. */
import { isDeepStrictEqual } from 'node:util';
import { apexRecords } from '../../model/dnssec/apex.ts';
import { activeKey, isUntold, leavingKeys, type PublicKey, type ZoneSigning } from '../../model/dnssec/signing.ts';
import { beginRoll, beginUnsigning, cancelUnsigning, transition } from '../../model/dnssec/transition.ts';
import { Problem } from '../../model/errors.ts';
import { nameToWire } from '../../model/name.ts';
import type { ModelChange, RevisionKind } from '../../model/revision.ts';
import { checkSeconds, withRaisedSerial, type Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { MAX_NAME_BYTES, TYPE } from '../../wire/constants.ts';
import { formatType } from '../../wire/rdata.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import type { SigningBody } from '../commands/dnssec.ts';
import { signingReply } from '../replies/dnssec.ts';
import { checkPrecondition, type Draft, type Drafted } from './draft.ts';
import { refuseUndelegated } from './signed-guard.ts';
import { withoutVouchers } from './vouching.ts';
import { findZone } from './zones.ts';

/** Of the DNSKEY, CDS and CDNSKEY RRsets, where nothing else is said: a roll waits for it. */
const DNSKEY_TTL_SECONDS = 3600;
/** 32 digits and their length. */
const NSEC3_LABEL_BYTES = 33;

export function draftSign(
  store: Store,
  { zone: text, body, key, isGiven }: Extract<Command, { kind: 'dnssec.sign' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const zone = findZone(store, text);
  if (zone instanceof Problem) return zone;
  const before = store.signing(zone.name);
  const stale = checkPrecondition(context, before?.revision, `the signing of ${shown(zone.name)}`);
  if (stale !== undefined) return stale;
  const ttl = checkSeconds(body.dnskeyTtlSeconds ?? 0, 'dnskeyTtlSeconds');
  if (ttl !== undefined) return ttl;
  const long = refuseLong(zone, body);
  if (long !== undefined) return long;
  if (before !== undefined) return changed(zone, before, { body, isGiven }, context.atMs, revision);
  const wrong = foreignFault(zone, body, [key]) ?? ownRecords(store, zone) ?? refuseUndelegated(store, zone);
  if (wrong !== undefined) return wrong;
  const signing: ZoneSigning = {
    zone: zone.name,
    denial: body.denial ?? 'nsec',
    zonemd: body.zonemd ?? false,
    keys: [{ ...key, role: 'active' }],
    foreign: body.foreign ?? [],
    stage: 'signing',
    sinceMs: context.atMs,
    dnskeyTtlSeconds: body.dnskeyTtlSeconds ?? DNSKEY_TTL_SECONDS,
    maxTtlSeconds: store.maxTtlOf(zone.name),
    dsTtlSeconds: 0,
    revision,
  };
  return drafted(zone, undefined, signing, {
    kind: 'dnssec.sign',
    summary: `began to sign the zone ${shown(zone.name)}`,
  });
}

/** What somebody has to do who wants another algorithm. */
const otherAlgorithm =
  'To another algorithm it goes by unsigning (teal dnssec unsign waits until no cache holds a DS) and signing anew (teal dnssec sign --algorithm); between the two the zone is answered, and not validated.';

/** The owner of an NSEC3 is its zone's name and a label more (RFC 5155 §3). */
export function refuseLong(zone: Zone, { denial }: SigningBody): Problem | undefined {
  const room = MAX_NAME_BYTES - NSEC3_LABEL_BYTES;
  if (denial !== 'nsec3' || nameToWire(zone.name).length <= room) return undefined;
  const detail = `The name of the zone leaves no room for those of NSEC3 records: ${room} bytes are the most; nsec takes any name.`;
  return new Problem('dnssec_invalid', detail, { pointer: '/denial' });
}

function changed(
  zone: Zone,
  before: ZoneSigning,
  { body, isGiven }: { readonly body: SigningBody; readonly isGiven: boolean },
  nowMs: number,
  revision: number,
): Drafted {
  const refuse = (detail: string): Problem => new Problem('signing_state', `${shown(zone.name)} ${detail}`);
  if (isGiven) return refuse(`is signed already: another key takes its place by a roll. ${otherAlgorithm}`);
  if (body.dnskeyTtlSeconds !== undefined && body.dnskeyTtlSeconds !== before.dnskeyTtlSeconds) {
    return refuse('is signed, and the TTL of its keys stays until it is unsigned: caches hold them by it.');
  }
  const wrong = foreignFault(zone, body, before.keys) ?? refuseLeaving(zone, before, body);
  if (wrong !== undefined) return wrong;
  const again = cancelUnsigning(before, nowMs);
  const { denial = before.denial, zonemd = before.zonemd, foreign = before.foreign } = body;
  const after = { ...(again ?? before), denial, zonemd, foreign };
  if (isDeepStrictEqual(after, before)) return { revision: before.revision, body: signingReply(before) };
  const summary = again === undefined ? 'changed how the zone is signed:' : 'took back the unsigning of';
  return drafted(
    zone,
    before,
    { ...after, revision },
    { kind: 'dnssec.change', summary: `${summary} ${shown(zone.name)}` },
  );
}

export function draftRoll(
  store: Store,
  { zone: text, key }: Extract<Command, { kind: 'dnssec.roll' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const found = findSigned(store, text, context);
  if (found instanceof Problem) return found;
  const { zone, signing } = found;
  const name = shown(zone.name);
  const active = activeKey(signing);
  if (active.algorithm !== key.algorithm) {
    const detail = `A key of ${name} is rolled to one of its own algorithm, ${active.algorithm}, not to ${key.algorithm} (RFC 6781 §4.1.4). ${otherAlgorithm}`;
    return new Problem('dnssec_invalid', detail, { pointer: '/algorithm' });
  }
  if ([...signing.keys, ...signing.foreign].some(({ dnskey }) => dnskey === key.dnskey)) {
    return new Problem('dnssec_invalid', `${name} has that key already.`, { pointer: '/privateKey' });
  }
  const after = beginRoll(signing, key as ZoneSigning['keys'][number], context.atMs);
  if (after === undefined) {
    return new Problem(
      'signing_state',
      `The key of ${name} can be rolled when nothing is waited for, and its stage is ${signing.stage}.`,
    );
  }
  const said = { kind: 'dnssec.roll', summary: `began to roll the key of ${name} to ${key.tag}` } as const;
  return drafted(zone, signing, { ...after, revision }, said);
}

export function draftUnsign(
  store: Store,
  { zone: text, force }: Extract<Command, { kind: 'dnssec.unsign' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const found = findSigned(store, text, context);
  if (found instanceof Problem) return found;
  const { zone, signing } = found;
  const name = shown(zone.name);
  if (force)
    return ended(store, zone, signing, revision, {
      kind: 'dnssec.unsign',
      summary: `unsigned the zone ${name} by force`,
    });
  const after = beginUnsigning(signing, context.atMs);
  if (after === undefined) return { revision: signing.revision, body: signingReply(signing) };
  const said = { kind: 'dnssec.unsign', summary: `began to unsign the zone ${name}` } as const;
  return drafted(zone, signing, { ...after, revision }, said);
}

export function draftSigningStep(
  store: Store,
  { zone: text, revision: base, seen }: Extract<Command, { kind: 'dnssec.step' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const found = findSigned(store, text, context);
  if (found instanceof Problem) return found;
  const { zone, signing } = found;
  const name = shown(zone.name);
  if (signing.revision !== base) return new Problem('signing_state', `The signing of ${name} has changed meanwhile.`);
  const after = transition(signing, seen, context.atMs);
  if (after === undefined) return { revision: signing.revision, body: signingReply(signing) };
  const kind = 'dnssec.step';
  if (after.stage === 'unsigned')
    return ended(store, zone, signing, revision, { kind, summary: `unsigned the zone ${name}` });
  const summary =
    after.stage === signing.stage
      ? `noted what caches may hold of ${name}`
      : `${name}: ${signing.stage} is over, now ${after.stage}`;
  return drafted(zone, signing, { ...after, revision }, { kind, summary });
}

/** 409 where a key of others would go that caches, or the parent, may still lead to. */
function refuseLeaving(zone: Zone, before: ZoneSigning, body: SigningBody): Problem | undefined {
  const [gone] = leavingKeys(before, body.foreign);
  if (gone === undefined || body.force === true || isUntold(before) || before.stage === 'secure') return undefined;
  const name = shown(zone.name);
  const why =
    before.stage === 'replacing'
      ? `caches, and the zone until all of it is signed anew, may have signatures of key ${gone.tag}`
      : `the parent may have the DS of key ${gone.tag} alone`;
  const detail = `The keys of others leave ${name} once nothing is waited for, and its stage is ${before.stage}: ${why}, and validators would refuse the zone. Wait for the stage secure (teal dnssec status), or force it.`;
  return new Problem('ds_present', detail, { conflict: name, pointer: '/foreignKeys' });
}

/** What is wrong with keys of others beside ours. */
export function foreignFault(
  zone: Zone,
  { foreign = [] }: SigningBody,
  own: readonly PublicKey[],
): Problem | undefined {
  const refuse = (detail: string): Problem => new Problem('dnssec_invalid', detail, { pointer: '/foreignKeys' });
  const all = [...own, ...foreign];
  const algorithm = own[0]?.algorithm;
  const other = foreign.find((key) => key.algorithm !== algorithm);
  if (other !== undefined) {
    return refuse(
      `All who sign ${shown(zone.name)} sign with one algorithm, ${algorithm}, not ${other.algorithm}: every RRset needs a signature of each (RFC 4035 §2.2).`,
    );
  }
  const isTwice = new Set(all.map(({ dnskey }) => dnskey)).size < all.length;
  return isTwice ? refuse(`A key of others stands there twice, or is one of ${shown(zone.name)} itself.`) : undefined;
}

/** What the log tells of a signing: of its keys the public part. */
export function signingBody({ zone: _zone, keys, revision: _revision, ...rest }: ZoneSigning): object {
  return { ...rest, keys: keys.map(({ wrapped: _wrapped, ...key }) => key) };
}

type Said = Pick<Draft, 'summary'> & { readonly kind: RevisionKind };

function drafted(zone: Zone, before: ZoneSigning | undefined, after: ZoneSigning, said: Said): Drafted {
  const isSeen = before === undefined || !isDeepStrictEqual(apexRecords(before), apexRecords(after));
  return {
    ...said,
    subjects: [
      { kind: 'dnssec', name: zone.name, before: before ? signingBody(before) : null, after: signingBody(after) },
    ],
    changes: [{ op: 'putSigning', signing: after }, ...(isSeen ? raised(zone, after.revision) : [])],
    created: before === undefined,
    body: signingReply(after),
  };
}

function ended(store: Store, zone: Zone, before: ZoneSigning, revision: number, said: Said): Drafted {
  return {
    ...said,
    subjects: [{ kind: 'dnssec', name: zone.name, before: signingBody(before), after: null }],
    changes: [...withoutVouchers(store, before), { op: 'deleteSigning', zone: zone.name }, ...raised(zone, revision)],
    created: false,
    body: null,
  };
}

/** Secondaries come for what stands at the apex now. */
function raised(zone: Zone, revision: number): ModelChange[] {
  return [{ op: 'putZone', zone: withRaisedSerial(zone, revision) }];
}

function unsigned(zone: string): Problem {
  return new Problem('signing_unknown', `The zone ${shown(zone)} is not signed.`);
}

function findSigned(
  store: Store,
  text: string,
  context: CommandContext,
): { readonly zone: Zone; readonly signing: ZoneSigning } | Problem {
  const zone = findZone(store, text);
  if (zone instanceof Problem) return zone;
  const signing = store.signing(zone.name);
  const stale = checkPrecondition(context, signing?.revision, `the signing of ${shown(zone.name)}`);
  return stale ?? (signing === undefined ? unsigned(zone.name) : { zone, signing });
}

/** 409 where a zone brings keys or signatures of its own. */
function ownRecords(store: Store, zone: Zone): Problem | undefined {
  const type = [TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY, TYPE.NSEC3PARAM, TYPE.NSEC, TYPE.RRSIG].find(
    (each) => store.rrset(zone.name, zone.name, each) !== undefined,
  );
  if (type === undefined) return undefined;
  const conflict = `${shown(zone.name)}/${formatType(type)}`;
  const detail = `The zone has DNSSEC records of its own (${conflict}): import it again without them, or delete them, before Teal signs it; of a zone that is served with its own signatures, replace them (teal dnssec sign --replace-signatures).`;
  return new Problem('zone_signed', detail, { conflict });
}
