/**
 * The devices of the tfjs engine that tests run on: WASM, which runs everywhere; the plain backend too in the long
 * tests; others where `ASSAY_TFJS_DEVICES` names them (tensorflow,wasm).
 */
export const devices: string[] = (
  process.env.ASSAY_TFJS_DEVICES ?? (process.env.ASSAY_LONG ? 'wasm,cpu' : 'wasm')
).split(',');
