import { int, ints } from '../graph/build.js';
import { floats, int64s } from '../graph/tensor.js';
import { attention } from './attention.js';
import { interpolationMatrix } from './interpolation.js';
import { normalizations } from './normalizations.js';
import type { LoweringRow } from './row.js';
import { sliceOf } from './rules/shaping.js';
import type { Site } from './site.js';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function gelu(s: Site): string[] {
  const x = s.x[0]!;
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
  const dims = s.shape(s.x[0]!);
  const rank = dims.length;
  const given = s.constantNumbers(1, 'pads') ?? [];
  const axes = s.constantNumbers(3, 'axes')?.map((a) => (a < 0 ? a + rank : a)) ?? range(0, rank);
  const pads = Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    pads[axis] = given[i]!;
    pads[rank + axis] = given[axes.length + i]!;
  });
  if (mode === 'constant') {
    return s.has(3) ? [s.b.op('Pad', [s.x[0]!, s.b.ints(pads), ...(s.has(2) ? [s.x[2]!] : [])])] : undefined;
  }
  let value = s.x[0]!;
  for (const axis of axes) {
    if (!pads[axis] && !pads[rank + axis]) continue;
    const picked = range(-pads[axis]!, dims[axis]! + pads[rank + axis]!).map((i) =>
      source(i, dims[axis]!, mode),
    );
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
  let value = s.x[0]!;
  axes.forEach((axis, i) => {
    const picked = range(0, s.shape(s.y)[axis]!).map((k) => starts[i]! + k * steps[i]!);
    value = s.b.op('Gather', [value, s.b.constant(int64s(picked), 'sliced')], { axis: int(axis) });
  });
  return [value];
}

/** A vector operand of MatMul is a matrix with one row or column. */
function matmul(s: Site): string[] | undefined {
  const [left, right] = s.x.map((x) => s.rank(x) === 1);
  if (!left && !right) return undefined;
  const a = left ? s.b.op('Unsqueeze', [s.x[0]!, s.b.ints([0])]) : s.x[0]!;
  const b = right ? s.b.op('Unsqueeze', [s.x[1]!, s.b.ints([1])]) : s.x[1]!;
  const axes = [...(left ? [-2] : []), ...(right ? [-1] : [])];
  return [s.b.op('Squeeze', [s.matmul(a, b), s.b.ints(axes)])];
}

/** A product with the interpolation matrix along each axis that changes. */
function resize(s: Site): string[] {
  if (s.number('antialias', 0))
    throw s.unsupported('it resizes with antialias; export it with antialias off');
  const policy = s.text('keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch') throw s.unsupported(`keep_aspect_ratio_policy "${policy}"`);
  const [from, to] = [s.shape(s.x[0]!), s.shape(s.y)];
  const rank = from.length;
  const axes = (s.ints('axes') ?? range(0, rank)).map((a) => (a < 0 ? a + rank : a));
  const scales = s.constantNumbers(2, 'scales');
  const cropped = s.text('coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize';
  const roi = cropped ? s.constantNumbers(1, 'region') : undefined;
  let value = s.x[0]!;
  axes.forEach((axis, i) => {
    const scale = scales?.length ? scales[i]! : to[axis]! / from[axis]!;
    if (
      from[axis] === to[axis] &&
      scale === 1 &&
      !(roi?.length && (roi[i] !== 0 || roi[axes.length + i] !== 1))
    )
      return;
    if (axis === 0) throw s.unsupported('it resizes the batch axis');
    const matrix = interpolationMatrix(s, {
      inputs: from[axis]!,
      outputs: to[axis]!,
      scale,
      roi: roi?.length ? [roi[i]!, roi[axes.length + i]!] : undefined,
    });
    const dims = [to[axis]!, from[axis]!];
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
  const [, channels, height, width] = s.shape(s.x[0]!) as readonly [number, number, number, number];
  const block = s.number('blocksize', 1);
  const kept = channels / block ** 2;
  const depthFirst = s.text('mode', 'DCR') === 'DCR';
  const dims = depthFirst ? [0, block, block, kept, height, width] : [0, kept, block, block, height, width];
  const perm = depthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  const moved = s.b.op('Transpose', [s.reshape(s.x[0]!, dims)], { perm: ints(perm) });
  return [s.reshape(moved, [0, kept, height * block, width * block])];
}

function spaceToDepth(s: Site): string[] {
  const [, channels, height, width] = s.shape(s.x[0]!) as readonly [number, number, number, number];
  const block = s.number('blocksize', 1);
  const dims = [0, channels, height / block, block, width / block, block];
  const moved = s.b.op('Transpose', [s.reshape(s.x[0]!, dims)], { perm: ints([0, 3, 5, 1, 2, 4]) });
  return [s.reshape(moved, [0, channels * block ** 2, height / block, width / block])];
}

/**
 * Puts patches (batch, channels * taps, places) back where they were cut out, and adds where they overlap: a
 * transposed convolution, channel by channel, whose kernel for tap t is 1 at t.
 */
function col2Im(s: Site): string[] {
  const image = s.constantNumbers(1, 'image shape') ?? [];
  const block = s.constantNumbers(2, 'block shape') ?? [];
  const axes = block.length;
  const strides = s.ints('strides') ?? block.map(() => 1);
  const dilations = s.ints('dilations') ?? block.map(() => 1);
  const pads = s.ints('pads') ?? Array<number>(2 * axes).fill(0);
  const taps = block.reduce((a, d) => a * d, 1);
  const span = block.map((k, i) => image[i]! + pads[i]! + pads[axes + i]! - (dilations[i]! * (k - 1) + 1));
  const places = span.map((room, i) => Math.floor(room / strides[i]!) + 1);
  const kernel = Float32Array.from({ length: taps * taps }, (_, i) =>
    i % taps === Math.floor(i / taps) ? 1 : 0,
  );
  const planes = s.reshape(s.x[0]!, [-1, taps, ...places]);
  const laid = s.b.op('ConvTranspose', [planes, s.b.constant(floats([taps, 1, ...block], kernel), 'taps')], {
    strides: ints(strides),
    dilations: ints(dilations),
    pads: ints(pads),
    // What strides leave over at the end.
    output_padding: ints(span.map((room, i) => room % strides[i]!)),
  });
  return [s.reshape(laid, [-1, ...s.shape(s.y).slice(1)])];
}

/** Composite operators in primitives. Applied before differentiation, only where a gradient passes through. */
export const lowerings: readonly LoweringRow[] = [
  {
    op: 'HardSwish',
    lower: (s) => [s.mul(s.x[0]!, s.emit('Clip', s.add(s.mul(s.x[0]!, 1 / 6), 0.5), 0, 1))],
  },
  { op: 'Mish', lower: (s) => [s.mul(s.x[0]!, s.emit('Tanh', s.emit('Softplus', s.x[0]!)))] },
  { op: 'Gelu', lower: gelu },
  ...normalizations,
  { op: 'Attention', lower: attention },
  { op: 'Col2Im', lower: col2Im },
  { op: 'ReduceL1', lower: (s) => [reduced(s, s.emit('Abs', s.x[0]!))] },
  { op: 'ReduceL2', lower: (s) => [s.sqrt(reduced(s, s.mul(s.x[0]!, s.x[0]!)))] },
  { op: 'ReduceSumSquare', lower: (s) => [reduced(s, s.mul(s.x[0]!, s.x[0]!))] },
  { op: 'ReduceLogSum', lower: (s) => [s.log(reduced(s, s.x[0]!))] },
  { op: 'Mean', lower: (s) => [s.div(s.emit('Sum', ...s.x), s.x.length)] },
  {
    op: 'GlobalMaxPool',
    lower: (s) => [s.b.op('ReduceMax', [s.x[0]!, s.b.ints(range(2, s.rank(s.x[0]!)))])],
  },
  { op: 'Resize', lower: resize },
  { op: 'DepthToSpace', lower: depthToSpace },
  { op: 'SpaceToDepth', lower: spaceToDepth },
  { op: 'Pad', lower: pad },
  { op: 'Slice', lower: slice },
  { op: 'MatMul', lower: matmul },
];
