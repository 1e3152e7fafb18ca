import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { AssayError } from '../../errors.js';
import { requireNativePackage } from '../tfjs-native/load.js';
import { nativePackages } from '../tfjs-native/package.js';

const require = createRequire(import.meta.url);

// Libraries are imported by the rows that need them: to list the backends, nothing is loaded.

/** Where TensorFlow.js computes. */
interface BackendRow {
  /** For descriptions and the doctor. */
  title: string;
  /** Packages that carry it, when those are optional; the first that works is taken. */
  addons: readonly string[];
  /** Whether it uses all cores, or a GPU, by itself. */
  parallel: boolean;
  /** Loads it and makes it the one in use, in the calling thread. */
  load(addon?: string): Promise<void>;
}

/** Every backend by the name that `--device` takes, best first. */
const backends: Readonly<Record<string, BackendRow>> = {
  tensorflow: { title: 'TensorFlow', addons: nativePackages, parallel: true, load: loadNative },
  wasm: {
    title: 'WebAssembly (plain JavaScript for the kernels that it lacks)',
    addons: [],
    parallel: false,
    load: loadWasm,
  },
  cpu: { title: 'plain JavaScript', addons: [], parallel: false, load: loadPlain },
};

export const backendNames: readonly string[] = Object.keys(backends);

/** A backend by a name out of `backendNames`. */
export function backendRow(name: string): Readonly<BackendRow> {
  return backends[name]!;
}

/** TensorFlow's own library. It registers itself as `tensorflow`. */
async function loadNative(addon: string = nativePackages[0]): Promise<void> {
  requireNativePackage(addon);
  await use('tensorflow');
}

/**
 * Kernels that give wrong results in 4.22: the gradient of max pooling goes to the first pixel of a window without
 * positive ones; OneHot knows integers only.
 */
const WRONG_IN_WASM = ['MaxPoolGrad', 'OneHot'];

async function loadWasm(): Promise<void> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  const { lendKernels } = await import('./lent-kernels.js');
  const { registerSegmentSum } = await import('./segment-sum.js');
  const binary = require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm');
  setWasmPaths(`${dirname(binary)}${sep}`);
  await use('wasm');
  registerSegmentSum('wasm');
  lendKernels('cpu', 'wasm', WRONG_IN_WASM);
}

async function loadPlain(): Promise<void> {
  const { registerSegmentSum } = await import('./segment-sum.js');
  await use('cpu');
  registerSegmentSum('cpu');
}

async function use(name: string): Promise<void> {
  const tf = await import('@tensorflow/tfjs');
  // Without this it greets the user and suggests other packages.
  tf.enableProdMode();
  if (!(await tf.setBackend(name)))
    throw new AssayError('engine-failed', `TensorFlow.js does not start its backend "${name}"`, {
      hint: 'use another one: `--device cpu` runs everywhere',
    });
}
