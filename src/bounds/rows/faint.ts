import type { Node } from '../../graph/graph.js';
import type { BoundRow, Span } from './row.js';
import type { BoundSite } from './site.js';

/**
 * Engines fold constants that values are multiplied by into each other (onnxruntime: a Mul or BatchNormalization into the weights before it,
 * numbers before and after a matrix product into one). Products that are too small for float32 are lost then, whatever the values are: of
 * two of 1e-25 nothing is left, and 1e25 times what is left is nothing. So are constants that are too small by themselves, where engines
 * make 0 of such.
 *
 * What is lost is at most 2^-126 times a value for each product. Magnitudes are taken of constants that are not nearer to 0 than a floor, the
 * product of all in a row not than `FAINT`: a quarter of `UNIT` of that is as much.
 */
const FAINT = 2 ** -100;
/** A constant that others follow leaves them room: ordinary ones are not below their floors. */
const SHARE = 2 ** -50;
/** Products that may be larger are infinite where engines make them, or nearly so. */
const MOST = 2 ** 120;

/** Matrix products: none is folded into another. */
export const MATRICES = new Set(['Conv', 'ConvTranspose', 'MatMul', 'Gemm']);
export const SCALINGS = new Set(['Mul', 'Div']);

interface Gain {
  /** The least and the largest product of any of the constants that a value was multiplied by in a row. */
  all: Span;
  /** Of those since the last matrix, which a later matrix may take. */
  numbers: Span;
  /** Whether a matrix is among them: numbers alone are not multiplied. */
  folds: boolean;
  /**
   * The least product of any single numbers since the last matrix and sum. Engines may multiply by them after the next matrix product
   * (onnxruntime): what it makes is so much larger meanwhile.
   */
  delayed: number;
}
const ONE: Span = [1, 1];
const NONE: Gain = { all: ONE, numbers: ONE, folds: false, delayed: 1 };

const both = (a: Span, b: Span): Span => [a[0] * b[0], a[1] * b[1]];
const either = (a: Span, b: Span): Span => [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
const met = (a: Gain, b: Gain, one: typeof both): Gain => ({
  all: one(a.all, b.all),
  numbers: one(a.numbers, b.numbers),
  folds: a.folds || b.folds,
  delayed: one === both ? a.delayed * b.delayed : 1,
});

/** The least that a step multiplies all numbers by where it is one number, and 1 or less. */
function numberOf({ op }: Node, s: BoundSite): number {
  const i = s.varies(0) ? 1 : 0;
  if (!SCALINGS.has(op) || s.shape(s.x[i]!).some((d) => d !== 1)) return 1;
  const number = s.scalar(i);
  if (number === undefined) return SHARE;
  return Math.min(1, op === 'Div' ? 1 / Math.abs(number) : Math.abs(number));
}

interface Faint {
  /** By the value that a step gives which multiplies by constants: what their magnitudes are at least taken for. */
  floors: ReadonlyMap<string, number>;
  /** A step whose constants may overflow when they are folded. */
  overflowing: Node | undefined;
  /** By the value that a matrix product gives: how many times as large it may be before engines multiply it by numbers. */
  larger: ReadonlyMap<string, number>;
}

/** @param steps in topological order */
export function faint(
  steps: readonly { node: Node; row: BoundRow; s: BoundSite }[],
  readers: ReadonlyMap<string, number>,
): Faint {
  const alone = (value: string) => readers.get(value) === 1;
  /** Whether constants on both sides of a step may meet. */
  const passes = ({ kind }: BoundRow) => kind === 'affine' || kind === 'product';
  /** Values that are multiplied by constants further on, before anything else. */
  const followed = new Set<string>();
  for (const { node, row, s } of steps.toReversed()) {
    const multiplies = row.kind === 'affine' && row.factors !== undefined;
    // What a product has of one side meets what it has of the other.
    const meets = multiplies || row.kind === 'product';
    if (meets || (passes(row) && node.outputs.some((output) => followed.has(output))))
      for (const i of s.varying) followed.add(s.x[i]!);
  }
  const floors = new Map<string, number>();
  const gains = new Map<string, Gain>();
  const larger = new Map<string, number>();
  let overflowing: Node | undefined;
  for (const { node, row, s } of steps) {
    if (!passes(row)) continue;
    const read = s.varying.map((i) => {
      const found = gains.get(s.x[i]!) ?? NONE;
      // Numbers are taken into products also where others read what is multiplied by them.
      const { numbers, delayed } = found;
      return alone(s.x[i]!) ? found : { ...NONE, all: numbers, numbers, delayed };
    });
    const [first = NONE, ...others] = read;
    const sides = row.kind === 'product' ? both : either;
    let gain = others.reduce((a, b) => met(a, b, sides), first);
    if ((row.kind === 'product' || node.op === 'MatMul') && gain.delayed < 1)
      larger.set(node.outputs[0]!, 1 / gain.delayed);
    if (row.kind === 'product') {
      gain = { ...gain, folds: true, delayed: 1 };
      if (gain.numbers[1] > MOST) overflowing ??= node;
    }
    const factors = row.kind === 'affine' ? row.factors?.(s) : undefined;
    if (factors) {
      const output = node.outputs[0]!;
      const isMatrix = MATRICES.has(node.op);
      const before = isMatrix ? gain.numbers : gain.all;
      const floor = Math.max(followed.has(output) ? SHARE : FAINT, FAINT / before[0]);
      floors.set(output, floor);
      const own: Span = [Math.min(1, Math.max(floor, factors[0])), Math.max(1, factors[1])];
      const all = both(before, own);
      gain = {
        all,
        numbers: isMatrix ? ONE : both(gain.numbers, own),
        folds: gain.folds || isMatrix,
        delayed: isMatrix ? 1 : gain.delayed * numberOf(node, s),
      };
      if (gain.folds && all[1] > MOST && Math.min(before[1], own[1]) > 1) overflowing ??= node;
    }
    for (const output of node.outputs) gains.set(output, gain);
  }
  return { floors, overflowing, larger };
}
