import { int } from '../../graph/build.js';
import type { GradientRow } from '../row.js';
import type { Site } from '../site.js';

/** The axes a reduction works on, counted from 0. */
export function reducedAxes(s: Site): number[] {
  const rank = s.rank(s.x[0]!);
  const axes = s.constantNumbers(1, 'axes');
  if (!axes?.length) {
    return s.number('noop_with_empty_axes', 0) ? [] : Array.from({ length: rank }, (_, i) => i);
  }
  return axes.map((a) => (a < 0 ? a + rank : a));
}

/** A value of the output's shape with the reduced axes put back as ones. */
function kept(s: Site, value: string, axes: readonly number[]): string {
  return s.number('keepdims', 1) ? value : s.b.op('Unsqueeze', [value, s.b.ints(axes)]);
}

function sum(s: Site): string[] {
  return [s.expandLike(kept(s, s.g, reducedAxes(s)), s.x[0]!)];
}

function mean(s: Site): string[] {
  const axes = reducedAxes(s);
  const dims = s.shape(s.x[0]!);
  // The batch axis changes from run to run, so its extent is counted at run time.
  const count = axes.includes(0)
    ? s.div(s.toFloat(s.b.op('Size', [s.x[0]!])), s.toFloat(s.b.op('Size', [s.y])))
    : axes.reduce((product, a) => product * dims[a]!, 1);
  return [s.expandLike(kept(s, s.div(s.g, count), axes), s.x[0]!)];
}

/** Shared evenly among equal extrema. */
function extremum(s: Site): string[] {
  const axes = reducedAxes(s);
  const chosen = s.toFloat(s.equal(s.x[0]!, kept(s, s.y, axes)));
  return [s.mul(s.div(kept(s, s.g, axes), s.reduceSum(chosen, axes)), chosen)];
}

function logSumExp(s: Site): string[] {
  const axes = reducedAxes(s);
  return [s.mul(kept(s, s.g, axes), s.exp(s.sub(s.x[0]!, kept(s, s.y, axes))))];
}

/** Gradients of reductions. */
export const reductions: readonly GradientRow[] = [
  { op: 'ReduceSum', gradient: sum },
  { op: 'ReduceMean', gradient: mean },
  { op: 'ReduceMax', gradient: extremum },
  { op: 'ReduceMin', gradient: extremum },
  { op: 'ReduceLogSumExp', gradient: logSumExp },
  {
    op: 'CumSum',
    gradient: (s) => [
      s.b.op('CumSum', [s.g, s.x[1]!], {
        exclusive: int(s.number('exclusive', 0)),
        reverse: int(1 - s.number('reverse', 0)),
      }),
    ],
  },
];
