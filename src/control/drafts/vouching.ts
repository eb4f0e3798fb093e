/** Drafts of what vouches in one signed zone for the CDS of another (RFC 9615): it comes and goes with that. */
import { isDeepStrictEqual } from 'node:util';
import type { ZoneSigning } from '../../model/dnssec/signing.ts';
import { vouchedFor, vouchersFor } from '../../model/dnssec/vouching.ts';
import { Problem } from '../../model/errors.ts';
import type { ModelChange } from '../../model/revision.ts';
import { withRaisedSerial } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import type { Command } from '../commands/command.ts';
import { signingReply } from '../replies/dnssec.ts';
import type { Drafted } from './draft.ts';

const COPIED = [TYPE.CDS, TYPE.CDNSKEY];

export function draftVouch(
  store: Store,
  { zone: name, of }: Extract<Command, { kind: 'dnssec.vouch' }>,
  revision: number,
): Drafted {
  const zone = store.zone(name);
  const signing = store.signing(name);
  if (zone === undefined || signing === undefined)
    return new Problem('signing_unknown', `The zone ${shown(name)} is not signed.`);
  const vouched = store.signing(of);
  const wanted = (vouched === undefined ? [] : vouchersFor(vouched, store)).filter((each) => each.zone === name);
  const names = new Set(wanted.map((each) => each.name));
  const before = signing.vouches ?? [];
  const gone = before.filter((each) => vouchedFor(each) === of && !names.has(each));
  const changes: ModelChange[] = gone.flatMap((each) => deletions(store, name, each));
  for (const { name: owner, type, ttlSeconds, rdata } of wanted) {
    const there = store.rrset(name, owner, type);
    if (there?.ttlSeconds === ttlSeconds && isDeepStrictEqual(there.rdata.map(hex), rdata.map(hex))) continue;
    changes.push({ op: 'putRRset', rrset: { zone: name, name: owner, type, ttlSeconds, rdata, revision } });
  }
  const vouches = [...before.filter((each) => vouchedFor(each) !== of), ...names];
  if (changes.length === 0 && isDeepStrictEqual(vouches, before)) {
    return { revision: signing.revision, body: signingReply(signing) };
  }
  const after: ZoneSigning = { ...signing, vouches, revision };
  const verb = names.size > 0 ? 'vouches' : 'no longer vouches';
  const subject = (each: ZoneSigning) => ({ vouches: each.vouches ?? [] });
  return {
    kind: 'dnssec.vouch',
    summary: `${shown(name)} ${verb} for the CDS of ${shown(of)}`,
    subjects: [{ kind: 'dnssec', name, before: subject(signing), after: subject(after) }],
    changes: [
      ...changes,
      { op: 'putSigning', signing: after },
      { op: 'putZone', zone: withRaisedSerial(zone, revision) },
    ],
    created: false,
    body: signingReply(after),
  };
}

/** What a zone vouched for others goes with its signing: nobody could validate it. */
export function withoutVouchers(store: Pick<Store, 'rrset'>, { zone, vouches = [] }: ZoneSigning): ModelChange[] {
  return vouches.flatMap((name) => deletions(store, zone, name));
}

function deletions(store: Pick<Store, 'rrset'>, zone: string, name: string): ModelChange[] {
  return COPIED.filter((type) => store.rrset(zone, name, type) !== undefined).map((type) => {
    return { op: 'deleteRRset', zone, name, type };
  });
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
