/** What the server says in words of its API is said as somebody at a command line would say it. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { adviceOn, inOwnWords } from '../../src/cli/advice.ts';

/** Words of the API that are flags here. */
const API_WORDS = /signatures=|replaceSignatures|zonemd: |force it/;

t.test('refusals of signed zones name flags in place of members and queries', async (t) => {
  let changed = 0;
  for (const name of ['signed-guard', 'replacing']) {
    const source = readFileSync(`src/control/drafts/${name}.ts`, 'utf8');
    for (const [, detail = '', code = ''] of source.matchAll(
      /const detail = `([^`]*)`;\s*return new Problem\('(\w+)'/g,
    )) {
      if (API_WORDS.test(detail)) changed++;
      t.notMatch(inOwnWords({ code, detail }), API_WORDS, `${name}: ${code}`);
    }
  }
  t.ok(changed >= 8, `${changed} were said in words of the API`);
  const detail = 'signatures=keep serves the zone as it is; signatures=resign drops them.';
  const said = '--signatures keep serves the zone as it is; --signatures resign drops them.';
  t.equal(inOwnWords({ code: 'signatures_unsaid', detail }), said);
});

t.test('what helps where a zone is deleted is not said of an import or a prune, which have no such flag', async (t) => {
  const code = 'zone_has_services';
  t.match(adviceOn({ code, detail: 'It has services; ?services=delete deletes them with it.' }), /--with-services/);
  t.equal(adviceOn({ code, detail: 'It has services (app.example.com): delete them.' }), undefined);
  t.match(adviceOn({ code: 'table_full', detail: 'Full.' }), /table\.maxBytes/);
});
