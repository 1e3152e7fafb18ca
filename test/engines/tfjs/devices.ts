import { inject } from 'vitest';

/** TensorFlow, where its addon was built for the tests. */
const built = () => ('tensorflow' in inject('addon') ? ['tensorflow'] : []);

function devicesHere(): string[] {
  const { ASSAY_TFJS_DEVICES, ASSAY_TENSORFLOW, ASSAY_LONG } = process.env;
  if (ASSAY_TFJS_DEVICES) return ASSAY_TFJS_DEVICES.split(',');
  if (ASSAY_TENSORFLOW) return built();
  return ASSAY_LONG ? ['cpu'] : ['wasm'];
}

/**
 * The devices of the tfjs engine that tests run on: WASM, which runs everywhere; plain JavaScript in the long tests;
 * TensorFlow in its own; others where `ASSAY_TFJS_DEVICES` names them (tensorflow,wasm).
 */
export const devices = devicesHere();
