import { int, ints, string } from '../../graph/build.js';
import type { GradientRow } from '../row.js';
import type { Site } from '../site.js';
import { sumTo } from './linear.js';

const reshaped = (s: Site) => [s.reshapeLike(s.g, s.x[0]!)];

function transpose(s: Site): string[] {
  const rank = s.rank(s.x[0]!);
  const perm = s.ints('perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const inverse = perm.map((_, i) => perm.indexOf(i));
  return [s.b.op('Transpose', [s.g], { perm: ints(inverse) })];
}

function concat(s: Site): string[] {
  const axis = s.axis(0, s.rank(s.y));
  if (s.x.length === 1) return [s.g];
  // The batch axis changes from run to run, so its extents are read at run time.
  const extent = (x: string) => s.b.op('Shape', [x], { start: int(axis), end: int(axis + 1) });
  const sizes =
    axis === 0
      ? s.b.op('Concat', s.x.map(extent), { axis: int(0) })
      : s.b.ints(s.x.map((x) => s.shape(x)[axis]!));
  return s.b.node(
    'Split',
    [s.g, sizes],
    { axis: int(axis) },
    s.x.map(() => 'part'),
  );
}

function split(s: Site): string[] {
  const parts = s.node.outputs.map((y, i) => s.grads[i] ?? s.zerosLike(y));
  return [s.b.op('Concat', parts, { axis: int(s.axis(0)) })];
}

/** A slice with unit steps is padded back with zeros. Other steps are lowered to Gather first. */
function slice(s: Site): string[] {
  const rank = s.rank(s.x[0]!);
  const { axes, starts } = sliceOf(s);
  const before = Array<number>(rank).fill(0);
  const after = Array<number>(rank).fill(0);
  axes.forEach((axis, i) => {
    const extent = s.shape(s.x[0]!)[axis]!;
    before[axis] = starts[i]!;
    after[axis] = extent - starts[i]! - s.shape(s.y)[axis]!;
  });
  if (!before[0] && !after[0]) return [s.b.op('Pad', [s.g, s.b.ints([...before, ...after])])];
  // The first axis may be the batch: what is left of it is read off the run.
  if ((s.constantNumbers(1, 'starts') ?? [])[axes.indexOf(0)]! < 0)
    throw s.unsupported('it slices the first axis from its end');
  const extent = (value: string) => s.b.op('Shape', [value], { start: int(0), end: int(1) });
  const left = s.sub(s.sub(extent(s.x[0]!), extent(s.y)), s.b.ints([before[0]!]));
  const parts = [s.b.ints(before), left, ...(rank > 1 ? [s.b.ints(after.slice(1))] : [])];
  return [s.b.op('Pad', [s.g, s.b.op('Concat', parts, { axis: int(0) })])];
}

/** Axes counted from 0, starts clamped to the extent, steps. */
export function sliceOf(s: Site): { axes: number[]; starts: number[]; steps: number[] } {
  const dims = s.shape(s.x[0]!);
  const given = s.constantNumbers(1, 'starts') ?? [];
  const axes = (s.constantNumbers(3, 'axes') ?? given.map((_, i) => i)).map((a) =>
    a < 0 ? a + dims.length : a,
  );
  const steps = s.constantNumbers(4, 'steps') ?? given.map(() => 1);
  const starts = given.map((start, i) => {
    const extent = dims[axes[i]!]!;
    const last = steps[i]! > 0 ? extent : extent - 1;
    return Math.min(Math.max(start < 0 ? start + extent : start, 0), last);
  });
  return { axes, starts, steps };
}

/** Constant padding is undone by negative padding. Other modes are lowered to Gather first. */
function pad(s: Site): string[] {
  const pads = s.constantNumbers(1, 'pads') ?? [];
  if (s.has(3)) throw s.unsupported('it pads chosen axes; they are spelt out first');
  return [s.b.op('Pad', [s.g, s.b.ints(pads.map((p) => -p))])];
}

/** Adds the gradient at the gathered places, whatever the rank of the indices. */
function gather(s: Site): string[] {
  const [x, indices] = s.x as readonly [string, string];
  const rank = s.rank(x);
  const axis = s.axis(0);
  const g = gatheredAsOne(s, axis, s.rank(indices));
  const along = Array<number>(rank).fill(1);
  along[axis] = -1;
  const places = s.expandLike(s.reshape(indices, along), g);
  return [scatterAdd(s, x, places, g, axis)];
}

/** The gradient with the gathered axes as one. Extents are the run's: the batch may be any axis. */
function gatheredAsOne(s: Site, axis: number, chosen: number): string {
  if (chosen === 1) return s.g;
  if (chosen === 0) return s.b.op('Unsqueeze', [s.g, s.b.ints([axis])]);
  const part = (start: number, end: number) =>
    start < end ? [s.b.op('Shape', [s.g], { start: int(start), end: int(end) })] : [];
  const dims = [...part(0, axis), s.b.ints([-1]), ...part(axis + chosen, s.rank(s.y))];
  return s.b.op('Reshape', [s.g, s.b.op('Concat', dims, { axis: int(0) })]);
}

function scatterAdd(s: Site, like: string, indices: string, values: string, axis: number): string {
  return s.b.op('ScatterElements', [s.zerosLike(like), indices, values], {
    axis: int(axis),
    reduction: string('add'),
  });
}

function scatterElements(s: Site): (string | undefined)[] {
  const [, indices, updates] = s.x as readonly [string, string, string];
  const axis = s.axis(0);
  const reduction = s.text('reduction', 'none');
  if (reduction !== 'none' && reduction !== 'add') throw s.unsupported(`reduction "${reduction}"`);
  const toData =
    reduction === 'add'
      ? s.g
      : s.b.op('ScatterElements', [s.g, indices, s.zerosLike(updates)], { axis: int(axis) });
  return [toData, undefined, s.b.op('GatherElements', [s.g, indices], { axis: int(axis) })];
}

/** Every copy's gradient is added up: each axis is split in copies and extent, and the copies are summed. */
function tile(s: Site): string[] {
  const repeats = s.constantNumbers(1, 'repeats') ?? [];
  // Extents are the run's: the batch may be any axis.
  const dims = repeats.flatMap((copies, i) => [
    s.b.ints([copies]),
    s.b.op('Shape', [s.x[0]!], { start: int(i), end: int(i + 1) }),
  ]);
  const split = s.b.op('Reshape', [s.g, s.b.op('Concat', dims, { axis: int(0) })]);
  const copies = repeats.map((_, i) => 2 * i);
  return [s.reduceSum(split, copies, false)];
}

function gatherNd(s: Site): string[] {
  if (s.number('batch_dims', 0)) throw s.unsupported('batch_dims');
  return [s.b.op('ScatterND', [s.zerosLike(s.x[0]!), s.x[1]!, s.g], { reduction: string('add') })];
}

function scatterNd(s: Site): (string | undefined)[] {
  const [, indices, updates] = s.x as readonly [string, string, string];
  const reduction = s.text('reduction', 'none');
  if (reduction !== 'none' && reduction !== 'add') throw s.unsupported(`reduction "${reduction}"`);
  const kept = reduction === 'add' ? s.g : s.b.op('ScatterND', [s.g, indices, s.zerosLike(updates)]);
  return [kept, undefined, s.b.op('GatherND', [s.g, indices])];
}

/** Gradients of operators that move values about. */
export const shaping: readonly GradientRow[] = [
  { op: 'Reshape', gradient: reshaped },
  { op: 'Flatten', gradient: reshaped },
  { op: 'Squeeze', gradient: reshaped },
  { op: 'Unsqueeze', gradient: reshaped },
  { op: 'Transpose', gradient: transpose },
  { op: 'Expand', gradient: (s) => [sumTo(s, s.g, s.x[0]!)] },
  { op: 'Concat', gradient: concat },
  { op: 'Split', gradient: split },
  { op: 'Slice', gradient: slice },
  { op: 'Pad', gradient: pad },
  { op: 'Gather', gradient: gather },
  {
    op: 'GatherElements',
    gradient: (s) => [scatterAdd(s, s.x[0]!, s.x[1]!, s.g, s.axis(0))],
  },
  { op: 'ScatterElements', gradient: scatterElements },
  { op: 'GatherND', gradient: gatherNd },
  {
    op: 'Trilu',
    gradient: (s) => [
      s.b.op('Trilu', [s.g, ...(s.has(1) ? [s.x[1]!] : [])], { upper: int(s.number('upper', 1)) }),
    ],
  },
  { op: 'ScatterND', gradient: scatterNd },
  { op: 'Tile', gradient: tile },
  {
    op: 'TopK',
    gradient: (s) => [scatterAdd(s, s.x[0]!, s.node.outputs[1]!, s.g, s.axis(-1))],
  },
];
