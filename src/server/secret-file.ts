/** Secrets that the settings name a file of. */
import { LINES_MAX_BYTES, readBounded, unreadable, type Waits } from '../bounded-file.ts';
import type { Settings } from '../config.ts';
import { SettingsError } from './errors.ts';
import type { NamedFiles } from './named-files.ts';

/** What is in the file, without the line feed that nobody means. Throws SettingsError; `key`: the setting. */
export function readSecretFile(key: string, file: string | undefined, files: NamedFiles): string | undefined {
  return file === undefined ? undefined : files.use(key, (waits) => read(key, file, waits));
}

function read(key: string, file: string, waits: Waits): string {
  let text: string;
  try {
    text = readBounded(file, LINES_MAX_BYTES, waits).toString('utf8').trim();
  } catch (error) {
    throw new SettingsError(`${key}: ${file} ${unreadable(error)}`);
  }
  if (text !== '') return text;
  throw new SettingsError(`${key}: ${file} is empty`);
}

/** What whoever sends e-mail signs in with; its file is read only where it has a say. Throws SettingsError. */
export function mailPassword(mail: Settings['mail'], files: NamedFiles): string | undefined {
  if (mail?.user === undefined) return undefined;
  return mail.password ?? readSecretFile('mail.passwordFile', mail.passwordFile, files);
}
