/** Whether a zone holds what somebody saw: by what the log tells of it, and only where it tells all. */
import t from 'tap';
import { isUntouched, sincePath } from '../src/untouched.ts';

const zone = 'example.com';
const signing = { kind: 'dnssec', name: zone, after: {} };
const step = (revision: number, subjects: { kind: string; name: string; after: unknown }[] = [signing]) => ({
  revision,
  kind: 'dnssec.step',
  subjects,
});
const by = (kind: string, revision: number) => ({ ...step(revision), kind });

t.test('steps of its own signing leave a zone as it was', async (t) => {
  t.ok(isUntouched(zone, [step(7), step(9)], 9));
  t.ok(isUntouched(zone, [step(7), by('shift', 8), by('release.step', 9), by('health.expire', 10), step(11)], 11));
  t.ok(isUntouched(zone, [step(7), by('rrset.put', 8)], 7), 'what came later is for who comes later');
  t.match(sincePath('example.com', 6), '?zone=example.com&after=6&');
});

t.test('all else is somebody, or may be', async (t) => {
  for (const kind of [
    'rrset.put',
    'zone.import',
    'service.put',
    'dnssec.sign',
    'dnssec.roll',
    'dnssec.vouch',
    'new.kind',
  ])
    t.notOk(isUntouched(zone, [by(kind, 7), step(8)], 8), kind);
  t.notOk(isUntouched(zone, [step(7)], 8), 'the log does not tell of the last');
  t.notOk(isUntouched(zone, [], 8));
  const child = { ...signing, name: 'child.example.com' };
  t.notOk(isUntouched(zone, [step(7, [child]), step(8)], 8), 'of a zone below, which may be vouched for here');
  t.notOk(isUntouched(zone, [step(8, [{ ...signing, after: null }])], 8), 'the last of an unsigning');
});
