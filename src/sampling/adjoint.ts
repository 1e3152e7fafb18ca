import { interruption } from '../concurrency.js';
import { AssayError } from '../errors.js';
import { firstNotFinite, NotFinite } from '../models/finite.js';
import { addTo } from '../models/passes.js';
import type { Passes, System } from '../models/system.js';
import type { SgldState } from './sgld.js';
import { shortening } from './sgld.js';
import { type ChainOptions, ChainTape } from './tape.js';
import { targetNamed } from './targets.js';

/** Passes per chain of the way back, beside the steps made again: a Hessian-vector product counts as two. */
export const PRODUCT_PASSES = 2;

/**
 * The largest number that a gradient may hold on its way back: float32 ends at 3e38, and the next step may make more of it.
 * The gradient of a chain that grows beyond is shortened to it and keeps its direction, which is all that attacks take.
 */
const LARGEST = 1e20;

/** Chains that ran, and the way back through them. */
export interface RecordedChains {
  passes: Passes;
  /** The most states that were kept at once so far. */
  peak(): number;
  /**
   * Continues the chain rule from the ends of the chains to their starts: given v_K = d loss / d x_K (n, C, H, W) it
   * returns v_0 = d loss / d x_0, up to a positive factor for chains with numbers beyond 1e20 on the way. Once only. Errors:
   * `model-invalid` when a single step takes it out of float32, naming the example.
   * @param look is shown v_k before it goes on, from k = steps to 0; it must not keep it
   */
  back(
    gradient: Float32Array,
    look?: (step: number, gradient: Float32Array) => void,
  ): Promise<{ gradient: Float32Array; passes: Passes }>;
}

/**
 * Runs chains (see `sgld`), in place, so that a gradient can go back through them exactly, with the noise taken as it was
 * drawn. A step is x' = clamp(x + D s(g) g + noise), with g the gradient of the target, D the step size per channel and s
 * what clipping and the temperature make of it; so v = (I + H J) v', H the target's Hessian at x, applied to a direction by
 * `System.hessianProduct` (adjoint recursion). Where the box clips, nothing passes. Costs `stepsAgain` gradient passes and
 * a product per step and chain, one gradient pass more per step with `clip`.
 * Errors: as `sgld`; `op-unsupported` for a system without Hessian-vector products.
 */
export async function recordChains(
  system: System,
  state: SgldState,
  options: ChainOptions,
): Promise<RecordedChains> {
  if (!system.hessianProduct)
    throw new AssayError('op-unsupported', `"${system.info.name}" has no Hessian-vector products`, {
      found: system.info.lacks.hessianProduct ?? 'it does not offer them',
      hint: 'a gradient through its chains needs them: use the straight-through gradient',
    });
  const tape = new ChainTape(system, options);
  const passes = await tape.record(state);
  const { steps, clamp, signal } = options;
  let after = state.pixels;
  return {
    passes,
    peak: () => tape.peak,
    async back(gradient, look) {
      const spent = { forward: 0, gradient: 0 };
      const v = gradient.slice();
      look?.(steps, v);
      for (let step = steps - 1; step >= 0; step--) {
        if (signal?.aborted) throw interruption(signal);
        const before = await tape.before(step, state);
        addTo(spent, before.passes);
        if (clamp === 'box') stopClipped(v, after);
        const chains = { ...state, pixels: before.pixels };
        addTo(spent, await stepBack(system, chains, v, step, options));
        look?.(step, v);
        after = before.pixels;
      }
      return { gradient: v, passes: spent };
    },
  };
}

/** A pixel on the bound was put there: it does not move with what came before. */
function stopClipped(v: Float32Array, pixels: Float32Array): void {
  for (let j = 0; j < v.length; j++) if (pixels[j] === 0 || pixels[j] === 1) v[j] = 0;
}

/** v = v' + H J v', in place. */
async function stepBack(
  system: System,
  { n, pixels, keys, labels }: SgldState,
  v: Float32Array,
  step: number,
  { stepSize, temperature = 1, clip, target = 'log-px' }: ChainOptions,
): Promise<Passes> {
  const { loss, sign, conditional } = targetNamed(target);
  const batch = { n, pixels, keys, ...(conditional && labels && { labels }) };
  const { inputScale, name } = system.info;
  const size = pixels.length / Math.max(1, n);
  const plane = size / inputScale.length;
  const direction = new Float32Array(v.length);
  for (let j = 0, c = 0; j < v.length; c = (c + 1) % inputScale.length) {
    const scale = inputScale[c]!;
    const share = stepSize / (scale * scale * temperature);
    for (const end = j + plane; j < end; j++) direction[j] = share * v[j]!;
  }
  const refuse = (values: Float32Array) => {
    const at = firstNotFinite(values);
    if (at < 0) return;
    throw new NotFinite(`the gradient back through SGLD step ${step} of "${name}" is ${values[at]}`, {
      path: `example ${keys[Math.floor(at / size)]!.example}`,
      expected: 'a finite number',
      found: String(values[at]),
      hint: 'use a smaller step size, or the straight-through gradient',
    });
  };
  refuse(direction);
  const passes = { forward: 0, gradient: 0 };
  if (clip !== undefined) {
    const gradients = await system.gradient(batch, loss);
    addTo(passes, gradients.passes);
    for (let i = 0; i < n; i++) {
      const own = (values: Float32Array) => values.subarray(i * size, (i + 1) * size);
      throughClip(own(direction), own(gradients.gradient), clip, inputScale);
    }
  }
  const { product, passes: more } = (await system.hessianProduct?.(batch, direction, loss)) ?? none();
  addTo(passes, more);
  let total = 0;
  for (let j = 0; j < v.length; j++) {
    v[j]! += sign * product[j]!;
    total += Math.abs(v[j]!);
  }
  // No number is larger than the sum of all, and that is not finite where one is not.
  if (total <= LARGEST) return passes;
  refuse(v);
  for (let i = 0; i < n; i++) shorten(v.subarray(i * size, (i + 1) * size));
  return passes;
}

/** In place, to numbers up to `LARGEST`. */
function shorten(v: Float32Array): void {
  let most = 0;
  for (let j = 0; j < v.length; j++) most = Math.max(most, Math.abs(v[j]!));
  if (most > LARGEST) for (let j = 0; j < v.length; j++) v[j]! *= LARGEST / most;
}

/**
 * The transposed Jacobian of g -> s g with s = clip / |g|, in the norm of the model's own input, as far as it stands after H:
 * w -> s (w - <g, w> / |g|^2 * g / scale^2). In place; nothing changes where the gradient is shorter than `clip`.
 */
function throughClip(
  w: Float32Array,
  gradient: Float32Array,
  clip: number,
  inputScale: readonly number[],
): void {
  const share = shortening(gradient, clip, inputScale);
  if (share === 1) return;
  const squares = (clip / share) ** 2;
  const plane = w.length / inputScale.length;
  let along = 0;
  for (let j = 0; j < w.length; j++) along += gradient[j]! * w[j]!;
  for (let j = 0; j < w.length; j++) {
    const scale = inputScale[Math.floor(j / plane)]!;
    w[j] = share * (w[j]! - ((along / squares) * gradient[j]!) / (scale * scale));
  }
}

function none(): never {
  throw new Error('a system that is recorded has Hessian-vector products');
}
