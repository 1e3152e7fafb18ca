import { buildAddon as build } from 'tfjs-addon-builder/build.js';
import { BuildError, type BuildFault } from 'tfjs-addon-builder/build-error.js';
import { AssayError, type ErrorCode } from '../../errors.js';
import { type AddonState, probeNativePackage } from '../tfjs-addon.js';
import { findNativePackage, nativePackages } from './package.js';

export type LoadedAddon = Extract<AddonState, { loads: true }>;

const codes: Readonly<Record<BuildFault, ErrorCode>> = {
  'no-tensorflow': 'file-unreadable',
  'cannot-build': 'engine-failed',
  'cannot-place': 'output-unwritable',
};

/**
 * Builds the native addon of the installed TensorFlow.js package against a TensorFlow on this machine, and lets it
 * compute. Nothing is downloaded. Errors: `file-unreadable` (no TensorFlow there), `engine-failed`, `output-unwritable`.
 * @param folder see `locateLibtensorflow`; without it the usual places are searched
 * @param tell is told what was found, as it is found
 */
export async function buildAddon(
  folder: string | undefined,
  tell?: (what: string, found: string) => void,
): Promise<LoadedAddon> {
  const native = nativePackages.map((name) => findNativePackage(name)).find((one) => one !== undefined);
  if (!native)
    throw new AssayError('engine-failed', 'no native TensorFlow.js package is installed', {
      expected: nativePackages.join(' or '),
      hint: `\`npm install --ignore-scripts ${nativePackages[0]}\`: without scripts, since its own download may fail`,
    });
  const attempt = async () => {
    const state = await probeNativePackage(native);
    return state.loads ? { works: state } : state;
  };
  try {
    return await build(native, { folder, attempt, ...(tell && { tell }) });
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const { fault, message, cause, details } = error;
    throw new AssayError(codes[fault], message, { ...details, cause });
  }
}
