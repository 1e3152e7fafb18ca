// @module-tag slow
import { afterAll, describe, expect, it } from 'vitest';
import { FreePlanes } from '../../../src/bounds/alpha/ascent-planes.js';
import { type StepLines, stepLines } from '../../../src/bounds/crown/step-lines.js';
import { intervalGraph } from '../../../src/bounds/intervals/intervals.js';
import {
  type Bent,
  type Bounded,
  boundedNetwork,
  onConstants,
  siteOf,
} from '../../../src/bounds/network/network.js';
import { imageOf, magnitudeAt, type Range } from '../../../src/bounds/network/ranges.js';
import { OFF } from '../../../src/bounds/rows/gated.js';
import { geluGate } from '../../../src/bounds/rows/gelu.js';
import { siluGate } from '../../../src/bounds/rows/silu.js';
import { BOUNDS } from '../../../src/bounds/rows/table.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { float, GraphBuilder, int, ints, string } from '../../../src/graph/build.js';
import type { Attribute } from '../../../src/graph/graph.js';
import { floats } from '../../../src/graph/tensor.js';
import { normalCdf } from '../../../src/metrics/distributions/distributions.js';
import { stream } from '../../../src/random/stream.js';
import { normals } from '../../autodiff/finite-differences.js';
import type { Layer } from '../layers.js';

/**
 * What rows say of single numbers, against the definitions of the functions in float64: lines and planes as they are stored, images,
 * and intervals with their room for float32. Nothing is walked back, so that no looseness elsewhere hides a line that does not hold.
 */
const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const unary =
  (op: string, attributes: Record<string, Attribute> = {}): Layer =>
  (b, x) =>
    b.op(op, [x], attributes);
const clamped = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);
const byErf =
  (scale: (b: GraphBuilder, x: string) => string): Layer =>
  (b, x) =>
    b.op('Mul', [b.op('Mul', [x, b.op('Add', [b.op('Erf', [scale(b, x)]), b.scalar(1)])]), b.scalar(0.5)]);
const gelu = (x: number) => x * normalCdf(x);
const LEAK = Math.fround(0.1);

const CURVES: Readonly<Record<string, [Layer, (x: number) => number]>> = {
  Relu: [unary('Relu'), (x) => Math.max(x, 0)],
  LeakyRelu: [unary('LeakyRelu', { alpha: float(0.1) }), (x) => (x > 0 ? x : LEAK * x)],
  'LeakyRelu of leak 1': [unary('LeakyRelu', { alpha: float(1) }), (x) => x],
  Sigmoid: [unary('Sigmoid'), (x) => (1 + Math.tanh(x / 2)) / 2],
  Tanh: [unary('Tanh'), (x) => -Math.expm1(-2 * x) / (1 + Math.exp(-2 * x)) || Math.sign(x)],
  Softplus: [unary('Softplus'), (x) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)))],
  Exp: [unary('Exp'), Math.exp],
  Elu: [unary('Elu', { alpha: float(0.75) }), (x) => (x > 0 ? x : 0.75 * (Math.exp(x) - 1))],
  'Elu with a kink': [unary('Elu', { alpha: float(3) }), (x) => (x > 0 ? x : 3 * (Math.exp(x) - 1))],
  HardSigmoid: [
    unary('HardSigmoid', { alpha: float(0.25), beta: float(0.5) }),
    (x) => clamped(x / 4 + 1 / 2, 0, 1),
  ],
  HardSwish: [unary('HardSwish'), (x) => (x * clamped(x + 3, 0, 6)) / 6],
  Abs: [unary('Abs'), Math.abs],
  Clip: [(b, x) => b.op('Clip', [x, b.scalar(-0.25), b.scalar(0.125)]), (x) => clamped(x, -0.25, 0.125)],
  'Clip from below': [(b, x) => b.op('Clip', [x, b.scalar(-0.25)]), (x) => Math.max(x, -0.25)],
  Silu: [(b, x) => b.op('Mul', [x, b.op('Sigmoid', [x])]), (x) => x / (1 + Math.exp(-x))],
  Gelu: [byErf((b, x) => b.op('Div', [x, b.scalar(Math.SQRT2)])), gelu],
  'Gelu as an operator': [unary('Gelu'), gelu],
  'Gelu by tanh': [
    unary('Gelu', { approximate: string('tanh') }),
    (x) => x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
  ],
  Square: [(b, x) => b.op('Mul', [x, x]), (x) => x ** 2],
  Reciprocal: [unary('Reciprocal'), (x) => 1 / x],
  Sqrt: [unary('Sqrt'), (x) => x ** 0.5],
  Rsqrt: [(b, x) => b.op('Reciprocal', [b.op('Sqrt', [x])]), (x) => x ** -0.5],
};

/** Those of a Softmax, in which graphs have them alone. */
const OF_SOFTMAX: Readonly<Record<string, (x: number) => number>> = {
  CappedExp: (x) => Math.exp(Math.min(x, 18)),
  Share: (x) => 1 / x,
};

async function networkOf(layer: Layer, numbers: number): Promise<Bounded> {
  const b = new GraphBuilder();
  b.outputAs(b.op('Identity', [layer(b, b.input('x', 'float32', ['N', numbers]))]), 'logits');
  const graph = { ...b.build(), opsets: { '': 20 } };
  return boundedNetwork(engine, { graph, pixels: 'x', shape: [numbers], logits: 'logits' });
}

/** Intervals: narrow and wide, with an end or the middle at 0 or at what turns, of one number, and at random. */
function intervals(): [number, number][] {
  const draws = stream({ seed: 0, purpose: 'test/lines', example: 0 });
  const places = [-30, -8, -3, -2.4, -1.42, -1.28, -0.75, -0.25, 0, 1e-30, 0.125, 1.41, 2.4, 3, 8, 30];
  const widths = [0, 1e-30, 1e-6, 1e-3, 0.3, 2, 9, 50];
  const fixed = places.flatMap((at) =>
    widths.flatMap((width): [number, number][] => [
      [at, at + width],
      [at - width, at],
      [at - width / 3, at + width],
    ]),
  );
  const random = Array.from({ length: 300 }, (): [number, number] => {
    const [middle, width] = [12 * draws.uniform() - 6, 10 ** (5 * draws.uniform() - 4)];
    return [middle - width, middle + width * draws.uniform()];
  });
  return [...fixed, ...random].map(([low, high]) => [Math.fround(low), Math.fround(high)]);
}

const ALL = intervals();
const PARTS = 64;
const pointsOf = ([low, high]: readonly [number, number]) => [
  low,
  high,
  ...[-3, -1.5, -0.25, 0, 0.125, 3].filter((x) => x > low && x < high),
  ...Array.from({ length: PARTS }, (_, i) => low + ((high - low) * (i + 0.5)) / PARTS),
];
/** What float64 makes of a line and of a function. */
const ROUNDED = 1e-14;

const rangeOf = (ends: readonly (readonly [number, number])[]): Range => ({
  lower: Float32Array.from(ends, ([low]) => low),
  upper: Float32Array.from(ends, ([, high]) => high),
});

type Lines = Pick<StepLines, 'lowerSlope' | 'upperSlope' | 'upperIntercept'> & Partial<StepLines>;

/** Lines of a network's only curve on intervals: as JavaScript makes them and as a graph does. */
async function linesBothWays(network: Bounded, ends: readonly (readonly [number, number])[]) {
  const step = network.bent[0] as Extract<Bent, { lines: unknown }>;
  const ranges = new Map([[step.node.inputs[0]!, rangeOf(ends)]]);
  ranges.set(step.node.outputs[0]!, imageOf(step, network, ranges));
  const known: Lines = stepLines(step, network, ends.length, ranges);
  const b = onConstants(network, 'lines');
  const [lower, upper] = [b.input('lower', 'float32', ['N']), b.input('upper', 'float32', ['N'])];
  const made = step.row.emitLines!(siteOf(step.node, b, network), { lower, upper })!;
  for (const value of Object.values(made)) b.output(value);
  const program = await engine.compile(b.build());
  const fed = (data: Float32Array) => ({ type: 'float32' as const, dims: [ends.length], data });
  const found = await program.run({ lower: fed(rangeOf(ends).lower), upper: fed(rangeOf(ends).upper) });
  await program.release();
  const read = Object.entries(made).map(([line, value]) => [line, found[value]!.data as Float32Array]);
  return { known, emitted: Object.fromEntries(read) as Lines };
}

/** The operator of a network of the table. */
const opOf = (name: string) => name.split(' ')[0]!;

describe('of one number', () => {
  it('has a definition of every curve', () => {
    const known = new Set([...Object.keys(CURVES), ...Object.keys(OF_SOFTMAX)].map(opOf));
    expect(
      [...BOUNDS.values()].flatMap(({ kind, op }) => (kind === 'curve' && !known.has(op) ? [op] : [])),
    ).toEqual([]);
  });

  it.each(Object.entries(CURVES))(
    '%s lies between its lines, in its image and interval',
    async (name, [layer, f]) => {
      const network = await networkOf(layer, 1);
      const step = network.bent[0] as Extract<Bent, { lines: unknown }>;
      expect(step.row.op).toBe(opOf(name));
      const [input, output] = [step.node.inputs[0]!, step.node.outputs[0]!];
      const n = ALL.length;
      const ranges = new Map([[input, rangeOf(ALL)]]);
      const image = imageOf(step, network, ranges);
      ranges.set(output, image);
      const lines = stepLines(step, network, n, ranges);
      const interval = await propagated(network, output, ranges.get(input)!);
      const { rounding, row, lowerSlopes = [0, 0] } = step;
      const faults: string[] = [];
      let said = 0;
      for (const [i, ends] of ALL.entries()) {
        const reach = Math.max(...ends.map(Math.abs));
        const [k, m] = [lines.lowerSlope[i]!, lines.upperSlope[i]!];
        const exact = row.exactOn?.(...ends) ?? false;
        if (!(row.defined?.(...ends) ?? true)) {
          // Of where it is not defined, nothing.
          for (const { lower, upper } of [image, interval])
            expect([ends, lower[i], upper[i]]).toEqual([ends, -Infinity, Infinity]);
          continue;
        }
        // Nor where float32 lacks a slope: bounds are then no number.
        if (![k, m].every(Number.isFinite)) continue;
        said++;
        for (const x of pointsOf(ends)) {
          const y = f(x);
          const spare = ROUNDED * (Math.abs(y) + (Math.abs(k) + Math.abs(m)) * reach);
          const holds = (what: string, least: number, most: number) => {
            if (!(least <= most + spare)) faults.push(`${what} at ${x} of [${ends}]: ${least} > ${most}`);
          };
          // Products of slopes that are nearer to 0 take a hundred times as long.
          for (const slope of [k, m])
            if (slope !== 0 && Math.abs(slope) < 2 ** -41) faults.push(`a slope of ${slope} on [${ends}]`);
          holds('lower line', k * x + lines.lowerIntercept[i]!, y);
          holds('upper line', y, m * x + lines.upperIntercept[i]!);
          if (row.throughZero) holds('lower line at 0', Math.abs(lines.lowerIntercept[i]!), -spare);
          if (row.lowerSlopes && !exact)
            for (const slope of [...lowerSlopes, (lowerSlopes[0] + lowerSlopes[1]) / 2])
              holds('other lower line', slope * x, y);
          if (exact) holds('exact lines', Math.abs(k * x - y) + Math.abs(m * x - y), spare);
          // Room is twice what engines may be off by: half of it is theirs. A number as it is takes none.
          const { absolute, relative, argument } = rounding;
          const room = x === y ? 0 : 0.499 * (absolute + relative * Math.abs(y) + argument * Math.abs(x));
          for (const [what, { lower, upper }] of Object.entries({ image, interval })) {
            holds(`${what} from below`, lower[i]!, y - room);
            holds(`${what} from above`, y + room, upper[i]!);
          }
        }
      }
      expect(faults.slice(0, 3)).toEqual([]);
      expect(said).toBeGreaterThan(ALL.length / 6);
    },
  );

  it.each([
    ['Relu', 0],
    ['LeakyRelu', LEAK],
    ['LeakyRelu of a steep leak', Math.fround(0.45)],
  ] as const)('%s lies between lines that a graph makes, which are those of stepLines', async (_, leak) => {
    const alpha = float(leak);
    const network = await networkOf(leak === 0 ? unary('Relu') : unary('LeakyRelu', { alpha }), 1);
    const f = (x: number) => (x > 0 ? x : leak * x);
    const { known, emitted } = await linesBothWays(network, ALL);
    const { lowerSlope: below, upperSlope: above, upperIntercept: intercept } = emitted;
    expect(emitted.lowerIntercept).toBeUndefined();
    for (const [i, ends] of ALL.entries()) {
      for (const x of pointsOf(ends)) {
        const spare = ROUNDED * Math.abs(x);
        expect(below[i]! * x).toBeLessThanOrEqual(f(x) + spare);
        expect(above[i]! * x + intercept[i]!).toBeGreaterThanOrEqual(f(x) - spare);
      }
      for (const slope of [below[i]!, above[i]!]) {
        expect(slope).toBeGreaterThanOrEqual(0);
        expect(slope).toBeLessThanOrEqual(1);
      }
      // Narrower intervals are narrower than what the graph adds to their width.
      if (Math.max(...ends.map(Math.abs)) < 1e-9) continue;
      expect(above[i]).toBeCloseTo(known.upperSlope[i]!, 5);
      expect(Math.abs(intercept[i]! - known.upperIntercept[i]!)).toBeLessThan(
        1e-5 * Math.max(...ends.map(Math.abs)),
      );
      if (Math.abs(known.upperSlope[i]! - 0.5) > 1e-5) expect(below[i]).toBeCloseTo(known.lowerSlope[i]!, 5);
    }
  });

  it.each(['Silu', 'Gelu', 'Gelu as an operator'])(
    '%s lies between lines that a graph makes, which in the middle are about as near as those of stepLines',
    async (name) => {
      const [layer, f] = CURVES[name]!;
      const draws = stream({ seed: 0, purpose: 'test/emitted', example: 0 });
      const wide = Array.from({ length: 20_000 }, (): [number, number] => {
        const [middle, half] = [12 * draws.uniform() - 6, 10 ** (6 * draws.uniform() - 4.5)];
        return [Math.fround(middle - half), Math.fround(middle + half)];
      });
      const all = [...ALL, ...wide];
      const { known, emitted } = await linesBothWays(await networkOf(layer, 1), all);
      const faults: string[] = [];
      const gaps = { known: [0, 0], emitted: [0, 0] };
      for (const [i, ends] of all.entries()) {
        const reach = Math.max(...ends.map(Math.abs));
        const middle = (ends[0] + ends[1]) / 2;
        const gapOf = (
          { lowerSlope, lowerIntercept, upperSlope, upperIntercept }: typeof emitted,
          x: number,
        ) => [
          f(x) - (lowerSlope[i]! * x + (lowerIntercept?.[i] ?? 0)),
          upperSlope[i]! * x + upperIntercept[i]! - f(x),
        ];
        for (const x of pointsOf(ends))
          if (!gapOf(emitted, x).every((gap) => gap >= -ROUNDED * (1 + reach)))
            faults.push(`${x} of [${ends}]: ${gapOf(emitted, x)}`);
        for (const slope of [emitted.lowerSlope[i]!, emitted.upperSlope[i]!])
          if (!(Math.abs(slope) < 1.25 && (slope === 0 || Math.abs(slope) > 2 ** -40)))
            faults.push(`a slope of ${slope} on [${ends}]`);
        gapOf(emitted, middle).forEach((gap, side) => {
          const before = gapOf(known, middle)[side]!;
          if (i >= ALL.length) {
            gaps.known[side]! += before;
            gaps.emitted[side]! += gap;
          }
          // Rounding, and where tangents from far out touch is known about.
          const rounding = 4e-6 * (1 + reach) * (1 + ends[1] - ends[0]);
          if (!(gap <= before + rounding + 0.06)) faults.push(`far on [${ends}]: ${gap} > ${before}`);
          const inside = reach < 1.2;
          if (inside && !(gap <= before + rounding)) faults.push(`far on [${ends}]: ${gap} > ${before}`);
        });
      }
      expect(faults.slice(0, 3)).toEqual([]);
      for (const side of [0, 1]) expect(gaps.emitted[side]! / gaps.known[side]!).toBeLessThan(1.001);
    },
  );

  it.each([
    [siluGate, (x: number) => 1 / (1 + Math.exp(-x))],
    [geluGate, normalCdf],
  ] as const)(
    'gate %# and its derivative are off by half of their room at most',
    async ({ gate, rise }, f) => {
      const network = await networkOf(unary('Relu'), 1);
      const b = onConstants(network, 'gates');
      const s = siteOf(network.bent[0]!.node, b, network);
      const x = b.input('of', 'float32', ['N']);
      const y = gate(s, x);
      const slope = rise(s, y, x);
      for (const value of [y, slope]) b.output(value);
      const program = await engine.compile(b.build());
      const data = Float32Array.from({ length: 400_001 }, (_, i) => (i - 200_000) / 5000);
      const found = await program.run({ of: { type: 'float32', dims: [data.length], data } });
      await program.release();
      const off = { gate: 0, rise: 0 };
      const step = 2 ** -12;
      data.forEach((at, i) => {
        const derivative =
          (8 * (f(at + step) - f(at - step)) - (f(at + 2 * step) - f(at - 2 * step))) / 12 / step;
        off.gate = Math.max(off.gate, Math.abs((found[y]!.data[i] as number) - (f(at) - 0.5)));
        off.rise = Math.max(off.rise, Math.abs((found[slope]!.data[i] as number) - derivative));
      });
      expect(off.gate).toBeLessThan(OFF / 2);
      expect(off.rise).toBeLessThan(OFF / 2);
    },
  );

  it.each(Object.entries(OF_SOFTMAX))(
    '%s of a Softmax lies between its lines and in its image',
    async (op, f) => {
      const network = await networkOf((b, x) => b.op('Softmax', [x]), 2);
      const step = network.bent.find(({ row }) => row.op === op) as Extract<Bent, { lines: unknown }>;
      const ends =
        op === 'Share'
          ? ALL.map(([low, high]) => [1 + Math.abs(low), 1 + Math.abs(low) + high - low] as const)
          : ALL;
      const ranges = new Map([[step.node.inputs[0]!, rangeOf(ends.flatMap((own) => [own, own]))]]);
      const image = imageOf(step, network, ranges);
      ranges.set(step.node.outputs[0]!, image);
      const lines = stepLines(step, network, ends.length, ranges);
      const { lower, upper } = ranges.get(step.node.inputs[0]!)!;
      const { absolute, relative } = step.rounding;
      const faults: string[] = [];
      for (let i = 0; i < lower.length; i++)
        for (const x of pointsOf([lower[i]!, upper[i]!])) {
          const y = f(x);
          const [below, above] = [
            lines.lowerSlope[i]! * x + lines.lowerIntercept[i]!,
            lines.upperSlope[i]! * x + lines.upperIntercept[i]!,
          ];
          const spare =
            ROUNDED * (Math.abs(y) + Math.abs(below) + Math.abs(above) + Math.abs(lines.upperSlope[i]! * x));
          const room = 0.499 * (absolute + relative * y);
          if (
            !(
              below <= y + spare &&
              y <= above + spare &&
              image.lower[i]! <= y - room &&
              image.upper[i]! >= y + room
            )
          )
            faults.push(`${x} of [${lower[i]}, ${upper[i]}]: ${below} ${y} ${above}`);
        }
      expect(faults.slice(0, 3)).toEqual([]);
    },
  );

  it('intervals of a Softmax are the smallest that hold: a number is least where it is least and all others are largest', async () => {
    const classes = 5;
    const network = await networkOf((b, x) => b.op('Softmax', [x]), classes);
    const draws = stream({ seed: 1, purpose: 'test/softmax', example: 0 });
    const n = 200;
    const middle = Float64Array.from({ length: n * classes }, () => 2 * draws.uniform() - 1);
    const width = middle.map(
      (_, i) => 10 ** (-3 + 3 * ((Math.floor(i / classes) % 10) / 9)) * draws.uniform(),
    );
    const range = {
      lower: Float32Array.from(middle),
      upper: Float32Array.from(middle, (x, i) => x + width[i]!),
    };
    const output = network.bent.at(-1)!.node.outputs[0]!;
    const found = await propagated(network, output, range, n);
    const share = (own: Float32Array, others: Float32Array, at: number) => {
      const from = at - (at % classes);
      let sum = 0;
      for (let j = from; j < from + classes; j++) sum += Math.exp((j === at ? own : others)[j]! - own[at]!);
      return 1 / sum;
    };
    for (let at = 0; at < n * classes; at++) {
      const [least, most] = [share(range.lower, range.upper, at), share(range.upper, range.lower, at)];
      expect(found.lower[at]).toBeLessThanOrEqual(least);
      expect(found.upper[at]).toBeGreaterThanOrEqual(most);
      expect(found.lower[at]).toBeGreaterThan(least - 1e-3);
      expect(found.upper[at]).toBeLessThan(most + 1e-3);
    }
  });
});

/** Intervals as the graph of interval bound propagation has them. */
async function propagated(
  network: Bounded,
  value: string,
  { lower, upper }: Range,
  n = ALL.length,
): Promise<Range> {
  const { graph, intervals: named } = intervalGraph(network);
  const program = await engine.compile(graph);
  const dims = [n, lower.length / n];
  const found = await program.run({
    lower: { type: 'float32', dims, data: lower },
    upper: { type: 'float32', dims, data: upper },
  });
  await program.release();
  const own = named.get(value)!;
  return {
    lower: found[own.lower]!.data as Float32Array,
    upper: found[own.upper]!.data as Float32Array,
  };
}

describe('of two numbers', () => {
  /** x y, as a product of two values. */
  const layer: Layer = (b, x) => {
    const [one, other] = b.node('Split', [x, b.ints([1, 1])], { axis: int(1) }, ['one', 'other']);
    return b.op('Mul', [one!, other!]);
  };

  it('a product lies between its planes, in its image and interval', async () => {
    const network = await networkOf(layer, 2);
    const step = network.bent[0] as Extract<Bent, { planes: unknown }>;
    const output = step.node.outputs[0]!;
    // Each interval with others of all kinds.
    const others = ALL.map((_, i) => ALL[(i * 7919 + 13) % ALL.length]!);
    const ranges = new Map(step.node.inputs.map((input, k) => [input, rangeOf(k === 0 ? ALL : others)]));
    const image = imageOf(step, network, ranges);
    ranges.set(output, image);
    const lines = stepLines(step, network, ALL.length, ranges);
    const joined = rangeOf(ALL.flatMap((ends, i) => [ends, others[i]!]));
    const interval = await propagated(network, output, joined);
    const { lowerSlope, upperSlope, lowerIntercept, upperIntercept, other } = lines;
    const { absolute, relative } = step.row.rounding;
    const faults: string[] = [];
    for (const [i, ends] of ALL.entries()) {
      const inside = ([low, high]: readonly [number, number]) => [low, high, (low + high) / 2];
      const [left, right] = [inside(ends), inside(others[i]!)];
      const largest = Math.max(...left.map(Math.abs)) * Math.max(...right.map(Math.abs));
      const spare = ROUNDED * largest;
      const holds = (what: string, least: number, most: number) => {
        if (!(least <= most + spare)) faults.push(`${what}, [${ends}] by [${others[i]}]: ${least} > ${most}`);
      };
      let nearest = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (const x of left)
        for (const y of right) {
          const below = lowerSlope[i]! * x + other!.lowerSlope[i]! * y + lowerIntercept[i]!;
          const above = upperSlope[i]! * x + other!.upperSlope[i]! * y + upperIntercept[i]!;
          holds('lower plane', below, x * y);
          holds('upper plane', x * y, above);
          nearest = [Math.min(nearest[0]!, x * y - below), Math.min(nearest[1]!, above - x * y)];
          const room = 0.499 * (absolute + relative * Math.abs(x * y));
          // What is rounded, half a unit each: the product itself; slopes and intercept, where they meet a coefficient.
          const stepsBelow = [x * y, lowerSlope[i]! * x, other!.lowerSlope[i]! * y, lowerIntercept[i]!];
          const stepsAbove = [x * y, upperSlope[i]! * x, other!.upperSlope[i]! * y, upperIntercept[i]!];
          for (const parts of [stepsBelow, stepsAbove])
            holds(
              'rounding',
              2 ** -24 * parts.reduce((sum, part) => sum + Math.abs(part), 0),
              lines.error[i]!,
            );
          for (const [what, { lower, upper }] of Object.entries({ image, interval })) {
            holds(`${what} from below`, lower[i]!, x * y - room);
            holds(`${what} from above`, x * y + room, upper[i]!);
          }
        }
      // Planes lie on the product along two sides.
      for (const gap of nearest) holds('touch', gap, 1e-6 * largest + 1e-37);
    }
    expect(faults.slice(0, 3)).toEqual([]);
  });

  it('so it does between the planes that a climb goes through, which cost no more by rounding', async () => {
    const network = await networkOf(layer, 2);
    const step = network.bent[0] as Extract<Bent, { planes: unknown }>;
    const others = ALL.map((_, i) => ALL[(i * 7919 + 13) % ALL.length]!);
    const [one, other] = [rangeOf(ALL), rangeOf(others)];
    const ranges = new Map(step.node.inputs.map((input, k) => [input, k === 0 ? one : other]));
    ranges.set(step.node.outputs[0]!, imageOf(step, network, ranges));
    const { error } = stepLines(step, network, ALL.length, ranges);
    const of = { n: 1, count: 2, size: ALL.length };
    const inputs = (side: string) => ({ slope: `${side}x`, other: `${side}y`, intercept: `${side}1` });
    const planes = new FreePlanes({ lower: inputs('l'), upper: inputs('u') }, of, {
      row: step.row,
      ranges: [one, other],
    });
    const draws = stream({ seed: 4, purpose: 'test/climbs', example: 0 });
    const faults: string[] = [];
    const seen = new Set<number>();
    for (let climb = 0; climb < 4; climb++) {
      const fed = ['lx', 'ly', 'l1', 'ux', 'uy', 'u1'].map((name) => planes.feeds.get(name)!);
      for (const [i, ends] of ALL.entries())
        for (const at of [i, ALL.length + i]) {
          const [lx, ly, l1, ux, uy, u1] = fed.map((numbers) => numbers[at]!) as [number, ...number[]];
          seen.add(lx);
          const largest = magnitudeAt(one, i) * magnitudeAt(other, i);
          for (const x of ends)
            for (const y of others[i]!) {
              const [below, above] = [lx * x + ly! * y + l1!, ux! * x + uy! * y + u1!];
              // A product less a plane is extreme at corners.
              if (!(below <= x * y && x * y <= above)) {
                const off = Math.max(below - x * y, x * y - above);
                if (!(off <= ROUNDED * largest)) faults.push(`[${ends}] by [${others[i]}]: off by ${off}`);
              }
              for (const parts of [
                [x * y, lx * x, ly! * y, l1!],
                [x * y, ux! * x, uy! * y, u1!],
              ])
                if (!(2 ** -24 * parts.reduce((sum, part) => sum + Math.abs(part), 0) <= error[i]!))
                  faults.push(`[${ends}] by [${others[i]}]: rounding`);
            }
        }
      const gradient = Float32Array.from({ length: 2 * ALL.length }, () => draws.normal());
      planes.climb(() => gradient);
    }
    expect(faults.slice(0, 3)).toEqual([]);
    expect(seen.size).toBeGreaterThan(2 * ALL.length);
  });
});

describe('of sums', () => {
  /** Sums of products with weights (inputs, outputs), and an offset (outputs) that is far larger or smaller than they are. */
  it.each([1e-3, 1, 1e6])(
    'an interval has room for any float32 evaluation, with offsets about %d',
    async (scale) => {
      const [inputs, outputs, n] = [64, 8, 3];
      const weights = Float32Array.from(normals('weights', inputs * outputs));
      const offset = Float32Array.from(normals('offset', outputs), (c) => scale * c);
      const b = new GraphBuilder();
      const x = b.input('x', 'float32', ['N', inputs]);
      const sums = b.op('Gemm', [
        x,
        b.constant(floats([inputs, outputs], weights)),
        b.constant(floats([outputs], offset)),
      ]);
      b.outputAs(b.op('Relu', [sums]), 'logits');
      const network = await boundedNetwork(engine, {
        graph: b.build(),
        pixels: 'x',
        shape: [inputs],
        logits: 'logits',
      });
      // Points, and boxes of two widths.
      const lower = Float32Array.from(normals('lower', n * inputs));
      const upper = lower.map((low, i) => low + [0, 1e-6, 0.5][Math.floor(i / inputs)]!);
      const interval = await propagated(network, network.bent[0]!.node.inputs[0]!, { lower, upper }, n);
      for (let i = 0; i < n * outputs; i++) {
        const [image, output] = [Math.floor(i / outputs), i % outputs];
        let [least, most, load] = [offset[output]!, offset[output]!, Math.abs(offset[output]!)];
        for (let k = 0; k < inputs; k++) {
          const w = weights[k * outputs + output]!;
          const ends = [lower[image * inputs + k]!, upper[image * inputs + k]!].map((end) => w * end);
          least += Math.min(...ends);
          most += Math.max(...ends);
          load += Math.max(...ends.map(Math.abs));
        }
        // A sum in a bad order is off by so much (Higham 2002, lemma 3.1); more than a few times that is not needed.
        const room = inputs * 2 ** -24 * load;
        expect(interval.lower[i]).toBeLessThanOrEqual(least - room);
        expect(interval.upper[i]).toBeGreaterThanOrEqual(most + room);
        expect(interval.lower[i]).toBeGreaterThan(least - 5 * room);
        expect(interval.upper[i]).toBeLessThan(most + 5 * room);
      }
    },
  );
});

describe('of a window', () => {
  it('the largest number lies between its lines', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 1, 2, 2]);
    b.outputAs(b.op('Flatten', [b.op('MaxPool', [x], { kernel_shape: ints([2, 2]) })]), 'logits');
    const shape = [1, 2, 2];
    const network = await boundedNetwork(engine, { graph: b.build(), pixels: 'x', shape, logits: 'logits' });
    const step = network.bent[0]!;
    const [n, size] = [200, 4];
    const draws = stream({ seed: 0, purpose: 'test/windows', example: 0 });
    // Some overlap, and of some one number is the largest for certain.
    const lower = Float32Array.from({ length: n * size }, () => 2 * draws.uniform() - 1);
    const upper = lower.map((low, i) => low + [0, 0.1, 1][Math.floor(i / size) % 3]! * draws.uniform());
    const ranges = new Map<string, Range>([['x', { lower, upper }]]);
    ranges.set(step.node.outputs[0]!, imageOf(step, network, ranges));
    const { place, ...lines } = stepLines(step, network, n, ranges);
    const certain = new Set<number>();
    for (let i = 0; i < n; i++) {
      const at = i * size + place![i]!;
      certain.add(lines.upperSlope[i]!);
      // Corners.
      for (let corner = 0; corner < 2 ** size; corner++) {
        const end = (k: number) => ((corner >> (k - i * size)) & 1 ? upper[k]! : lower[k]!);
        const most = Math.max(...Array.from({ length: size }, (_, k) => end(i * size + k)));
        expect(lines.lowerSlope[i]! * end(at) + lines.lowerIntercept[i]!).toBeLessThanOrEqual(most);
        expect(lines.upperSlope[i]! * end(at) + lines.upperIntercept[i]!).toBeGreaterThanOrEqual(most);
      }
    }
    expect([...certain].sort()).toEqual([0, 1]);
  });
});

describe('lines in float64', () => {
  it.each(['Silu', 'Sigmoid', 'Tanh', 'Gelu', 'Elu', 'HardSwish'])('of %s hold far out', async (op) => {
    const name = Object.keys(CURVES).find((one) => opOf(one) === op) ?? op;
    const [layer, f] = CURVES[name]!;
    const step = (await networkOf(layer, 1)).bent[0] as Extract<Bent, { lines: unknown }>;
    const draws = stream({ seed: 0, purpose: 'test/far', example: 0 });
    const line = new Float64Array(4);
    for (let i = 0; i < 1000; i++) {
      const middle = (draws.uniform() - 0.5) * 10 ** (3 * draws.uniform());
      const half = 10 ** (6 * draws.uniform() - 3);
      const [low, high] = [Math.fround(middle - half), Math.fround(middle + half)];
      step.lines(Float64Array.of(low), Float64Array.of(high), 0, line);
      const [k, below, m, above] = line as unknown as [number, number, number, number];
      const near = Array.from({ length: 161 }, (_, j) => j / 4 - 20).filter((x) => x > low && x < high);
      for (const x of [...pointsOf([low, high]), ...near]) {
        const spare = ROUNDED * (1 + Math.abs(x));
        const outside = Math.max(k * x + below - f(x), f(x) - m * x - above);
        if (outside > spare) expect.fail(`[${low}, ${high}]: ${outside} outside at ${x}`);
      }
    }
  });

  it.each<[string, number]>([
    ['Abs', 0],
    ['Elu with a kink', 0],
    ['Clip', 0.125],
    ['Clip', -0.25],
    ['HardSwish', 3],
  ])(
    'of %s hold where an interval ends right after its turn at %d, or begins right before',
    async (name, turn) => {
      const [layer, f] = CURVES[name]!;
      const step = (await networkOf(layer, 1)).bent[0] as Extract<Bent, { lines: unknown }>;
      const line = new Float64Array(4);
      const sides = [1e-12, 1e-10, 5e-10, 2e-9, 1e-6, 1];
      for (const before of sides)
        for (const after of sides) {
          const [low, high] = [turn - before, turn + after];
          step.lines(Float64Array.of(low), Float64Array.of(high), 0, line);
          const [k, below, m, above] = line as unknown as [number, number, number, number];
          for (const x of [...pointsOf([low, high]), turn]) {
            const outside = Math.max(k * x + below - f(x), f(x) - m * x - above);
            if (outside > ROUNDED) expect.fail(`[${low}, ${high}]: ${outside} outside at ${x}`);
          }
        }
    },
  );
});
