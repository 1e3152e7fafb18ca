import type { Capability } from './system.js';

/** What capabilities are called in messages. */
export const capabilityTitles: Readonly<Record<Capability, string>> = {
  logits: 'logits',
  logPx: 'log p(x)',
  inputGradient: 'input gradients',
  hessianProduct: 'Hessian-vector products',
  features: 'features',
  lastLayer: 'last linear layer',
  marginBounds: 'bounds of margins',
};
