import { createRequire } from 'node:module';
import util from 'node:util';

/** What the native library reads from the environment when it is loaded. */
const environment = {
  // Since Ampere, NVIDIA's libraries round float32 factors to 10 bits ("TF32") unless told not to: relative
  // errors of 1e-3, where two engines are to agree to 1e-5.
  NVIDIA_TF32_OVERRIDE: '0',
  // Without it TensorFlow takes all memory of the GPU at once, from a second process or engine too.
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  // Warnings and errors only: a GPU that cannot be used is a warning.
  TF_CPP_MIN_LOG_LEVEL: '1',
} as const;

/** Functions of `util` that tfjs-node 4.22 calls. Node 22 warns of them, Node 23 dropped the first. */
const dropped = {
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isArray: Array.isArray,
};

/**
 * Sets the environment for TensorFlow's library; what the user has set stays. Only the main thread's
 * `process.env` reaches a native library: call it there, before worker threads load the package.
 */
export function setNativeEnvironment(): void {
  for (const [variable, value] of Object.entries(environment)) process.env[variable] ??= value;
}

/**
 * Loads a native package, which makes its backend `tensorflow` the current one of TensorFlow.js.
 * Errors: whatever the package throws; `detectTfjsAddon` explains it.
 * @param name one of `nativePackages`
 */
export function requireNativePackage(name: string): typeof import('@tensorflow/tfjs') {
  Object.assign(util, dropped);
  return createRequire(import.meta.url)(name);
}
