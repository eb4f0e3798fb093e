/** Files that are no zone file at all, told by their first bytes, so that not each of their lines is told as wrong. */

const UTF16 = 'the file is UTF-16, as programs of Windows write it: save it as UTF-8';
const RAW =
  "the file is in BIND's raw format, in which it keeps secondary zones: named-compilezone -f raw -F text writes it as text";

const beginnings: readonly (readonly [readonly number[], string])[] = [
  [[0xff, 0xfe], UTF16],
  [[0xfe, 0xff], UTF16],
  // dns_masterformat_raw and the former _map (bind9, lib/dns/include/dns/types.h).
  [[0, 0, 0, 2], RAW],
  [[0, 0, 0, 3], RAW],
  [[0x1f, 0x8b], 'the file is compressed (gzip): unpack it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'the file is compressed (zstd): unpack it first'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], 'the file is compressed (xz): unpack it first'],
  // With its usual size of a block; the bytes behind it begin one.
  [[...Buffer.from('BZh91AY&SY')], 'the file is compressed (bzip2): unpack it first'],
  [[...Buffer.from('PK\x03\x04')], 'the file is compressed (zip): unpack it first'],
];

/** What the file is, and what to do; undefined where it may be text. */
export function whyNotText(bytes: Uint8Array): string | undefined {
  const known = beginnings.find(([start]) => start.every((byte, at) => bytes[at] === byte));
  if (known !== undefined) return known[1];
  // Of ASCII in UTF-16 every other byte is 0, and a zone file begins with ASCII.
  return bytes.length > 1 && (bytes[0] === 0) !== (bytes[1] === 0) ? UTF16 : undefined;
}
