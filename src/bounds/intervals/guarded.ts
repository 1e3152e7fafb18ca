import { GraphBuilder } from '../../graph/build.js';
import { toNumbers } from '../../graph/tensor.js';
import { type Bounded, isAffine, isSum, readBy, type Step, siteOf } from '../network/network.js';
import { MOVES } from '../network/stops.js';
import { SCALINGS } from '../rows/faint.js';
import type { BoundSite } from '../rows/site.js';

/**
 * The network's own sums may overflow where those of centre and radius do not: at another point of the box, in another order, or with numbers
 * folded into weights that come after them. A step adds up no more than S = |L| (|c| + r) + |b|, and by `growthOf` its radius is
 *
 *     R >= 2 e S,   e >= 5 2^-24,
 *
 * whatever of S comes to nothing; a number k that is folded into it makes k S of S, and k R of R. Radii below 2^128 / `RANGE` have
 * S below 2^127 on their way, where steps keep a share of at least `KEPT` of them.
 */
const KEPT = 2 ** -6;
export const RANGE = 2 ** 28;

/** Steps that leave all magnitudes as they are. */
const KEEPS = new Set([...MOVES, 'Neg']);

/** What a step keeps of the radius of any number that it reads, at least; 0 where it may be lost. */
function keptBy({ node, row }: Step, s: BoundSite): number {
  if (KEEPS.has(node.op)) return 1;
  if (node.op !== 'BatchNormalization' && isSum(node)) return 1;
  if (row.kind !== 'affine' || !(SCALINGS.has(node.op) || node.op === 'BatchNormalization')) return 0;
  const constant = s.constant(s.x[s.varies(0) ? 1 : 0]!);
  const [least = 0] = row.factors?.(s) ?? [];
  return constant && !toNumbers(constant).includes(0) ? Math.min(1, least) : 0;
}

/** Whether more than one number goes into one that it gives: a product by itself overflows where centre or radius do. */
function addsUp({ node, row }: Step, s: BoundSite): boolean {
  const terms = row.kind === 'affine' ? row.terms(s) : 0;
  // A bias is counted where there is none.
  const unbiased = ['Conv', 'ConvTranspose', 'Gemm'].includes(node.op) && !s.has(2);
  return (unbiased ? terms - 1 : terms) > 1;
}

/**
 * Values of affine steps whose radii say that nothing overflows in the network before the last steps that are not affine: those that such
 * steps read, and those of which no affine step keeps the radius; where sums are in them. What follows is looked at by walks.
 */
export function guardedValues(network: Bounded): string[] {
  const b = new GraphBuilder(network.graph);
  const affine = network.steps
    .filter(isAffine)
    .map((step) => ({ ...step, s: siteOf(step.node, b, network) }));
  const sums = new Set<string>();
  for (const { s, ...step } of affine)
    if (addsUp(step, s) || s.varying.some((i) => sums.has(s.x[i]!)))
      for (const output of step.node.outputs) sums.add(output);
  const guarded: string[] = [];
  /** By value that leads to a step which is not affine: the largest share of its radius that is kept until one is looked at. */
  const kept = new Map(network.bent.flatMap(readBy).map((value) => [value, 0]));
  for (const { s, ...step } of affine.toReversed()) {
    const leading = step.node.outputs.filter((output) => kept.has(output));
    if (leading.length === 0) continue;
    let share = keptBy(step, s);
    for (const output of leading)
      if (kept.get(output)! >= KEPT) share *= kept.get(output)!;
      else if (sums.has(output)) guarded.push(output);
    for (const i of s.varying) kept.set(s.x[i]!, Math.max(kept.get(s.x[i]!) ?? 0, share));
  }
  return guarded.reverse();
}
