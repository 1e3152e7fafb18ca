import util from 'node:util';

type Tfjs = typeof import('@tensorflow/tfjs');

/** What the native library reads from the environment when it is loaded. What the user has set stays. */
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
 * Imports TensorFlow.js with its native backend, `tensorflow`, which is then the current one.
 * The environment that it sets reaches the native library from the main thread, or from a worker thread that
 * was started with `env: SHARE_ENV`.
 * Errors: whatever the package throws; `detectTfjsAddon` explains it.
 * @param name one of `nativePackages`
 */
export async function importNativePackage(name: string): Promise<Tfjs> {
  for (const [variable, value] of Object.entries(environment)) process.env[variable] ??= value;
  Object.assign(util, dropped);
  const imported: Tfjs & { default?: Tfjs } = await import(name);
  // A CommonJS package: its exports are on the default export, and only some are recognised as names.
  return imported.default ?? imported;
}
