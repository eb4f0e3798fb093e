/**
 * What delv and drill make of names of every kind, with the key of a zone itself for an anchor, and what dnsviz and
 * zonemaster make of it from the root down. None of it stops the clients, who go on asking meanwhile.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ADDRESS, outputOf } from './servers.ts';
import { rootHints } from './validators.ts';

/** Some of them ask dozens of questions one after the other, on machines that have other things to do. */
const LIMIT_MS = 180_000;

/** What was said of each, good or not, and of what is not good in its words. */
export interface Judged {
  readonly judged: Record<string, boolean>;
  readonly outputs: Record<string, string>;
}

/** All that a program says. */
export async function saidBy(words: readonly string[]): Promise<string> {
  const [program = '', ...args] = words;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS });
  const failed = new Promise<string>((resolve) => child.once('error', (error) => resolve(error.message)));
  const said = Promise.all([text(child.stdout), text(child.stderr)]).then((both) => both.join(''));
  return Promise.race([said, failed]);
}

/** The key of a zone, as it is answered there, as files of delv and drill; `folder` is theirs. */
export async function anchorsOf(
  zone: string,
  folder: string,
  address: string = ADDRESS.teal,
): Promise<{ readonly delv: string; readonly drill: string }> {
  const said = await outputOf('dig', '+short', 'DNSKEY', zone, `@${address}`);
  // Before what it was told dig says, in comments, what it has waited for in vain.
  const dnskey = said.split('\n').find((line) => /^\d/.test(line)) ?? '';
  const [flags, protocol, algorithm, ...key] = dnskey.split(' ');
  const [delv, drill] = [join(folder, `${zone}.conf`), join(folder, `${zone}.key`)];
  writeFileSync(
    delv,
    `trust-anchors { "${zone}." static-key ${flags} ${protocol} ${algorithm} "${key.join('')}"; };\n`,
  );
  writeFileSync(drill, `${zone}. 3600 IN DNSKEY ${dnskey}\n`);
  return { delv, drill };
}

export const isValidByDelv = (said: string): boolean => /^; (negative response, )?fully validated/m.test(said);
export const delv = (anchor: string, zone: string, address: string, name: string, type: string): string[] => {
  return ['delv', '-a', anchor, `+root=${zone}`, `@${address}`, name, type];
};

export async function judge(zone: string, folder: string, rootKey: string): Promise<Judged> {
  const anchors = await anchorsOf(zone, folder);
  const names = [
    [`app.${zone}`, 'A'],
    [`app.${zone}`, 'TXT'],
    [`moved.${zone}`, 'A'],
    [`nowhere.${zone}`, 'A'],
    [`x.wild.${zone}`, 'TXT'],
    [`x.wild.${zone}`, 'A'],
    [`empty.${zone}`, 'A'],
    [`deep.old.${zone}`, 'A'],
    [zone, 'SOA'],
  ] as const;
  const judged: Record<string, boolean> = {};
  const outputs: Record<string, string> = {};
  const run = async (what: string, isGood: (said: string) => boolean, ...words: string[]): Promise<void> => {
    const said = await saidBy(words);
    judged[what] = isGood(said);
    if (!judged[what]) outputs[what] = said;
  };
  for (const [name, type] of names) {
    await run(`delv ${name} ${type}`, isValidByDelv, ...delv(anchors.delv, zone, ADDRESS.teal, name, type));
  }
  // drill of ldns 1.8.3 chases no CNAME that a DNAME made, and nothing that is not there.
  for (const [name, type] of [names[0], names[2], names[8]]) {
    const isTrusted = (said: string): boolean => /Chase successful/.test(said) && !/\[[BU]\]/.test(said);
    await run(`drill ${name} ${type}`, isTrusted, 'drill', '-S', '-k', anchors.drill, `@${ADDRESS.teal}`, name, type);
  }
  writeFileSync(join(folder, 'root.key'), `${rootKey}\n`);
  writeFileSync(join(folder, 'root.hints'), rootHints);
  const probe = [
    'dnsviz probe -4 -A -a .',
    `-x .:ns.root.invalid=${ADDRESS.root}`,
    `-x example:ns.example=${ADDRESS.parent}`,
  ];
  const asked = `${zone} ${names.map(([name]) => name).join(' ')}`;
  const script = `${probe.join(' ')} -x ${zone}:ns.${zone}=${ADDRESS.teal} ${asked} | dnsviz print -t root.key`;
  // `[.]` is what is well; `[!]`, `[-]` and `[?]` are not, and indented notes begin with E or W.
  const isWell = (said: string): boolean => /\[\.\] {2}SOA/.test(said) && !/\[[!?-]\]|^ *[EW]:/m.test(said);
  await run(`dnsviz ${zone}`, isWell, 'sh', '-c', `cd ${folder}; ${script}`);
  const quiet = ['--no-ipv6', '--no-progress', '--no-time', '--level', 'WARNING', '--test', 'DNSSEC'];
  const isOk = (said: string): boolean => /Looks OK/.test(said);
  await run(`zonemaster ${zone}`, isOk, 'zonemaster-cli', ...quiet, '--hints', join(folder, 'root.hints'), zone);
  return { judged, outputs };
}
