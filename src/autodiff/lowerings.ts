import { int, ints } from '../graph/build.js';
import { floats, int64s } from '../graph/tensor.js';
import { interpolationMatrix } from './interpolation.js';
import type { LoweringRow } from './row.js';
import { sliceOf } from './rules/shaping.js';
import type { Site } from './site.js';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** (x - mean) / sqrt(variance + epsilon) over the given axes. */
function standardised(s: Site, x: string, axes: readonly number[]): string {
  const centred = s.sub(x, s.reduceMean(x, axes));
  const variance = s.reduceMean(s.mul(centred, centred), axes);
  return s.div(centred, s.sqrt(s.add(variance, s.number('epsilon', 1e-5))));
}

function perChannel(s: Site, value: string, rank: number): string {
  return s.reshape(value, [1, -1, ...Array<number>(rank - 2).fill(1)]);
}

function layerNormalization(s: Site): string[] {
  const rank = s.rank(s.x[0]);
  const scaled = s.mul(standardised(s, s.x[0], range(s.axis(-1), rank)), s.x[1]);
  return [s.has(2) ? s.add(scaled, s.x[2]) : scaled];
}

function instanceNormalization(s: Site): string[] {
  const [x, scale, bias] = s.x;
  const rank = s.rank(x);
  const normal = standardised(s, x, range(2, rank));
  return [s.add(s.mul(normal, perChannel(s, scale, rank)), perChannel(s, bias, rank))];
}

/** Since opset 21 scale and bias are per channel; before, per group. */
function groupNormalization(s: Site): string[] {
  const [x, scale, bias] = s.x;
  const rank = s.rank(x);
  const channels = s.shape(x)[1];
  const groups = s.number('num_groups', 1);
  const grouped = s.reshape(x, [0, groups, -1]);
  const normal = standardised(s, grouped, [2]);
  if (s.shape(scale)[0] === channels) {
    const back = s.reshapeLike(normal, x);
    return [s.add(s.mul(back, perChannel(s, scale, rank)), perChannel(s, bias, rank))];
  }
  return [s.reshapeLike(s.add(s.mul(normal, perChannel(s, scale, 3)), perChannel(s, bias, 3)), x)];
}

function gelu(s: Site): string[] {
  const [x] = s.x;
  if (s.text('approximate', 'none') === 'tanh') {
    const cubic = s.mul(0.044715, s.mul(x, s.mul(x, x)));
    const inner = s.mul(Math.sqrt(2 / Math.PI), s.add(x, cubic));
    return [s.mul(s.mul(0.5, x), s.add(1, s.emit('Tanh', inner)))];
  }
  return [s.mul(s.mul(0.5, x), s.add(1, s.emit('Erf', s.mul(x, Math.SQRT1_2))))];
}

/** Keeps the reduction's own axes and keepdims. */
function reduced(s: Site, value: string): string {
  return s.b.op('ReduceSum', [value, ...s.x.slice(1)], s.node.attributes);
}

/** Padding by reflection, edge or wrap picks rows, so it is a Gather along each padded axis. */
function pad(s: Site): string[] | undefined {
  const mode = s.text('mode', 'constant');
  const dims = s.shape(s.x[0]);
  const rank = dims.length;
  const given = s.constantNumbers(1, 'pads') ?? [];
  const axes = s.constantNumbers(3, 'axes')?.map((a) => (a < 0 ? a + rank : a)) ?? range(0, rank);
  const pads = Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    pads[axis] = given[i];
    pads[rank + axis] = given[axes.length + i];
  });
  if (mode === 'constant') {
    return s.has(3) ? [s.b.op('Pad', [s.x[0], s.b.ints(pads), ...(s.has(2) ? [s.x[2]] : [])])] : undefined;
  }
  let value = s.x[0];
  for (const axis of axes) {
    if (!pads[axis] && !pads[rank + axis]) continue;
    const picked = range(-pads[axis], dims[axis] + pads[rank + axis]).map((i) => source(i, dims[axis], mode));
    value = s.b.op('Gather', [value, s.b.constant(int64s(picked), 'padded')], { axis: int(axis) });
  }
  return [value];
}

/** The row that padded position `i` of an axis with `n` rows shows. */
function source(i: number, n: number, mode: string): number {
  if (mode === 'edge') return Math.min(Math.max(i, 0), n - 1);
  if (mode === 'wrap') return ((i % n) + n) % n;
  const period = Math.max(1, 2 * (n - 1));
  const folded = ((i % period) + period) % period;
  return folded < n ? folded : period - folded;
}

/** Slices with other steps than 1 pick rows, so they are a Gather along each axis. */
function slice(s: Site): string[] | undefined {
  const { axes, starts, steps } = sliceOf(s);
  if (steps.every((step) => step === 1)) return undefined;
  let value = s.x[0];
  axes.forEach((axis, i) => {
    const picked = range(0, s.shape(s.y)[axis]).map((k) => starts[i] + k * steps[i]);
    value = s.b.op('Gather', [value, s.b.constant(int64s(picked), 'sliced')], { axis: int(axis) });
  });
  return [value];
}

/** A vector operand of MatMul is a matrix with one row or column. */
function matmul(s: Site): string[] | undefined {
  const [left, right] = s.x.map((x) => s.rank(x) === 1);
  if (!left && !right) return undefined;
  const a = left ? s.b.op('Unsqueeze', [s.x[0], s.b.ints([0])]) : s.x[0];
  const b = right ? s.b.op('Unsqueeze', [s.x[1], s.b.ints([1])]) : s.x[1];
  const axes = [...(left ? [-2] : []), ...(right ? [-1] : [])];
  return [s.b.op('Squeeze', [s.matmul(a, b), s.b.ints(axes)])];
}

/** A product with the interpolation matrix along each axis that changes. */
function resize(s: Site): string[] {
  if (s.number('antialias', 0)) throw s.unsupported('antialias');
  const [from, to] = [s.shape(s.x[0]), s.shape(s.y)];
  const rank = from.length;
  const axes = (s.ints('axes') ?? range(0, rank)).map((a) => (a < 0 ? a + rank : a));
  const scales = s.constantNumbers(2, 'scales');
  let value = s.x[0];
  axes.forEach((axis, i) => {
    const scale = scales?.length ? scales[i] : to[axis] / from[axis];
    if (from[axis] === to[axis] && scale === 1) return;
    if (axis === 0) throw s.unsupported('it resizes the batch axis');
    const matrix = interpolationMatrix(s, from[axis], to[axis], scale);
    const dims = [to[axis], from[axis]];
    if (axis === rank - 2) {
      value = s.matmul(s.b.constant(floats(dims, matrix), 'interpolation'), value);
      return;
    }
    // The axis goes last, is multiplied, and goes back.
    const swapped = range(0, rank);
    [swapped[axis], swapped[rank - 1]] = [rank - 1, axis];
    const swap = (v: string) => (axis === rank - 1 ? v : s.b.op('Transpose', [v], { perm: ints(swapped) }));
    const constant = s.b.constant(floats(dims, matrix), 'interpolation');
    value = swap(s.matmul(swap(value), s.b.op('Transpose', [constant], { perm: ints([1, 0]) })));
  });
  return [value === s.x[0] ? s.emit('Identity', value) : value];
}

/** Blocks of channels become blocks of pixels. */
function depthToSpace(s: Site): string[] {
  const [, channels, height, width] = s.shape(s.x[0]);
  const block = s.number('blocksize', 1);
  const kept = channels / block ** 2;
  const depthFirst = s.text('mode', 'DCR') === 'DCR';
  const dims = depthFirst ? [0, block, block, kept, height, width] : [0, kept, block, block, height, width];
  const perm = depthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  const moved = s.b.op('Transpose', [s.reshape(s.x[0], dims)], { perm: ints(perm) });
  return [s.reshape(moved, [0, kept, height * block, width * block])];
}

function spaceToDepth(s: Site): string[] {
  const [, channels, height, width] = s.shape(s.x[0]);
  const block = s.number('blocksize', 1);
  const dims = [0, channels, height / block, block, width / block, block];
  const moved = s.b.op('Transpose', [s.reshape(s.x[0], dims)], { perm: ints([0, 3, 5, 1, 2, 4]) });
  return [s.reshape(moved, [0, channels * block ** 2, height / block, width / block])];
}

/** Composite operators in primitives. Applied before differentiation, only where a gradient passes through. */
export const lowerings: readonly LoweringRow[] = [
  { op: 'HardSwish', lower: (s) => [s.mul(s.x[0], s.emit('Clip', s.add(s.mul(s.x[0], 1 / 6), 0.5), 0, 1))] },
  { op: 'Mish', lower: (s) => [s.mul(s.x[0], s.emit('Tanh', s.emit('Softplus', s.x[0])))] },
  { op: 'Gelu', lower: gelu },
  { op: 'LayerNormalization', lower: layerNormalization },
  { op: 'InstanceNormalization', lower: instanceNormalization },
  { op: 'GroupNormalization', lower: groupNormalization },
  { op: 'ReduceL1', lower: (s) => [reduced(s, s.emit('Abs', s.x[0]))] },
  { op: 'ReduceL2', lower: (s) => [s.sqrt(reduced(s, s.mul(s.x[0], s.x[0])))] },
  { op: 'ReduceSumSquare', lower: (s) => [reduced(s, s.mul(s.x[0], s.x[0]))] },
  { op: 'ReduceLogSum', lower: (s) => [s.log(reduced(s, s.x[0]))] },
  { op: 'Mean', lower: (s) => [s.div(s.emit('Sum', ...s.x), s.x.length)] },
  {
    op: 'GlobalMaxPool',
    lower: (s) => [s.b.op('ReduceMax', [s.x[0], s.b.ints(range(2, s.rank(s.x[0])))])],
  },
  { op: 'Resize', lower: resize },
  { op: 'DepthToSpace', lower: depthToSpace },
  { op: 'SpaceToDepth', lower: spaceToDepth },
  { op: 'Pad', lower: pad },
  { op: 'Slice', lower: slice },
  { op: 'MatMul', lower: matmul },
];
