import { AssayError } from '../errors.js';
import { Registry } from '../registry.js';
import { L1 } from './norms/l1.js';
import { L2 } from './norms/l2.js';
import { Linf } from './norms/linf.js';
import type { Norm } from './norms/norm.js';

export type { Norm } from './norms/norm.js';

/** Every norm that comes with Assay. */
export const norms = Registry.of<Norm>('norm', [Linf, L2, L1]);

/** Whether a stored point is where it claims to be, with no tolerance. */
export function isInside(norm: Norm, x: Float32Array, x0: Float32Array, epsilon: number): boolean {
  if (x.length !== x0.length) {
    throw new AssayError('shape-mismatch', 'a perturbed image and its original differ in size', {
      expected: String(x0.length),
      found: String(x.length),
    });
  }
  return x.every((v) => v >= 0 && v <= 1) && norm.distance(x, x0) <= epsilon;
}
