import { inject } from 'vitest';

/** In the long tests all that run here: TensorFlow where its addon was built for them. */
function longDevices(): string[] {
  return 'tensorflow' in inject('addon') ? ['tensorflow', 'wasm', 'cpu'] : ['wasm', 'cpu'];
}

/**
 * The devices of the tfjs engine that tests run on: WASM, which runs everywhere; the others too in the long tests;
 * others where `ASSAY_TFJS_DEVICES` names them (tensorflow,wasm).
 */
export const devices: string[] =
  process.env.ASSAY_TFJS_DEVICES?.split(',') ?? (process.env.ASSAY_LONG ? longDevices() : ['wasm']);
