/** Where images stand in a Dockerfile and in YAML, and how they are pinned: pure, for `tools/images.ts`. */

/** `FROM name:tag` and `image: name:tag`, with a digest or without. What is built here (`teal`) has no tag, or is of nobody's registry. */
const IMAGE = /^(?<before>FROM |\s*image: (?:&\w+ )?)(?<tag>[\w./-]+:[\w.-]+)(?:@sha256:[0-9a-f]{64})?(?=\s|$)/gm;
const PLACEHOLDER = /^registry\.example\.com\//;

/** The images that a file names, without digests. */
export function imagesIn(text: string): string[] {
  const tags = [...text.matchAll(IMAGE)].map(({ groups }) => groups?.tag as string);
  return tags.filter((tag) => !PLACEHOLDER.test(tag));
}

/** The text with the digest behind each tag. */
export function pinned(text: string, digests: ReadonlyMap<string, string>): string {
  return text.replaceAll(IMAGE, (whole: string, ...more: unknown[]) => {
    const { before, tag } = more.at(-1) as { before: string; tag: string };
    const digest = digests.get(tag);
    return digest === undefined ? whole : `${before}${tag}@${digest}`;
  });
}
