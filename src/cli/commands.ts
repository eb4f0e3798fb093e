/** Every command and where it lives, in the order of `teal --help`. */
import type { CommandModule } from './program.ts';

export const commands: Readonly<Record<string, CommandModule>> = {
  shift: () => import('./shift.ts'),
  rollback: () => import('./rollback.ts'),
  release: () => import('./release.ts'),
  health: () => import('./health.ts'),
  zone: () => import('./zone.ts'),
  record: () => import('./record.ts'),
  service: () => import('./service.ts'),
  adopt: () => import('./adopt.ts'),
  apply: () => import('./apply.ts'),
  status: () => import('./status.ts'),
  drain: () => import('./drain.ts'),
  explain: () => import('./explain.ts'),
  history: () => import('./history.ts'),
  doctor: () => import('./doctor.ts'),
  bench: () => import('./bench.ts'),
  serve: () => import('./serve.ts'),
  upgrade: () => import('./upgrade.ts'),
  init: () => import('./init.ts'),
  token: () => import('./token.ts'),
  webhook: () => import('./webhook.ts'),
  backup: () => import('./backup.ts'),
  restore: () => import('./restore.ts'),
  fleet: () => import('./fleet.ts'),
  completion: () => import('./completion/index.ts'),
};
