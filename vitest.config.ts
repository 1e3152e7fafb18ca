import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { COMPILED, compiled } from './test/compiled.js';

const { ASSAY_LONG, ASSAY_QUICK, ASSAY_TENSORFLOW, CI } = process.env;
const selected = ASSAY_TENSORFLOW ? 'tensorflow' : ASSAY_LONG ? 'long' : undefined;

/** Test files with a tag, so that the others need not be loaded to find that out. */
function tagged(tag: string): string[] {
  const mark = new RegExp(`@module-tag ${tag}\\b|tags: .*'${tag}'`);
  return readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join('test', file))
    .filter((file) => mark.test(readFileSync(file, 'utf8')));
}

/**
 * Folders of tests that leave nothing behind in a process, and so share one: most of them take less than a process needs
 * to start and to load what they test.
 */
const SHARING = ['gate', 'graph', 'losses', 'metrics'].map((folder) => `test/${folder}/**/*.test.ts`);
const LATER = 'test/**/*.long.test.ts';
/** Left out of `npm test`, other than in continuous integration. */
const SLOW = ASSAY_QUICK && !CI ? tagged('slow') : [];

export default defineConfig({
  plugins: [compiled()],
  test: {
    server: { deps: { external: [COMPILED] } },
    projects: selected
      ? [{ extends: true, test: { include: tagged(selected) } }]
      : [
          { extends: true, test: { name: 'apart', include: ['test/**/*.test.ts'], exclude: [LATER, ...SHARING, ...SLOW] } },
          { extends: true, test: { name: 'shared', include: SHARING, exclude: [LATER, ...SLOW], isolate: false } },
        ],
    tags: [
      { name: 'long', description: 'does more, or all it does, with ASSAY_LONG=1: minutes' },
      { name: 'slow', description: 'files of many seconds, left out of `npm test`: `npm run test:all`, and in CI' },
      { name: 'tensorflow', description: 'does more with the TensorFlow of a wheel: ASSAY_TENSORFLOW' },
    ],
    globalSetup: [
      ...(ASSAY_TENSORFLOW ? ['test/engines/tfjs-native/built-addon-setup.ts'] : []),
      ...(SLOW.length > 0 ? ['test/slow-left-out.ts'] : []),
    ],
    provide: { slow: SLOW.length },
    pool: 'forks',
    maxWorkers: 2,
    // They end what hangs. The longest tests take ten seconds, and on a machine that others use ten times as long.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
