import { PRODUCT_PASSES } from '../../sampling/adjoint.js';
import { stepsAgain } from '../../sampling/tape.js';
import type { Passes, SystemInfo } from '../system.js';
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

/** Passes of one call for an image; where several defences stand one behind the other, of all their networks. */
export function callPasses(
  { callPasses: inner }: Pick<SystemInfo, 'callPasses'>,
  options: Pick<PurifyOptions, 'chains' | 'steps' | 'gradient'>,
): Record<keyof Passes, Passes> {
  const { chains, steps } = options;
  const behind = inner?.forward ?? { forward: 1, gradient: 0 };
  return {
    forward: { forward: chains * behind.forward, gradient: chains * (steps + behind.gradient) },
    gradient: behindChains({ forward: 0, gradient: 1 }, options),
  };
}
