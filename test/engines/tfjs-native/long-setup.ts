import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { findNativePackage, nativePackages } from '../../../src/engines/tfjs-native/package.js';
import { fetchTensorflow } from './wheel.js';

/** What long tests know of the addon that was built for them. */
export type AddonForTests = { tensorflow: string; printed: string } | { reason: string };

declare module 'vitest' {
  export interface ProvidedContext {
    addon: AddonForTests;
  }
}

const run = promisify(execFile);
const main = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));

/**
 * For the time of the long tests: TensorFlow from PyPI in a temporary folder, and TensorFlow.js's addon built with
 * it by the real command. Every test of the tfjs engine then has the backend `tensorflow`. Afterwards everything is
 * as it was before.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-tensorflow-'));
  const addon = nativePackages.map((name) => findNativePackage(name)).find((found) => found)?.addon;
  const kept = join(folder, 'addon-before');
  if (addon && existsSync(addon)) renameSync(addon, kept);

  const built = await build(folder);
  if ('reason' in built)
    console.warn(`\n!!! ${built.reason}: the tensorflow backend of tfjs is NOT tested !!!\n`);
  project.provide('addon', built);
  return () => {
    if (addon) rmSync(addon, { force: true });
    if (addon && existsSync(kept)) renameSync(kept, addon);
    rmSync(folder, { recursive: true, force: true });
  };
}

async function build(folder: string): Promise<AddonForTests> {
  if (nativePackages.every((name) => !findNativePackage(name)))
    return { reason: `no native TensorFlow.js package is installed (${nativePackages.join(', ')})` };
  const fetched = await fetchTensorflow(folder);
  if ('reason' in fetched) return fetched;
  // A failure of the command itself fails the tests: that it works is what they are for.
  const { stdout } = await run(process.execPath, [main, 'build-addon', fetched.tensorflow]);
  return { tensorflow: fetched.tensorflow, printed: stdout };
}
