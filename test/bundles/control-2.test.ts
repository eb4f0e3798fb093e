/** A part of the tests that run in one process (test/fixtures/together.ts). */
import { runTogether } from '../fixtures/together.ts';

await runTogether(import.meta.url);
