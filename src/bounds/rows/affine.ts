import { reducedAxes } from '../../autodiff/rules/reductions.js';
import { float, int } from '../../graph/build.js';
import { toNumbers } from '../../graph/tensor.js';
import type { AffineRow, Span } from './row.js';
import { type BoundSite, magnitudeOf } from './site.js';

type Radii = readonly (string | undefined)[];

/** The only input that depends on the image. */
const only = (s: BoundSite) =>
  s.varying.length === 1 ? undefined : 'more than one of its operands depends on the image';
const product = (dims: readonly number[]) => dims.reduce((all, d) => all * d, 1);
/** The node on what varies, on magnitudes of what does not. */
const onMagnitudes = (s: BoundSite, radii: Radii, first = s.x.length) =>
  s.again(s.x.slice(0, first).map((x, i) => radii[i] ?? (x === '' ? x : s.absolute(x))));
/** The node where there is no image. */
const onZeros = (s: BoundSite) => s.replaced(s.x.map((x, i) => (s.varies(i) ? s.noImage(x) : undefined)))[0];

const UNKNOWN: Span = [0, 0];

function spanOf(numbers: Float32Array | readonly number[]): Span {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < numbers.length; i++) {
    const size = Math.abs(numbers[i]!);
    if (size > most) most = size;
    if (size < least && size > 0) least = size;
  }
  return [least, most];
}

/** Of the constant among the first two inputs. Weights are many: they are looked at where they lie. */
function factorsOf(s: BoundSite): Span {
  const known = s.constant(s.x[s.varies(0) ? 1 : 0]!);
  if (!known) return UNKNOWN;
  return spanOf(known.data instanceof Float32Array ? known.data : toNumbers(known));
}

/** How many numbers of y one of an operand goes into at most: its coefficients are added up. */
const reach = (s: BoundSite) =>
  Math.max(1, ...s.varying.map((i) => Math.ceil(s.size(s.y) / Math.max(1, s.size(s.x[i]!)))));

/** Additions: what is constant is spread to the shape of the sum. */
function summed(s: BoundSite, radii: Radii): string[] {
  const terms = s.x.map((x, i) => radii[i] ?? s.mul(x, 0));
  return [terms.length === 1 ? terms[0]! : s.emit('Sum', ...terms)];
}
const additions = (op: string): AffineRow => ({
  kind: 'affine',
  op,
  magnitude: summed,
  offset: (s) => (s.varying.length < s.x.length ? onZeros(s) : undefined),
  // Constants may cancel each other out.
  load: (s) => {
    const constants = s.x.filter((_, i) => !s.varies(i)).map((x) => s.absolute(x));
    return constants.length === 0
      ? undefined
      : s.emit('Sum', ...s.varying.map((i) => s.noImage(s.x[i]!)), ...constants);
  },
  terms: (s) => s.x.length,
  meeting: reach,
});

/** Matrix products and convolutions with a constant. */
const products = (op: string, terms: AffineRow['terms'], inputs = 2, offset = false): AffineRow => ({
  kind: 'affine',
  op,
  magnitude: (s, radii) => onMagnitudes(s, radii, inputs),
  ...(offset && { offset: (s: BoundSite) => (s.has(2) ? onZeros(s) : undefined) }),
  factors: factorsOf,
  terms,
  meeting: (s) => terms(s) * reach(s),
  refuses: only,
});

function convolved(s: BoundSite): number {
  const [outputs, perGroup, ...kernel] = s.shape(s.x[1]!) as readonly [number, number, ...number[]];
  return Math.max(perGroup, outputs / s.number('group', 1)) * product(kernel) + 1;
}

const convolution = (op: string): AffineRow => ({
  ...products(op, convolved, 2, true),
  channelOffset: (s) => (s.has(2) ? s.x[2] : undefined),
});

const typeOf = (s: BoundSite, x: string) => s.constant(x)?.type ?? s.type(x);

/** Values are moved about, not computed. Constants among them are offsets. */
const moves = (op: string, more: Pick<AffineRow, 'offset' | 'meeting' | 'refuses'> = {}): AffineRow => ({
  kind: 'affine',
  op,
  magnitude: (s, radii) =>
    s.again(s.x.map((x, i) => radii[i] ?? (typeOf(s, x) === 'float32' && x !== '' ? s.absolute(x) : x))),
  terms: () => 0,
  ...more,
});
const ofBatch = (is: boolean) => (is ? 'it moves images of the batch' : undefined);

/** Whether a slice may leave out images. */
function cutsBatch(s: BoundSite): boolean {
  const axes = s.constantNumbers(3, 'axes');
  const at = axes ? axes.findIndex((axis) => axis === 0 || axis === -s.rank(s.x[0]!)) : 0;
  if (at < 0) return false;
  const [starts, ends, steps] = [1, 2, 4].map((i) => s.constantNumbers(i, 'places'));
  if (!starts || !ends) return true;
  return starts[at] !== 0 || ends[at]! < WHOLE || (steps?.[at] ?? 1) !== 1;
}
/** No axis is as long: as exporters write that a slice has no end. */
const WHOLE = 2 ** 31 - 1;

/** Places that are chosen several times. */
function chosenOften(s: BoundSite): number {
  const places = s.constant(s.x[1]!);
  const counts = new Map<number, number>();
  for (const place of places ? toNumbers(places) : []) counts.set(place, (counts.get(place) ?? 0) + 1);
  const most = places ? Math.max(1, ...counts.values()) : s.size(s.y);
  return most > 1 ? 2 * most : 0;
}

const alphaOf = (s: BoundSite) => s.number('alpha', 1);

/** Engines may fold alpha into weights: so is the floor of their product. */
function gemm(s: BoundSite, radii: Radii, factor = 1): string[] {
  const alpha = magnitudeOf(alphaOf(s), s.floor);
  const floor = alpha > 0 && alpha < 1 ? s.floor / alpha : s.floor;
  const [a, b] = s.x.slice(0, 2).map((x, i) => radii[i] ?? s.absolute(x, floor)) as [string, string];
  return [
    s.b.op('Gemm', [a, b], {
      alpha: float(alpha * factor),
      transA: int(s.number('transA', 0)),
      transB: int(s.number('transB', 0)),
    }),
  ];
}

/** Of each channel, what batch normalisation multiplies by, and what it adds up for its offset. */
function normalization(s: BoundSite): { slope: string; load: string } {
  const [x, scale, bias, mean, variance] = s.x as readonly [string, string, string, string, string];
  const dims = [1, -1, ...Array<number>(s.rank(x) - 2).fill(1)];
  const exact = s.div(s.emit('Abs', scale), s.sqrt(s.add(variance, s.number('epsilon', 1e-5))));
  const slope = s.emit('Max', exact, s.floor);
  // The mean and the bias may cancel each other out.
  const load = s.add(s.mul(s.emit('Abs', mean), slope), s.emit('Abs', bias));
  return { slope: s.reshape(slope, dims), load: s.reshape(load, dims) };
}

/** Near 2^-126 sums lose digits, and engines may make 0 of them: a variance and an epsilon are to be this together, at least. */
const SPREAD = 2 ** -100;

/** Variances with epsilon, of each channel; undefined where they are not known. */
function spreadsOf(s: BoundSite): number[] | undefined {
  const variances = s.constant(s.x[4]!);
  const epsilon = s.number('epsilon', 1e-5);
  return variances && toNumbers(variances).map((variance) => variance + epsilon);
}

function slopesOf(s: BoundSite): Span {
  const [scales, spreads] = [s.constant(s.x[1]!), spreadsOf(s)];
  if (!scales || !spreads) return UNKNOWN;
  return spanOf(toNumbers(scales).map((scale, i) => scale / Math.sqrt(spreads[i]!)));
}

/** Sums and means of parts of one input. */
const sums = (op: string, terms: AffineRow['terms']): AffineRow => ({
  kind: 'affine',
  op,
  magnitude: (s, radii) => s.replaced(radii),
  terms,
});
const reducedTerms = (s: BoundSite) => product(reducedAxes(s).map((axis) => s.shape(s.x[0]!)[axis]!)) + 1;

/** Operators that are affine in what depends on the image. */
export const affine: readonly AffineRow[] = [
  additions('Add'),
  { ...additions('Sub'), magnitude: summed },
  additions('Sum'),
  { ...products('Mul', () => 1), magnitude: (s, radii) => onMagnitudes(s, radii) },
  {
    ...products('Div', () => 1),
    // What it multiplies by is 1 / |c|.
    magnitude: (s, radii) => s.again([radii[0] ?? '', s.divisor(s.x[1]!)]),
    factors: (s) => {
      const [least, most] = factorsOf(s);
      return least === 0 ? UNKNOWN : [1 / most, 1 / least];
    },
    refuses: (s) => (s.varies(1) ? 'it divides by what depends on the image' : undefined),
  },
  { kind: 'affine', op: 'Neg', magnitude: (_, [radius]) => [radius ?? ''], terms: () => 0 },
  products('MatMul', (s) =>
    Math.max(s.shape(s.x[0]!).at(-1) ?? 1, s.shape(s.y).at(-1) ?? 1, s.shape(s.y).at(-2) ?? 1),
  ),
  {
    kind: 'affine',
    op: 'Gemm',
    magnitude: gemm,
    offset: (s) => (s.has(2) ? onZeros(s) : undefined),
    factors: (s) => {
      const [least, most] = factorsOf(s);
      const alpha = Math.abs(alphaOf(s)) || 1;
      return [least * Math.min(1, alpha), Math.max(1, most) * Math.max(1, alpha)];
    },
    terms: (s) =>
      Math.max(product(s.shape(s.x[1]!)) / Math.min(...s.shape(s.x[1]!)), ...s.shape(s.x[1]!)) + 1,
    refuses: (s) =>
      s.varies(0) && s.varying.length === 1 ? undefined : 'more than its first operand depends on the image',
  },
  convolution('Conv'),
  convolution('ConvTranspose'),
  {
    kind: 'affine',
    op: 'BatchNormalization',
    magnitude: (s, [radius]) => [s.mul(radius ?? s.x[0]!, normalization(s).slope)],
    offset: onZeros,
    load: (s) => normalization(s).load,
    factors: slopesOf,
    terms: () => 4,
    refuses: (s) => {
      if (s.number('training_mode', 0)) return 'it is in training mode';
      const spreads = spreadsOf(s);
      if (!spreads) return 'its variance is no constant';
      return spreads.every((spread) => spread >= SPREAD)
        ? undefined
        : 'its variance and epsilon are too small together: float32 loses their digits';
    },
  },
  sums('AveragePool', (s) => product(s.ints('kernel_shape') ?? []) + 1),
  sums('GlobalAveragePool', (s) => product(s.shape(s.x[0]!).slice(2)) + 1),
  sums('ReduceSum', reducedTerms),
  sums('ReduceMean', reducedTerms),
  moves('Identity'),
  moves('Dropout', {
    refuses: (s) => (s.has(2) && s.scalar(2) !== 0 ? 'it is in training mode' : undefined),
  }),
  moves('Cast', {
    refuses: (s) => (s.number('to', 1) === 1 && s.type(s.x[0]!) === 'float32' ? undefined : 'it rounds'),
  }),
  moves('Reshape'),
  moves('Flatten'),
  moves('Squeeze'),
  moves('Unsqueeze'),
  moves('Transpose'),
  moves('Expand', { meeting: (s) => (reach(s) > 1 ? reach(s) : 0) }),
  moves('Split'),
  moves('Slice', { refuses: (s) => ofBatch(cutsBatch(s)) }),
  moves('Gather', { meeting: chosenOften, refuses: (s) => only(s) ?? ofBatch(s.axis(0) === 0) }),
  moves('Concat', { offset: (s) => (s.varying.length < s.x.length ? onZeros(s) : undefined) }),
  moves('Pad', {
    offset: (s) => (s.has(2) && s.scalar(2) !== 0 ? onZeros(s) : undefined),
    refuses: (s) => only(s) ?? ofBatch(s.constantNumbers(1, 'pads')?.[0] !== 0),
  }),
];
