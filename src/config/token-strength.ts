/** Whether a token of the settings could be guessed: what is short, repeats itself, or stands in a manual. */

/** Every byte of a random one is worth at least 4 bits, so that so many are 80. */
const CHARS_MIN = 20;

/** Of what is left when the parts that anybody would try are taken out. A random token of 20 hexadecimal digits has some 57, and one in 4,000 is below this. */
const BITS_MIN = 32;

/** What stands in samples and at the top of lists of passwords, and rows of keyboards. */
const KNOWN = new RegExp(
  [
    ...['change', 'replace', 'insert', 'your', 'here', 'this', 'with', 'please', 'default', 'example', 'sample'],
    ...['secret', 'token', 'password', 'passwort', 'passw0rd', 'admin', 'read', 'root', 'user', 'teal', 'test', 'todo'],
    ...['letmein', 'welcome', 'qwertyuiop', 'qwertzuiop', 'qwerty', 'qwertz', 'asdfghjkl', 'asdf', 'zxcvbnm', 'dns'],
    ...['bearer', 'long', 'random', 'some', 'very', 'super', 'api', 'key', 'me', 'my', 'too', 'the'],
  ].join('|'),
  'g',
);

export const TOKEN_EXPECTED = `a token that cannot be guessed: at least ${CHARS_MIN} characters without much of a pattern and no words from a manual, such as \`openssl rand -hex 32\` makes`;

export function isStrongToken(token: string): boolean {
  return token.length >= CHARS_MIN && bitsOf(token.toLowerCase().replace(KNOWN, '')) >= BITS_MIN;
}

/** At most so many bits: of a text that is repeated once, without runs such as `aaa`, `abc` or `321`. */
function bitsOf(text: string): number {
  const once = text.slice(0, periodOf(text));
  let free = 0;
  for (let i = 0; i < once.length; i++) {
    const step = i === 0 ? Number.NaN : once.charCodeAt(i) - once.charCodeAt(i - 1);
    if (!(Math.abs(step) <= 1)) free++;
  }
  return free * Math.log2(Math.max(1, new Set(once).size));
}

/** The length of the shortest part that gives the text when it is repeated, its last time perhaps cut off. */
function periodOf(text: string): number {
  for (let period = 1; period < text.length; period++) {
    if (text.startsWith(text.slice(period))) return period;
  }
  return text.length;
}
