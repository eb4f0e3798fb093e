/** Names as people write them, in replies and sentences. */
import { formatType } from '../wire/rdata.ts';

/** The root zone's name is empty; people write a dot. */
export function shown(name: string): string {
  return name === '' ? '.' : name;
}

/** `www.example.com/A`: how an RRset is named in the log. */
export function rrsetName(name: string, type: number): string {
  return `${shown(name)}/${formatType(type)}`;
}
