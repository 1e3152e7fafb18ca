import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BuildError } from './build-error.js';
import { compileAddon, findCompiler } from './compile.js';
import { locateLibtensorflow, searchLibtensorflow } from './libtensorflow.js';
import { addonSources, nodeApiHeaders } from './sources.js';

/** An installed package of TensorFlow.js whose addon is to be built. */
export interface NativePackage {
  name: string;
  version: string;
  folder: string;
  /** Where the package looks for its addon on this Node. */
  addon: string;
  /** The Node-API version that this place stands for, which the addon is compiled for. */
  napi: number;
}

/** What came of trying an addon, with what the caller wants to know of one that works. */
export type Trial<Works> = { works: Works } | { reason: string; hint: string };

export interface BuildOptions<Works> {
  /** See `locateLibtensorflow`; without it the usual places are searched. */
  folder: string | undefined;
  /** Loads the addon from its place and lets it compute. */
  attempt(): Promise<Trial<Works>>;
  /** Is told what was found, as it is found. */
  tell?(what: string, found: string): void;
}

/**
 * Builds the native addon of a TensorFlow.js package against a TensorFlow on this machine, puts it where the package looks
 * for it, and tries it. An addon that was there is put back when that fails. Nothing is downloaded. Errors: `BuildError`.
 */
export async function buildAddon<Works>(
  native: NativePackage,
  { folder, attempt, tell = () => {} }: BuildOptions<Works>,
): Promise<Works> {
  const sources = addonSources(native);
  tell('package', `${native.name} ${native.version}`);
  const tensorflow = folder === undefined ? searchLibtensorflow() : locateLibtensorflow(folder);
  tell('tensorflow', tensorflow.libraries[0]);
  const compiler = await findCompiler();
  tell('compiler', compiler.title);

  const temporary = mkdtempSync(join(tmpdir(), 'tfjs-addon-'));
  try {
    const output = join(temporary, 'tfjs_binding.node');
    tell('building', 'takes some seconds');
    const { napi } = native;
    await compileAddon(compiler, { sources, nodeApiHeaders: nodeApiHeaders(), napi, tensorflow, output });
    const undo = place(output, native.addon);
    tell('trying', native.addon);
    const trial = await attempt();
    undo('works' in trial);
    if ('works' in trial) return trial.works;
    throw new BuildError('cannot-build', 'the addon was built but does not work, so it was removed again', {
      found: trial.reason,
      hint: trial.hint,
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
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
    throw new BuildError('cannot-place', 'the addon cannot be put where its package looks for it', {
      file: target,
      found: (cause as Error).message,
      hint: 'run this as the user who owns that folder, or install the package in a folder of yours',
      cause,
    });
  }
  return (keep) => {
    if (keep) rmSync(before, { force: true });
    else if (existsSync(before)) renameSync(before, target);
    else rmSync(target, { force: true });
  };
}
