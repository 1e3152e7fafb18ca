import { afterAll, describe, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../src/bounds/certify.js';
import type { Boxes } from '../../src/bounds/network/ranges.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { float, GraphBuilder, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { stream } from '../../src/random/stream.js';
import { normals } from '../autodiff/finite-differences.js';
import { Inside } from './inside.js';
import type { Layer } from './layers.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const SHAPE = [2, 4, 4];
const SIZE = 32;
const METHODS: readonly Method[] = ['ibp', 'crown-ibp', 'crown', 'alpha-crown'];

/** Two layers that bend, between convolutions. */
function networkOf(bend: Layer): Graph {
  const b = new GraphBuilder();
  const conv = (x: string, purpose: string) =>
    b.op('Conv', [x, b.constant(floats([2, 2, 3, 3], normals(purpose, 36)))], { pads: ints([1, 1, 1, 1]) });
  const hidden = bend(b, conv(b.input('x', 'float32', ['N', ...SHAPE]), 'v'));
  const flat = b.op('Flatten', [bend(b, conv(hidden, 'w'))]);
  b.outputAs(b.op('MatMul', [flat, b.constant(floats([SIZE, 3], normals('u', 3 * SIZE)))]), 'logits');
  return b.build();
}

const draws = stream({ seed: 6, purpose: 'test/slopes', example: 0 });
const centre = Float32Array.from({ length: 3 * SIZE }, () => draws.uniform());
const reach = (i: number) => [0.002, 0.02, 0.2][Math.floor(i / SIZE)]!;
const boxes: Boxes = {
  n: 3,
  lower: centre.map((x, i) => Math.max(0, x - reach(i))),
  upper: centre.map((x, i) => Math.min(1, x + reach(i))),
};
/** Each logit, and its negative. */
const functions = {
  rows: Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0, 0, -1, 0, 0, 0, -1]),
  count: 6,
  outputs: 3,
};

async function proved(graph: Graph, method: Method): Promise<number[]> {
  const programs = await BoundPrograms.of(engine, { graph, pixels: 'x', shape: SHAPE, logits: 'logits' });
  const rows = Float32Array.from({ length: 3 * 18 }, (_, i) => functions.rows[i % 18]!);
  const { bound, rounding } = await programs.lowerBounds(boxes, rows, functions.count, method, 4);
  await programs.close();
  return Array.from(bound, (least, i) => least - rounding[i]!);
}

const prelu =
  (slopes: readonly number[], dims: number[]): Layer =>
  (b, x) =>
    b.op('PRelu', [x, b.constant(floats(dims, slopes))]);

describe('bounds of slopes that were learned', () => {
  it.each(METHODS)('%s: one slope for all is a leak', async (method) => {
    const leaky = await proved(
      networkOf((b, x) => b.op('LeakyRelu', [x], { alpha: float(0.25) })),
      method,
    );
    const learned = await proved(networkOf(prelu([0.25], [1])), method);
    // What is linear in x is walked back further, so that intervals are the tighter ones; lines below have another choice where the chord
    // is between (1 + 0.25) / 2 and 1 / 2.
    const gained = learned.map((least, i) => (least - leaky[i]!) / (1 + Math.abs(leaky[i]!)));
    expect(Math.min(...gained)).toBeGreaterThan(method === 'ibp' ? -1e-4 : -0.05);
  });

  it.each<[string, Layer]>([
    ['of each channel', prelu([0.1, 0.9], [2, 1, 1])],
    ['of each place', prelu(Array.from(normals('slopes', SIZE)), SHAPE)],
    ['below 0 and above 1', prelu([-0.5, 1.5], [2, 1, 1])],
    ['of 1, which bends nothing, and of 0', prelu([1, 0], [2, 1, 1])],
  ])('%s: no point of a box has less than its bound', async (_, layer) => {
    const graph = networkOf(layer);
    const inside = await Inside.of(engine, graph, SHAPE, functions);
    for (const method of METHODS) {
      const bounds = await proved(graph, method);
      for (let box = 0; box < boxes.n; box++)
        for (const least of [await inside.sampled(boxes, box, 500), await inside.descended(boxes, box, 10)])
          for (let row = 0; row < functions.count; row++) {
            const bound = bounds[box * functions.count + row]!;
            expect(bound).toBeGreaterThan(Number.NEGATIVE_INFINITY);
            expect(bound).toBeLessThanOrEqual(least[row]!);
          }
    }
    await inside.close();
  });
});
