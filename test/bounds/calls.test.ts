import { afterAll, describe, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../src/bounds/certify.js';
import type { Engine } from '../../src/engines/engine.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { normals } from '../autodiff/finite-differences.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const METHODS: readonly Method[] = ['ibp', 'crown-ibp', 'crown', 'alpha-crown'];
const [WIDE, CLASSES] = [2 ** 16, 41];

/** Of two pixels: a Relu of many numbers, of which there are three kinds. */
function wide(): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 2]);
  const first = b.op('Gemm', [x, b.constant(floats([2, 3], normals('first', 6)))]);
  const many = b.op('Expand', [b.op('Unsqueeze', [first, b.ints([2])]), b.ints([1, 3, WIDE])]);
  const kinds = b.op('AveragePool', [b.op('Relu', [many])], { kernel_shape: ints([WIDE]) });
  b.outputAs(
    b.op('Gemm', [b.op('Flatten', [kinds]), b.constant(floats([3, CLASSES], normals('last', 3 * CLASSES)))]),
    'logits',
  );
  return b.build();
}

const BOXES = { n: 2, lower: Float32Array.of(0.1, 0.2, 0.8, 0), upper: Float32Array.of(0.3, 0.9, 0.8, 1) };

describe('calls of bounds', () => {
  it.each<Method>(['ibp', 'crown-ibp'])(
    '%s: functions of an image that no call has room for are bounded in turn',
    async (method) => {
      let most = 0;
      const watching: Engine = {
        ...engine,
        concurrency: engine.concurrency,
        compile: async (graph) => {
          const program = await engine.compile(graph);
          return {
            ...program,
            release: () => program.release(),
            run: (feeds, ...others) => {
              most = Math.max(most, feeds.rows?.dims[1] ?? 0);
              return program.run(feeds, ...others);
            },
          };
        },
      };
      const programs = await BoundPrograms.of(watching, {
        graph: wide(),
        pixels: 'x',
        shape: [2],
        logits: 'logits',
      });
      const count = CLASSES - 1;
      const row = (k: number) =>
        Array.from({ length: CLASSES }, (_, i) => (i === 0 ? 1 : i === k + 1 ? -1 : 0));
      const rows = Array.from({ length: count }, (_, k) => row(k));
      const all = await programs.lowerBounds(
        BOXES,
        Float32Array.from([...rows, ...rows].flat()),
        count,
        method,
      );
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThan(count);
      for (const k of [0, count - 1]) {
        const one = await programs.lowerBounds(BOXES, Float32Array.from([row(k), row(k)].flat()), 1, method);
        for (const image of [0, 1]) {
          expect(all.bound[image * count + k]).toBeCloseTo(one.bound[image]!, 5);
          expect(all.rounding[image * count + k]! / one.rounding[image]!).toBeCloseTo(1, 3);
        }
      }
      await programs.close();
    },
  );

  it.each(METHODS)('%s: values may have any names, and there may be no functions', async (method) => {
    const bounds = async ([pixels, weight, between, bend]: readonly string[], count = 1) => {
      const b = new GraphBuilder();
      const weights = b.constant(floats([2, 2], [1, -2, 3, -4]), weight);
      const x = b.input(pixels!, 'float32', ['N', 2]);
      const [bent] = b.node('Relu', b.node('Gemm', [x, weights], {}, [between!]), {}, [bend!]);
      b.outputAs(b.op('Gemm', [bent!, weights]), 'logits');
      const programs = await BoundPrograms.of(engine, {
        graph: b.build(),
        pixels: pixels!,
        shape: [2],
        logits: 'logits',
      });
      const rows = Float32Array.from({ length: 4 * count }, (_, i) => 1 - 2 * (i % 2));
      const found = await programs.lowerBounds(BOXES, rows, count, method);
      await programs.close();
      return found;
    };
    const plain = await bounds(['x', 'weight', 'between', 'bend']);
    expect(plain.bound.every(Number.isFinite)).toBe(true);
    expect(await bounds(['upper', 'lower', 'rows', 'bias'])).toEqual(plain);
    expect(await bounds(['x', 'upper', 'lower', 'finite'])).toEqual(plain);
    expect((await bounds(['x', 'weight', 'between', 'bend'], 0)).bound).toHaveLength(0);
  });
});
