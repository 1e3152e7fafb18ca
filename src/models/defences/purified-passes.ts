import { PRODUCT_PASSES } from '../../sampling/adjoint.js';
import { stepsAgain } from '../../sampling/tape.js';
import type { Passes } from '../system.js';
import type { PurifyOptions } from './purify-options.js';

/** Calls of a purified system as passes of the networks in it. */
export function behindChains(
  { forward, gradient }: Passes,
  { chains, steps, gradient: kind }: Pick<PurifyOptions, 'chains' | 'steps' | 'gradient'>,
): Passes {
  const there = steps * (forward + gradient);
  const back = kind === 'full' ? (PRODUCT_PASSES * steps + stepsAgain(steps)) * gradient : 0;
  return { forward: chains * forward, gradient: chains * (there + back + gradient) };
}
