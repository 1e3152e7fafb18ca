import { afterAll, describe, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../src/bounds/certify.js';
import type { Boxes } from '../../src/bounds/network/ranges.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, int } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { stream } from '../../src/random/stream.js';
import { normals } from '../autodiff/finite-differences.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const [PIXELS, HIDDEN, CLASSES, IMAGES] = [6, 5, 7, 40];

/** Its logits are affine in what the first activation gives, and in what the second makes of that. */
function graphOf(activation: string, seed: number): Graph {
  const b = new GraphBuilder();
  const linear = (x: string, from: number, to: number, name: string) =>
    b.op('Gemm', [
      x,
      b.constant(floats([from, to], normals(`${name} ${seed}`, from * to))),
      b.constant(floats([to], normals(`${name} bias ${seed}`, to))),
    ]);
  const first = b.op(activation, [linear(b.input('x', 'float32', ['N', PIXELS]), PIXELS, HIDDEN, 'first')]);
  const second = b.op(activation, [linear(first, HIDDEN, HIDDEN, 'second')]);
  const both = b.op('Concat', [first, second], { axis: int(1) });
  b.outputAs(linear(both, 2 * HIDDEN, CLASSES, 'last'), 'logits');
  return b.build();
}

function boxesOf(seed: number, ball: boolean): Boxes {
  const draws = stream({ seed, purpose: 'test/never-less', example: 0 });
  const centre = Float32Array.from({ length: IMAGES * PIXELS }, () => draws.uniform());
  const radii = [0.001, 0.05, 0.3, 1];
  const end = (side: 1 | -1) => centre.map((x, i) => x + side * radii[Math.floor(i / PIXELS) % 4]!);
  const boxes = { n: IMAGES, lower: end(-1), upper: end(1) };
  return ball ? { ...boxes, ball: { centre, radius: 0.05 } } : boxes;
}

/** Each logit, and each with a minus. */
const ROWS = Float32Array.from({ length: 2 * CLASSES * CLASSES }, (_, i) => {
  const [row, k] = [Math.floor(i / CLASSES), i % CLASSES];
  return row % CLASSES === k ? (row < CLASSES ? 1 : -1) : 0;
});

describe('no method proves less than ibp, not in the last digit', () => {
  it.each([
    ['Relu', false],
    ['Sigmoid', false],
    ['Relu', true],
  ] as const)(
    'where logits read one activation that another reads: %s, in balls: %s',
    async (activation, ball) => {
      for (const seed of [1, 2, 3]) {
        const programs = await BoundPrograms.of(engine, {
          graph: graphOf(activation, seed),
          pixels: 'x',
          shape: [PIXELS],
          logits: 'logits',
        });
        const boxes = boxesOf(seed, ball);
        const rows = Float32Array.from({ length: IMAGES * ROWS.length }, (_, i) => ROWS[i % ROWS.length]!);
        const proved = async (method: Method) => {
          const { bound, rounding } = await programs.lowerBounds(boxes, rows, 2 * CLASSES, method, 2);
          return bound.map((least, i) => least - rounding[i]!);
        };
        const ibp = await proved('ibp');
        expect(ibp.every(Number.isFinite)).toBe(true);
        for (const method of ['crown-ibp', 'crown', 'alpha-crown'] as const) {
          const found = await proved(method);
          expect([method, found.filter((least, i) => least < ibp[i]!)]).toEqual([
            method,
            new Float64Array(0),
          ]);
        }
        await programs.close();
      }
    },
  );
});
