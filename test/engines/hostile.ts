import { GraphBuilder as Builder, type GraphBuilder, int, tensor } from '../../src/graph/build.js';
import type { Graph, Tensor, ValueInfo } from '../../src/graph/graph.js';
import { floats, int64s } from '../../src/graph/tensor.js';

/** A small file that asks for much; `logits` (N, 3) of images (N, 1, 6, 6). @param dims what is said of the logits */
export function hostileNetwork(head: Hostile, dims: ValueInfo['dims'] = ['N', 3]): Graph {
  const b = new Builder('hostile');
  const image = b.input('image', 'float32', ['N', 1, 6, 6]);
  const weight = b.constant(floats([36, 3], new Float32Array(108).fill(0.01)), 'weight');
  const logits = b.op('MatMul', [b.op('Flatten', [image], { axis: int(1) }), weight]);
  b.outputAs(head(b, logits, image), 'logits', 'float32', dims);
  return b.build();
}

/** What becomes of the logits. */
export type Hostile = (b: GraphBuilder, logits: string, image: string) => string;

const truth: Tensor = { type: 'bool', dims: [], data: Uint8Array.of(1) };
const mean = (b: GraphBuilder, value: string) => b.op('ReduceMean', [value], { keepdims: int(0) });
const scaledByMean = (b: GraphBuilder, logits: string, value: string) =>
  b.op('Mul', [logits, mean(b, value)]);

/** 6 and 6, computed. */
const sides = (b: GraphBuilder, image: string) =>
  b.op('Slice', [b.op('Shape', [image]), b.ints([2]), b.ints([4])]);

/** Adds next to nothing so many times. */
export function loop(b: GraphBuilder, logits: string, rounds: string): string {
  const body = new Builder('body');
  body.input('round', 'int64', []);
  const go = body.input('go', 'bool', []);
  const value = body.input('value', 'float32', null);
  body.outputAs(go, 'go_on', 'bool', []);
  body.outputAs(body.op('Add', [value, body.scalar(1e-9)]), 'next');
  return b.op('Loop', [rounds, b.constant(truth), logits], { body: { kind: 'graph', value: body.build() } });
}

const filled = (b: GraphBuilder, shape: string) =>
  b.op('ConstantOfShape', [shape], { value: tensor(floats([1], [1])) });

/** By what they do. */
export const hostile = {
  'a loop of declared rounds': (b, logits) => loop(b, logits, b.constant(int64s([1e12], []))),
  'a loop of computed rounds': (b, logits, image) => {
    const many = b.op('ReduceProd', [b.op('Mul', [sides(b, image), b.ints([1e6])])], { keepdims: int(0) });
    return loop(b, logits, many);
  },
  'a loop of rounds that an image decides': (b, logits, image) => {
    const bright = b.op('ReduceMax', [image], { keepdims: int(0) });
    return loop(b, logits, b.op('Cast', [b.op('Mul', [bright, b.scalar(1e12)])], { to: int(7) }));
  },
  'a tensor of declared size': (b, logits) => scaledByMean(b, logits, filled(b, b.ints([30_000, 30_000]))),
  'a tensor of computed size': (b, logits, image) =>
    scaledByMean(b, logits, filled(b, b.op('Mul', [sides(b, image), b.ints([5000, 5000])]))),
  'doubling without end': (b, logits) => {
    let value = logits;
    for (let i = 0; i < 34; i++) value = b.op('Concat', [value, value], { axis: int(1) });
    return scaledByMean(b, logits, value);
  },
  'a product of constants': (b, logits) => {
    const some = new Float32Array(8000).fill(1e-3);
    const outer = b.op('MatMul', [b.constant(floats([8000, 1], some)), b.constant(floats([1, 8000], some))]);
    return scaledByMean(b, logits, b.op('MatMul', [outer, outer]));
  },
} satisfies Record<string, Hostile>;
