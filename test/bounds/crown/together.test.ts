import { afterAll, describe, expect, it } from 'vitest';
import { Combined } from '../../../src/bounds/crown/crown-ibp.js';
import { Propagation } from '../../../src/bounds/crown/propagation.js';
import { ibpGraph, togetherGraph } from '../../../src/bounds/crown/together.js';
import { Walks, walkImages } from '../../../src/bounds/crown/walks.js';
import { bentValues } from '../../../src/bounds/intervals/intervals.js';
import { boundedNetwork } from '../../../src/bounds/network/network.js';
import { Programs } from '../../../src/bounds/network/programs.js';
import { stopsOf } from '../../../src/bounds/network/stops.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { float, GraphBuilder, int, ints } from '../../../src/graph/build.js';
import { floats } from '../../../src/graph/tensor.js';
import { stream } from '../../../src/random/stream.js';
import { normals } from '../../autodiff/finite-differences.js';
import type { Layer } from '../layers.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const SHAPE = [2, 6, 6];
const SIZE = 72;
const [IMAGES, CLASSES] = [5, 4];
const ROWS = CLASSES - 1;

const convolution =
  (name: string, channels: readonly [number, number], attributes: object = {}): Layer =>
  (b, x) => {
    const [to, from] = channels;
    const kernel = b.constant(floats([to, from, 3, 3], normals(name, to * from * 9)));
    const bias = b.constant(floats([to], normals(`${name} bias`, to)));
    return b.op('Conv', [x, kernel, bias], { pads: ints([1, 1, 1, 1]), ...attributes });
  };
const relu: Layer = (b, x) => b.op('Relu', [x]);
const leaky: Layer = (b, x) => b.op('LeakyRelu', [x], { alpha: float(0.1) });
const silu: Layer = (b, x) => b.op('Mul', [x, b.op('Sigmoid', [x])]);
const gelu: Layer = (b, x) => b.op('Gelu', [x]);
const stem = convolution('stem', [5, 2]);
const residual = convolution('residual', [5, 5]);
const joined = convolution('joined', [5, 7]);
const down = convolution('down', [7, 5], { strides: ints([2, 2]) });

/** With how many numbers they give, and how far bounds may lie apart, relatively, where lines are others. */
const NETWORKS: Readonly<Record<string, [Layer, number, apart?: number]>> = {
  'a chain of ReLU': [(b, x) => relu(b, down(b, relu(b, stem(b, x)))), 63],
  'leaks, and what is added to what it is made of': [
    (b, x) => {
      const first = leaky(b, stem(b, x));
      return leaky(b, down(b, b.op('Add', [first, residual(b, leaky(b, residual(b, first)))])));
    },
    63,
  ],
  'a chain of SiLU': [(b, x) => silu(b, down(b, silu(b, stem(b, x)))), 63, 0.05],
  'SiLU, GELU and ReLU, and what is added to what it is made of': [
    (b, x) => {
      const first = silu(b, stem(b, x));
      return relu(b, down(b, b.op('Add', [first, residual(b, gelu(b, residual(b, first)))])));
    },
    63,
    0.05,
  ],
  'means of a chain of ReLU': [
    (b, x) => b.op('GlobalAveragePool', [relu(b, down(b, relu(b, stem(b, x))))]),
    7,
  ],
  'two ways to the pixels': [
    (b, x) => {
      const ways = [relu(b, b.op('Mul', [x, b.scalar(-1.5)])), stem(b, x)];
      return relu(b, joined(b, b.op('Concat', ways, { axis: int(1) })));
    },
    180,
  ],
};

describe.each(['ibp', 'crown-ibp'])('%s in one program', (method) => {
  it.each(Object.entries(NETWORKS))(
    '%s: says what programs in turn say',
    async (_, [layer, width, apart = 1e-5]) => {
      const b = new GraphBuilder();
      const last = b.op('Flatten', [layer(b, b.input('x', 'float32', ['N', ...SHAPE]))]);
      const weight = b.constant(floats([width, CLASSES], normals('last', width * CLASSES)));
      b.outputAs(b.op('Gemm', [last, weight, b.constant(floats([CLASSES], [0.3, -1, 2, 0]))]), 'logits');
      const network = await boundedNetwork(engine, {
        graph: { ...b.build(), opsets: { '': 20 } },
        pixels: 'x',
        shape: SHAPE,
        logits: 'logits',
      });
      const draws = stream({ seed: 0, purpose: 'test/together', example: 0 });
      const lower = Float32Array.from({ length: IMAGES * SIZE }, () => draws.uniform());
      const radius = [0, 0.001, 0.01, 0.1, 0.5];
      const upper = lower.map((low, i) => low + radius[Math.floor(i / SIZE)]!);
      const boxes = { n: IMAGES, lower, upper };
      const rows = Float32Array.from(
        { length: IMAGES * ROWS * CLASSES },
        (_, i) =>
          (i % CLASSES === 0 ? 1 : 0) - (i % CLASSES === (Math.floor(i / CLASSES) % ROWS) + 1 ? 1 : 0),
      );
      const programs = new Programs(engine);
      const walks = new Walks(network, programs);
      const propagation = new Propagation({ network, walks, lanes: 1 }, programs);
      const wanted = stopsOf(network);
      const ibp = () => ibpGraph(network, wanted);
      const [stops, make] = method === 'ibp' ? [wanted, ibp] : [['x'], () => togetherGraph(network, wanted)];
      const { ranges, sure } = await propagation.of(boxes, [...bentValues(network), ...wanted]);
      const walk = await walks.begin({ from: 'logits', stops }, IMAGES, ranges);
      const inTurn = await walkImages(walk, IMAGES, rows, ROWS);
      const together = await new Combined(network, programs, method, make).of(boxes, rows, ROWS);
      const alone = new Combined(network, programs, 'alone', ibp);
      const propagated = (await alone.of(boxes, rows, ROWS))?.found;
      await programs.close();
      expect(together?.sure).toEqual(sure);
      // To the last digit.
      if (method !== 'ibp') expect(together?.propagated).toEqual(propagated);
      expect([...(together?.ranges.keys() ?? [])]).toEqual(['x', ...wanted]);
      for (const value of wanted) expect(together?.ranges.get(value)).toEqual(ranges.get(value));
      expect(together?.found.bound).toHaveLength(IMAGES * ROWS);
      together?.found.bound.forEach((bound, i) => {
        expect(Math.abs(bound - inTurn.bound[i]!)).toBeLessThan(apart * (1 + Math.abs(bound)));
        // Walks have room for steeper slopes, which alpha-CROWN may take.
        const share = together.found.rounding[i]! / inTurn.rounding[i]!;
        expect(share).toBeGreaterThan(0.6);
        expect(share).toBeLessThan(1.03);
      });
    },
  );
});
