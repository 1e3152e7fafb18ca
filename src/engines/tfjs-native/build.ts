import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AssayError } from '../../errors.js';
import { type AddonState, probeNativePackage } from '../tfjs-addon.js';
import { compileAddon, findCompiler } from './compile.js';
import { locateLibtensorflow, searchLibtensorflow } from './libtensorflow.js';
import {
  addonSources,
  findNativePackage,
  type NativePackage,
  nativePackages,
  nodeApiHeaders,
} from './package.js';

export type LoadedAddon = Extract<AddonState, { loads: true }>;

/**
 * Builds the native addon of the installed TensorFlow.js package against a TensorFlow on this machine, puts it
 * where the package looks for it, and lets it compute. An addon that was there is put back when that fails.
 * Nothing is downloaded. Errors: `file-unreadable` (no TensorFlow there), `engine-failed`, `output-unwritable`.
 * @param folder see `locateLibtensorflow`; without it the usual places are searched
 * @param tell is told what was found, as it is found
 */
export async function buildAddon(
  folder: string | undefined,
  tell: (what: string, found: string) => void = () => {},
): Promise<LoadedAddon> {
  const native = installedPackage();
  tell('package', `${native.name} ${native.version}`);
  const tensorflow = folder === undefined ? searchLibtensorflow() : locateLibtensorflow(folder);
  tell('tensorflow', tensorflow.libraries[0]);
  const compiler = await findCompiler();
  tell('compiler', compiler.title);

  const temporary = mkdtempSync(join(tmpdir(), 'assay-addon-'));
  try {
    const output = join(temporary, 'tfjs_binding.node');
    tell('building', 'takes some seconds');
    await compileAddon(compiler, {
      sources: addonSources(native),
      nodeApiHeaders: nodeApiHeaders(),
      napi: native.napi,
      tensorflow,
      output,
    });
    const undo = place(output, native.addon);
    tell('trying', native.addon);
    const state = await probeNativePackage(native);
    undo(state.loads);
    if (state.loads) return state;
    throw new AssayError('engine-failed', 'the addon was built but does not work, so it was removed again', {
      found: state.reason,
      hint: state.hint,
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function installedPackage(): NativePackage {
  for (const name of nativePackages) {
    const native = findNativePackage(name);
    if (!native) continue;
    const [source] = addonSources(native);
    if (existsSync(source)) return native;
    throw new AssayError('engine-failed', `${name} has lost its sources`, {
      expected: source,
      hint: `install it again: \`npm install --ignore-scripts ${name}\``,
    });
  }
  throw new AssayError('engine-failed', 'no native TensorFlow.js package is installed', {
    expected: nativePackages.join(' or '),
    hint: `\`npm install --ignore-scripts ${nativePackages[0]}\`: without scripts, since its own download may fail`,
  });
}

/** Puts a file in its place at once. The function returned keeps it there, or puts back what was there. */
function place(built: string, target: string): (keep: boolean) => void {
  const [incoming, before] = [`${target}.new`, `${target}.before`];
  try {
    mkdirSync(dirname(target), { recursive: true });
    cpSync(built, incoming);
    rmSync(before, { force: true });
    if (existsSync(target)) renameSync(target, before);
    renameSync(incoming, target);
  } catch (cause) {
    throw new AssayError('output-unwritable', 'the addon cannot be put where its package looks for it', {
      file: target,
      found: (cause as Error).message,
      hint: 'run this as the user who owns that folder, or install Assay in a folder of yours',
      cause,
    });
  }
  return (keep) => {
    if (keep) rmSync(before, { force: true });
    else if (existsSync(before)) renameSync(before, target);
    else rmSync(target, { force: true });
  };
}
