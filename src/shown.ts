/** Names of zones and records as people read them; for the server and its clients alike. */

/** The root zone's name is empty; people write a dot. */
export function shown(name: string): string {
  return name === '' ? '.' : name;
}
