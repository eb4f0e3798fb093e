/** What the settings' bootstrap section makes of an empty store. */
import type { Settings } from '../config.ts';
import type { Command } from '../control/commands/command.ts';
import type { Problem } from '../model/errors.ts';
import { SettingsError, StartError } from './errors.ts';

/** The bootstrap section as the commands that make it. */
export function seedCommands(bootstrap: Settings['bootstrap']): Command[] {
  if (bootstrap === undefined) return [];
  return [
    ...Object.entries(bootstrap.zones).map(([zone, body]): Command => ({ kind: 'zone.put', zone, body })),
    ...bootstrap.rrsets.map(
      ({ zone, name, type, ...body }): Command => ({ kind: 'rrset.put', zone, name, type, body }),
    ),
    ...Object.entries(bootstrap.services).map(([name, body]): Command => ({ kind: 'service.put', name, body })),
  ];
}

/** A full disk is not the fault of what the bootstrap section says. */
export function mustSeed(problem: Problem | undefined): void {
  if (problem === undefined) return;
  if (problem.status < 500) throw new SettingsError(`bootstrap: ${problem.detail}`);
  throw new StartError(problem.detail);
}
