/** Watches a release until it has ended: steps, weights, what is really answered, how long is left. */

import type { Drain, Page, Release, Revision } from '../contract/types.ts';
import { path } from './api.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { releaseLines } from './format/release.ts';
import { printable, wrap } from './format/text.ts';
import type { Session } from './session.ts';
import { type Sight, watch } from './watch.ts';

/** Exit code 1 where the release is aborted: so that a CI job that watches fails with it. */
export async function watchRelease(session: Session, id: string): Promise<void> {
  const watcher = new ReleaseWatcher(session, id);
  await watch(session, () => watcher.look(), `No longer watched; release ${id} goes on.`);
  if (watcher.state === 'aborted') throw new Failure(EXIT.NEGATIVE, session.json ? '' : `release ${id} was aborted`);
}

class ReleaseWatcher {
  readonly #session: Session;
  readonly #id: string;
  /** A release is numbered by the revision that made it, so that all about it comes after. */
  #seen: number;
  #message = '';
  state = '';

  constructor(session: Session, id: string) {
    this.#session = session;
    this.#id = id;
    this.#seen = Number(id) - 1;
  }

  async look(): Promise<Sight> {
    const { api, style } = this.#session;
    const release = await api.get<Release>(path`/v1/releases/${this.#id}`);
    const names = Object.keys(release.services);
    const drains = await this.#drains(names);
    const events = await this.#events(names[0], release);
    this.state = release.state;
    const nowMs = Date.now();
    const isLast = release.state === 'completed' || release.state === 'aborted';
    const width = this.#session.shell.stdout.columns - 1;
    const draining = names.flatMap((name) => {
      const message = drains.get(name)?.message ?? '';
      const isIdle = Object.values(release.services[name]?.weights ?? {}).includes(0);
      return isIdle && message !== '' ? wrap(printable(message), width, '  ') : [];
    });
    return {
      screen: [
        ...releaseLines(release, style, nowMs, { drains, width }),
        ...(draining.length > 0 ? ['', ...draining] : []),
      ],
      events,
      ...(events.length > 0 && { json: release }),
      isLast,
    };
  }

  async #drains(names: readonly string[]): Promise<Map<string, Drain>> {
    const found = await Promise.all(
      names.map((name) => this.#session.api.find<Drain>(path`/v1/services/${name}/drain`)),
    );
    return new Map(found.flatMap((drain, at) => (drain === undefined ? [] : [[names[at], drain]])));
  }

  /** Each revision once, however quickly they follow each other, and what the release waits for. */
  async #events(name: string, release: Release): Promise<string[]> {
    const page = await this.#session.api.get<Page<Revision>>(
      `${path`/v1/services/${name}/history`}?after=${this.#seen}&limit=100`,
    );
    const lines = page.items.map(({ revision, at, summary }) => `${at} revision ${revision}: ${printable(summary)}`);
    this.#seen = page.items.at(-1)?.revision ?? this.#seen;
    if (release.message !== this.#message) {
      this.#message = release.message;
      lines.push(`${new Date().toISOString()} ${release.state}: ${printable(release.message)}`);
    }
    return lines;
  }
}
