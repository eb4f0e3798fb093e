/** What the rich zones say of a name, by plain text: for the rules that explain differences. */
import { lines, richZones } from './rich-zones.ts';

const owners = new Map<string, Set<string>>();
for (const [apex, text] of Object.entries(richZones)) {
  const names = lines(text).map((line) => line.split(/\s/)[0]);
  owners.set(apex, new Set(names.map((owner) => (owner === '@' ? apex : `${owner}.${apex}`).toLowerCase())));
}

/** The zone that holds a name (text, lower case, with or without the final dot); undefined: none of ours. */
export function zoneOf(name: string): string | undefined {
  const bare = name.replace(/\.$/, '');
  const zones = Object.keys(richZones).filter((apex) => bare === apex || bare.endsWith(`.${apex}`));
  return zones.sort((a, b) => b.length - a.length)[0];
}

/** Whether the zone's file has records at the name. */
export function isOwner(apex: string, name: string): boolean {
  return owners.get(apex)?.has(name.replace(/\.$/, '')) ?? false;
}

const cuts = Object.entries(richZones).flatMap(([apex, text]) =>
  lines(text).flatMap((line) => {
    const [, owner] = /^(\S+)\s+(?:\d+\s+)?NS\s/.exec(line) ?? [];
    return owner === undefined || owner === '@' ? [] : [`${owner}.${apex}`];
  }),
);

/** Whether a zone cut stands at or above the name. */
export function isBelowCut(name: string): boolean {
  const bare = name.replace(/\.$/, '');
  return cuts.some((cut) => bare === cut || bare.endsWith(`.${cut}`));
}
