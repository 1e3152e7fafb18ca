import { windowOf } from '../../autodiff/window.js';
import { GraphBuilder } from '../../graph/build.js';
import { type Bounded, dimsOf, type Step, siteOf } from '../network/network.js';
import type { BoundSite } from '../rows/site.js';

/**
 * Which places of a value one place of another depends on, along each spatial axis: of place p, `size` places from
 * p * stride + start on. Some may lie outside of the value, where a convolution pads.
 */
export interface Extent {
  size: readonly number[];
  stride: readonly number[];
  start: readonly number[];
}

/** What an operator reads for an extent of what it gives. */
type Reads = (s: BoundSite, of: Extent, mayPad: boolean) => Extent | undefined;

const asIs: Reads = (_, of) => of;

/** Constants are the same at every place. */
const placeless: Reads = (s, of) => {
  const spatial = of.size.length;
  const known = (x: string) => s.constant(x)?.dims ?? s.shape(x);
  const even = s.x.every((x, i) =>
    s.varies(i)
      ? `${s.shape(x).slice(1)}` === `${s.shape(s.y).slice(1)}`
      : known(x)
          .slice(-spatial)
          .every((d) => d === 1),
  );
  return even ? of : undefined;
};

const slides =
  (kernelOf: (s: BoundSite) => readonly number[]): Reads =>
  (s, of, mayPad) => {
    const { kernel, strides, dilations, before, after } = windowOf(s, kernelOf(s), s.x[0]!, s.y);
    if (!mayPad && [...before, ...after].some((p) => p > 0)) return undefined;
    return {
      size: of.size.map((size, i) => (size - 1) * strides[i]! + dilations[i]! * (kernel[i]! - 1) + 1),
      stride: of.stride.map((stride, i) => stride * strides[i]!),
      start: of.start.map((start, i) => start * strides[i]! - before[i]!),
    };
  };

const kernelShape = (s: BoundSite) => s.ints('kernel_shape') ?? [];
/** Padding of pools is no 0. */
const pooled: Reads = (s, of) => slides(kernelShape)(s, of, false);

/** Operators that look at each place, or at a window around it. Functions of each number by itself are so anyway. */
const LOCAL: ReadonlyMap<string, Reads> = new Map([
  ...['Identity', 'Dropout', 'Cast', 'Neg', 'BatchNormalization'].map((op) => [op, asIs] as const),
  ...['Add', 'Sub', 'Sum', 'Mul', 'Div'].map((op) => [op, placeless] as const),
  ['Concat', (s, of) => (s.axis(0) === 1 && s.varying.length === s.x.length ? of : undefined)],
  ['Conv', slides((s) => s.shape(s.x[1]!).slice(2))],
  ['MaxPool', pooled],
  ['AveragePool', pooled],
]);

/** What a step reads, for an extent of what it gives. */
export interface LocalStep {
  step: Step;
  read: Extent;
}

/** What one place of a value depends on. */
export interface Reach {
  /** Of the pixels and of all values between. */
  extents: ReadonlyMap<string, Extent>;
  /** Those between, in topological order. */
  steps: readonly LocalStep[];
}

/**
 * The reach of the places of a value; undefined where a step between is not local, or the windows are not much smaller than all.
 * Where a convolution pads, what it reads must be pixels or what a step gives that is not affine: its lines there are 0, which is
 * what padding is.
 */
export function reachOf(network: Bounded, from: string): Reach | undefined {
  const spatial = dimsOf(network, from).length - 1;
  if (spatial < 1) return undefined;
  const every = (value: number) => Array<number>(spatial).fill(value);
  const extents = new Map<string, Extent>([[from, { size: every(1), stride: every(1), start: every(0) }]]);
  const steps: LocalStep[] = [];
  const b = new GraphBuilder(network.graph);
  const bent = new Set(network.bent.map(({ node }) => node.outputs[0]));
  for (const step of network.steps.toReversed()) {
    const { node, row } = step;
    const given = extents.get(node.outputs[0]!);
    if (!given) {
      if (node.outputs.slice(1).some((output) => extents.has(output))) return undefined;
      continue;
    }
    const s = siteOf(node, b, network);
    const inputs = s.varying.map((i) => s.x[i]!);
    const mayPad = inputs.every((input) => input === network.pixels || bent.has(input));
    const reads = row.kind === 'curve' ? asIs : LOCAL.get(node.op);
    const read = reads?.(s, given, mayPad);
    if (!read) return undefined;
    for (const input of inputs) {
      const known = extents.get(input);
      const both = known ? union(known, read) : read;
      if (!both || dimsOf(network, input).length !== spatial + 1) return undefined;
      extents.set(input, both);
    }
    steps.push({ step, read });
  }
  const numbers = (sizeAt: (value: string, extent: Extent) => readonly number[]) =>
    [...extents].reduce(
      (sum, [value, extent]) =>
        sum + sizeAt(value, extent).reduce((p, d) => p * d, dimsOf(network, value)[0]!),
      0,
    );
  const all = numbers((value) => dimsOf(network, value).slice(1));
  const within = [...extents].every(([value, { size }]) =>
    size.every((d, axis) => d <= dimsOf(network, value)[axis + 1]!),
  );
  const few = numbers((_, { size }) => size) <= all / 2;
  return within && few ? { extents, steps: steps.reverse() } : undefined;
}

/** The smallest extent that holds both; undefined where they move apart. */
function union(a: Extent, b: Extent): Extent | undefined {
  if (`${a.stride}` !== `${b.stride}`) return undefined;
  const start = a.start.map((from, i) => Math.min(from, b.start[i]!));
  return {
    start,
    size: start.map((from, i) => Math.max(a.start[i]! + a.size[i]!, b.start[i]! + b.size[i]!) - from),
    stride: a.stride,
  };
}
