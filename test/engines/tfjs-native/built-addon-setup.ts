import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { findNativePackage, nativePackages } from '../../../src/engines/tfjs-native/package.js';
import { fetchTensorflow } from './wheel.js';

/** What tests know of the addon that was built for them. */
export type AddonForTests = { tensorflow: string; printed: string } | { reason: string };

declare module 'vitest' {
  export interface ProvidedContext {
    addon: AddonForTests;
  }
}

const run = promisify(execFile);
const main = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));

/**
 * For the time of `npm run test:tensorflow`: TensorFlow from PyPI in a temporary folder (or the `tensorflow` folder
 * that ASSAY_TENSORFLOW names, which saves the download), and TensorFlow.js's addon built with it by the real command.
 * Every test of the tfjs engine then has the backend `tensorflow`. Afterwards everything is as it was before.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-tensorflow-'));
  const native = nativePackages.flatMap((name) => findNativePackage(name) ?? [])[0];
  const putBack = native ? setAside(native.addon) : () => {};
  const teardown = () => {
    putBack();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const addon: AddonForTests = native
      ? await build(folder)
      : { reason: `no native TensorFlow.js package is installed (${nativePackages.join(', ')})` };
    project.provide('addon', addon);
    if ('tensorflow' in addon) return teardown;
    console.warn(`\n!!! ${addon.reason}: the addon built with a wheel is NOT tested !!!\n`);
  } catch (error) {
    teardown();
    throw error;
  }
  teardown();
  return () => {};
}

/** Moves a file out of the way. The function returned puts it back in the place of what is there by then. */
function setAside(file: string): () => void {
  const kept = `${file}.kept-during-tests`;
  // It is there already when an earlier run was killed: what is in its place is then of that run.
  if (existsSync(file) && !existsSync(kept)) renameSync(file, kept);
  return () => {
    rmSync(file, { force: true });
    if (existsSync(kept)) renameSync(kept, file);
  };
}

async function build(folder: string): Promise<AddonForTests> {
  const own = process.env.ASSAY_TENSORFLOW;
  const fetched = own && own !== 'pypi' ? { tensorflow: resolve(own) } : await fetchTensorflow(folder);
  if ('reason' in fetched) return fetched;
  // A failure of the command fails the whole run: that it works is what the tests are for.
  const { stdout } = await run(process.execPath, [main, 'build-addon', fetched.tensorflow]);
  return { tensorflow: fetched.tensorflow, printed: stdout };
}
