/** The last step of a Debian package: a folder becomes a file. */
import { execFileSync } from 'node:child_process';

/**
 * Packs a folder, with what it tells dpkg in DEBIAN/, by xz, which the dpkg of every Debian reads. Node is most of it, and
 * takes 20 s: whoever only tries the package may say otherwise by DPKG_DEB_COMPRESSOR_TYPE (dpkg-deb(1)). Throws where
 * dpkg-deb fails, with what it said.
 */
export function archive(folder: string, file: string): void {
  const compressed = process.env.DPKG_DEB_COMPRESSOR_TYPE === undefined ? ['-Zxz', '-z1'] : [];
  // Whatever the umask of who builds it, and of who cloned: the user of the unit is to read it all.
  execFileSync('chmod', ['--recursive', 'u=rwX,go=rX', folder]);
  execFileSync('dpkg-deb', ['--root-owner-group', ...compressed, '--build', folder, file], { stdio: 'pipe' });
}
