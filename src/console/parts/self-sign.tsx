/** In the frame of every page: which server this is, in its colour, and who is signed in. */
import { inkOn } from '../rules/colour.ts';
import { reachText } from '../rules/may.ts';
import { self } from '../state/self.ts';

export function ServerSign() {
  const { name, colour } = self.value?.server ?? {};
  if (name === undefined && colour === undefined) return null;
  return (
    <span
      class="server"
      title={name ?? 'This server'}
      style={colour === undefined ? {} : { background: colour, color: inkOn(colour) }}
    >
      {name === undefined ? <span class="hidden-text">This server has a colour of its own</span> : <bdi>{name}</bdi>}
    </span>
  );
}

export function SelfSign() {
  const seen = self.value;
  if (seen === undefined) return null;
  return (
    <span class="who" title={reachText(seen)}>
      <span class="hidden-text">Signed in as </span>
      <bdi>{seen.title ?? seen.name}</bdi>
      <span class="hidden-text">. {reachText(seen)}</span>
    </span>
  );
}
