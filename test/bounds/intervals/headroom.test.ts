import { afterAll, describe, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../../src/bounds/certify.js';
import { guardedValues } from '../../../src/bounds/intervals/guarded.js';
import { boundedNetwork } from '../../../src/bounds/network/network.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { GraphBuilder, int } from '../../../src/graph/build.js';
import type { Graph } from '../../../src/graph/graph.js';
import { floats } from '../../../src/graph/tensor.js';

/** Sums of the network that overflow where those of centre and radius do not. */
const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const METHODS: readonly Method[] = ['ibp', 'crown-ibp', 'crown', 'alpha-crown'];
const CHANNELS = 8;
const SHAPE = [CHANNELS, 1, 1];

type Layer = (b: GraphBuilder, x: string) => string;

/** The sum of the first half of channels, less that of the second. */
const cancelling =
  (weight: number, outputs = 1): Layer =>
  (b, x) =>
    b.op('Conv', [
      x,
      b.constant(
        floats(
          [outputs, CHANNELS, 1, 1],
          Array.from({ length: outputs * CHANNELS }, (_, i) =>
            i % CHANNELS < CHANNELS / 2 ? weight : -weight,
          ),
        ),
      ),
    ]);
const times =
  (factor: number): Layer =>
  (b, x) =>
    b.op('Mul', [x, b.scalar(factor)]);
const relu: Layer = (b, x) => b.op('Relu', [x]);
const then =
  (...layers: Layer[]): Layer =>
  (b, x) =>
    layers.reduce((value, layer) => layer(b, value), x);
/** The mean of channels, a little smaller. */
const shrinking: Layer = (b, x) =>
  b.op('Conv', [x, b.constant(floats([1, CHANNELS, 1, 1], new Float32Array(CHANNELS).fill(1e-3)))]);
/** 39 powers of 10 lower, and 10 more. */
const down = then(relu, times(1e-20), relu, times(1e-19), (b, x) => b.op('Add', [x, b.scalar(10)]));

function graphOf(layer: Layer): Graph {
  const b = new GraphBuilder();
  const hidden = b.op('Flatten', [layer(b, b.input('x', 'float32', ['N', ...SHAPE]))]);
  b.outputAs(b.op('Gemm', [hidden, b.constant(floats([1, 3], [1, 2, -1]))]), 'logits');
  return b.build();
}

/** Of the first logit: what the engine gives of ones, and between which numbers bounds have it on [0.8, 1]. */
async function found(layer: Layer) {
  const graph = graphOf(layer);
  const [lower, upper] = [0.8, 1].map((end) => new Float32Array(CHANNELS).fill(end)) as [
    Float32Array,
    Float32Array,
  ];
  const program = await engine.compile(graph);
  const { logits } = await program.run({ x: { type: 'float32', dims: [1, ...SHAPE], data: upper } });
  await program.release();
  const programs = await BoundPrograms.of(engine, { graph, pixels: 'x', shape: SHAPE, logits: 'logits' });
  const ranges: [Method, number, number][] = [];
  for (const method of METHODS) {
    const rows = Float32Array.of(1, 0, 0, -1, 0, 0);
    const { bound, rounding } = await programs.lowerBounds({ n: 1, lower, upper }, rows, 2, method);
    ranges.push([method, bound[0]! - rounding[0]!, rounding[1]! - bound[1]!]);
  }
  await programs.close();
  return { value: (logits!.data as Float32Array)[0]!, ranges };
}

describe('a network whose own sums overflow', () => {
  it.each<[string, Layer]>([
    ['that cancel each other', then(cancelling(9.17e37), down)],
    ['with a number that is folded into them', then(times(1e7), relu, cancelling(9.17e27), times(1e3), down)],
    ['before a matrix product that makes them small', then(cancelling(9.17e37, CHANNELS), shrinking, down)],
  ])('is not bounded: %s', async (_, layer) => {
    const { value, ranges } = await found(layer);
    expect(value).toBe(Number.POSITIVE_INFINITY);
    for (const [, least, most] of ranges) {
      expect(least).toBe(Number.NEGATIVE_INFINITY);
      expect(most).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it.each<[string, Layer]>([
    ['that cancel each other', then(cancelling(9.17e25), down)],
    ['with a number that is folded into them', then(times(1e7), relu, cancelling(9.17e15), times(1e3), down)],
  ])('is bounded where they are far from that: %s', async (_, layer) => {
    const { value, ranges } = await found(layer);
    expect(value).toBeCloseTo(10, 5);
    for (const [, least, most] of ranges) {
      expect(least).toBeGreaterThan(9.99);
      expect(least).toBeLessThanOrEqual(value);
      expect(most).toBeLessThan(10.01);
      expect(most).toBeGreaterThanOrEqual(value);
    }
  });
});

describe('values whose radii are looked at', () => {
  const guarded = async (layer: Layer) => {
    const graph = graphOf(layer);
    const network = await boundedNetwork(engine, { graph, pixels: 'x', shape: SHAPE, logits: 'logits' });
    const nodes = network.steps.map(({ node }) => node);
    return nodes.filter(({ outputs }) => guardedValues(network).includes(outputs[0]!)).map(({ op }) => op);
  };

  it.each<[string, Layer, string[]]>([
    ['what an activation reads', then(cancelling(1), relu), ['Conv']],
    [
      'a sum that keeps radii',
      then(cancelling(1), times(0.5), (b, x) => b.op('Add', [x, b.scalar(1)]), relu),
      ['Add'],
    ],
    ['what is made small', then(cancelling(1), times(1e-3), relu), ['Conv', 'Mul']],
    ['what is made small in steps', then(cancelling(1), times(0.1), times(0.1), relu), ['Conv', 'Mul']],
    ['what a matrix product reads', then(cancelling(1, CHANNELS), cancelling(1), relu), ['Conv', 'Conv']],
    [
      'what a channel is lost of',
      then(
        cancelling(1, 2),
        (b, x) => b.op('Mul', [x, b.constant(floats([2, 1, 1], [1, 0]))]),
        relu,
        (b, x) => b.op('ReduceMean', [x, b.ints([1])], { keepdims: int(1) }),
      ),
      ['Conv', 'Mul'],
    ],
    ['none after the last activation', relu, []],
  ])('%s', async (_, layer, ops) => {
    const whole = layer === relu ? then(relu, cancelling(1)) : layer;
    expect(await guarded(whole)).toEqual(ops);
  });
});
