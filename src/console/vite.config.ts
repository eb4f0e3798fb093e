/** How Vite makes dist/console from the console's sources: hashed files, each with its compressed forms beside it. */
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { InlineConfig, Plugin } from 'vite';

/** A file this short gains less by compression than its second form costs. */
const COMPRESS_MIN_BYTES = 512;

/** The server sends files as they lie there, so the slow and best compression is done once, here. */
const precompress: Plugin = {
  name: 'teal-precompress',
  apply: 'build',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        const bytes = Buffer.from(file.type === 'chunk' ? file.code : file.source);
        if (bytes.length < COMPRESS_MIN_BYTES) continue;
        const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        this.emitFile({ type: 'asset', fileName: `${fileName}.br`, source: brotliCompressSync(bytes, { params }) });
        this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source: gzipSync(bytes, { level: 9 }) });
      }
    },
  },
};

const config: InlineConfig = {
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Relative addresses: the console also works below a path of a proxy.
  base: './',
  configFile: false,
  logLevel: 'warn',
  plugins: [precompress],
  build: {
    emptyOutDir: true,
    // Nothing becomes a data: address, which the Content-Security-Policy would refuse.
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    // What is bundled keeps its notices: they are served beside it.
    license: { fileName: 'licenses.md' },
    reportCompressedSize: false,
  },
};

export default config;
