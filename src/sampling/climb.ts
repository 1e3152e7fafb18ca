import { firstNotFinite, NotFinite } from '../models/finite.js';
import { addTo } from '../models/passes.js';
import type { Batch, Passes, System } from '../models/system.js';
import { type TargetName, targetNamed } from './targets.js';

/** Gradients of what chains climb, and which chains have none. */
export interface Climbed {
  /** (n, C, H, W): d target / d pixels; zeros for those that are lost. */
  gradient: Float32Array;
  lost: readonly { row: number; error: NotFinite }[];
  passes: Passes;
}

/**
 * The gradient of a target at every image of a batch, which has labels where the target is of a class. Where some are
 * NaN or infinite, the others get theirs: halves are asked for again until the image is found alone.
 */
export async function climb(
  system: System,
  { n, pixels, labels }: Batch,
  target: TargetName,
  step: number,
): Promise<Climbed> {
  const { loss, sign, conditional, title } = targetNamed(target);
  if (conditional && labels?.length !== n)
    throw new Error(`chains that climb ${title} are told their class: ${n} labels`);
  const size = pixels.length / Math.max(1, n);
  let gradient: Float32Array | undefined;
  const lost: { row: number; error: NotFinite }[] = [];
  const passes: Passes = { forward: 0, gradient: 0 };
  const ask = async (start: number, end: number): Promise<void> => {
    const whole = end - start === n;
    const part: Batch = {
      n: end - start,
      pixels: whole ? pixels : pixels.slice(start * size, end * size),
      ...(conditional && labels && { labels: labels.slice(start, end) }),
    };
    try {
      const answer = await system.gradient(part, loss);
      addTo(passes, answer.passes);
      // All at once, and up: what nearly every step asks for is not copied.
      if (whole && sign === 1) gradient = answer.gradient;
      else {
        gradient ??= new Float32Array(pixels.length);
        for (let i = start * size, j = 0; i < end * size; i++, j++) gradient[i] = sign * answer.gradient[j]!;
      }
    } catch (error) {
      if (!(error instanceof NotFinite)) throw error;
      if (part.n === 1) {
        lost.push({ row: start, error });
        return;
      }
      const middle = start + Math.ceil(part.n / 2);
      await ask(start, middle);
      await ask(middle, end);
    }
  };
  await ask(0, n);
  gradient ??= new Float32Array(pixels.length);
  // All at once first: views of each row would be garbage of every step.
  if (firstNotFinite(gradient) >= 0)
    for (let row = 0; row < n; row++) {
      const own = gradient.subarray(row * size, (row + 1) * size);
      if (firstNotFinite(own) < 0) continue;
      own.fill(0);
      lost.push({ row, error: notFinite(system.info.name, title, step) });
    }
  return { gradient, lost, passes };
}

const notFinite = (name: string, title: string, step: number) =>
  new NotFinite(`the gradient of ${title} of "${name}" is not finite`, {
    path: `SGLD step ${step}`,
    hint: 'a smaller step size may keep the chain where the network behaves',
  });
