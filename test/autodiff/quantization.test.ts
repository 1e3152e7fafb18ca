import { afterAll, describe, expect, it } from 'vitest';
import { estimatedGradients, missingGradients } from '../../src/autodiff/coverage.js';
import { gradientGraph } from '../../src/autodiff/differentiate.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { DataType, Graph } from '../../src/graph/graph.js';
import { allocate, floats } from '../../src/graph/tensor.js';
import { normals } from './finite-differences.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const SHAPE = [2, 3, 4];
const SIZE = 24;
const x = normals('quantised', SIZE);
const weights = normals('weights', SIZE);

interface Quantiser {
  type: DataType;
  limits: [number, number];
  /** One number, or one for each index of axis 1. */
  scale: number[];
  zero?: number[];
}

function parameters(b: GraphBuilder, { type, scale, zero }: Quantiser): string[] {
  const dims = scale.length > 1 ? [scale.length] : [];
  const names = [b.constant(floats(dims, scale), 'scale')];
  if (!zero) return names;
  const data = allocate(type, zero.length);
  zero.forEach((z, i) => {
    data[i] = z;
  });
  return [...names, b.constant({ type, dims, data }, 'zero')];
}

/** The sum of weights times the quantised and restored input; `between` works on the integers. */
function network(quantiser: Quantiser, between = (_: GraphBuilder, q: string) => q): Graph {
  const b = new GraphBuilder();
  const input = b.input('x', 'float32', SHAPE);
  const given = parameters(b, quantiser);
  const quantised = b.op('QuantizeLinear', [input, ...given], { axis: int(1) });
  const restored = b.op('DequantizeLinear', [between(b, quantised), ...given], { axis: int(1) });
  const weighted = b.op('Mul', [restored, b.constant(floats(SHAPE, weights), 'weights')]);
  b.outputAs(b.op('ReduceSum', [weighted]), 'y');
  // Quantised 16-bit integers came with operator set 21.
  return { ...b.build(), opsets: { '': quantiser.type === 'int16' ? 21 : 18 } };
}

async function gradientOf(graph: Graph): Promise<Float32Array> {
  const feeds = { x: { type: 'float32' as const, dims: SHAPE, data: x } };
  const made = await gradientGraph(engine, graph, feeds, { of: 'y', wrt: ['x'] });
  return (await (await engine.compile(made.graph)).run(feeds))[made.gradients.x!]!.data as Float32Array;
}

const QUANTISERS: Record<string, Quantiser> = {
  uint8: { type: 'uint8', limits: [0, 255], scale: [0.01], zero: [100] },
  int8: { type: 'int8', limits: [-128, 127], scale: [0.008], zero: [-3] },
  'no zero point': { type: 'uint8', limits: [0, 255], scale: [0.004] },
  int16: { type: 'int16', limits: [-32768, 32767], scale: [0.00004], zero: [7] },
  'per channel': { type: 'int8', limits: [-128, 127], scale: [0.01, 0.003, 0.006], zero: [0, 10, -20] },
};

describe('a pair of QuantizeLinear and DequantizeLinear', () => {
  it.each(Object.entries(QUANTISERS))(
    '%s: the gradient passes where the value does not saturate',
    async (_, quantiser) => {
      const { scale, zero = [0], limits } = quantiser;
      const channel = (i: number) => Math.floor(i / 4) % 3;
      const expected = Array.from(x, (value, i) => {
        const at = scale.length > 1 ? channel(i) : 0;
        const level = Math.round(value / scale[at]!) + zero[at]!;
        return level >= limits[0] && level <= limits[1] ? weights[i]! : 0;
      });
      // Both kinds occur, or the test would show nothing.
      expect(new Set(expected.map((v) => v === 0)).size).toBe(2);
      const found = await gradientOf(network(quantiser));
      expected.forEach((value, i) => {
        expect(found[i]).toBeCloseTo(value, 5);
      });
    },
  );

  it('passes through what moves integers about', async () => {
    const turned = (b: GraphBuilder, q: string) => {
      const twice = b.op('Transpose', [b.op('Transpose', [q], { perm: ints([1, 0, 2]) })], {
        perm: ints([1, 0, 2]),
      });
      return b.op('Reshape', [b.op('Reshape', [twice, b.ints([2, 12])]), b.ints(SHAPE)]);
    };
    const quantiser = QUANTISERS.uint8!;
    expect(await gradientOf(network(quantiser, turned))).toEqual(await gradientOf(network(quantiser)));
  });

  it('is reported as an estimate, by the node that rounds', () => {
    const graph = network(QUANTISERS.uint8!);
    expect(estimatedGradients(graph, ['x'], 'y').map(({ op }) => op)).toEqual(['QuantizeLinear']);
    expect(missingGradients(graph, ['x'], 'y')).toEqual([]);
  });
});
