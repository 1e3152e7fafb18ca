import { afterAll, describe, expect, it } from 'vitest';
import { BoundPrograms, type Method } from '../../src/bounds/certify.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, int } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';

/**
 * What is added to a product may be added in the midst of its sum, as onnxruntime does: where it is large, and each term less than half
 * a unit in its last place, every term is lost.
 */
const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

const [TERMS, OUTPUTS] = [256, 8];
const LARGE = 2 ** 20;
/** Half a unit in the last place of `LARGE` is 2^-4. */
const TERM = 0.49 * 2 ** -4;

const METHODS: readonly Method[] = ['ibp', 'crown-ibp', 'crown'];

const all = (dims: number[], value: number) =>
  floats(dims, new Float32Array(dims.reduce((product, d) => product * d, 1)).fill(value));

type Shape = readonly number[];
type Product = (b: GraphBuilder, x: string) => string;

/** Products of (n, TERMS) or (n, TERMS, 1, 1) with weights that are all the same. */
const PRODUCTS: Readonly<Record<string, { shape: Shape; product: Product }>> = {
  Conv: {
    shape: [TERMS, 1, 1],
    product: (b, x) => b.op('Conv', [x, b.constant(all([OUTPUTS, TERMS, 1, 1], TERM))]),
  },
  ConvTranspose: {
    shape: [TERMS, 1, 1],
    product: (b, x) => b.op('ConvTranspose', [x, b.constant(all([TERMS, OUTPUTS, 1, 1], TERM))]),
  },
  MatMul: {
    shape: [TERMS],
    product: (b, x) => b.op('MatMul', [x, b.constant(all([TERMS, OUTPUTS], TERM))]),
  },
  Gemm: {
    shape: [TERMS],
    product: (b, x) => b.op('Gemm', [x, b.constant(all([TERMS, OUTPUTS], TERM))]),
  },
};

/** `LARGE`, and the product, which is said to be lost. */
type Sum = (b: GraphBuilder, product: string, large: string, constant: string) => string;

const channels = (b: GraphBuilder, value: number) => b.constant(all([OUTPUTS], value));
const SUMS: Readonly<Record<string, Sum>> = {
  Add: (b, product, large) => b.op('Add', [product, large]),
  'Add, the other way round': (b, product, large) => b.op('Add', [large, product]),
  Sub: (b, product, large) => b.op('Neg', [b.op('Sub', [b.op('Neg', [product]), large])]),
  Sum: (b, product, large) => b.op('Sum', [product, large]),
  'Add of a constant': (b, product, _, constant) => b.op('Add', [product, constant]),
  'Add after a constant': (b, product, large, constant) =>
    b.op('Add', [
      b.op('Mul', [
        b.op('Add', [b.op('Identity', [product]), b.op('Mul', [constant, b.scalar(0)])]),
        b.scalar(1),
      ]),
      large,
    ]),
  BatchNormalization: (b, product) =>
    b.op('BatchNormalization', [
      product,
      channels(b, 1),
      channels(b, LARGE / 2),
      channels(b, -LARGE / 2),
      channels(b, 1 - 1e-5),
    ]),
};

describe.each(Object.entries(PRODUCTS))(
  'bounds hold where all of a product is lost in a sum: %s',
  (_, { shape, product }) => {
    it.each(Object.entries(SUMS))('%s', async (_, sum) => {
      for (const bends of [true, false]) {
        const b = new GraphBuilder();
        const x = b.input('x', 'float32', ['N', ...shape]);
        const large = b.op('Mul', [
          b.op('Slice', [b.op('Relu', [x]), b.ints([0]), b.ints([OUTPUTS]), b.ints([1])]),
          b.scalar(LARGE),
        ]);
        const constant = b.constant(all([1, OUTPUTS, ...shape.slice(1)], LARGE));
        const y = sum(b, product(b, x), large, constant);
        b.outputAs(b.op('Flatten', [bends ? b.op('Relu', [y]) : y], { axis: int(1) }), 'logits');
        const programs = await BoundPrograms.of(engine, {
          graph: b.build(),
          pixels: 'x',
          shape,
          logits: 'logits',
        });
        const ones = new Float32Array(TERMS).fill(1);
        const rows = new Float32Array(2 * OUTPUTS);
        [rows[0], rows[OUTPUTS + 1]] = [1, -1];
        for (const method of METHODS) {
          const { bound, rounding } = await programs.lowerBounds(
            { n: 1, lower: ones, upper: ones },
            rows,
            2,
            method,
          );
          expect([method, bends, bound[0]! - rounding[0]! <= LARGE]).toEqual([method, bends, true]);
          expect(rounding[1]! - bound[1]!).toBeGreaterThanOrEqual(LARGE + TERMS * TERM);
          // Each term rounds once: in the network, and in what bounds are computed with.
          expect(rounding[1]! - bound[1]!).toBeLessThan(LARGE * (1 + 6 * TERMS * 2 ** -24));
        }
        await programs.close();
      }
    });
  },
);
