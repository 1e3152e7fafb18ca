import { GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { weightsOf } from './weights.js';

/** Width, depth and heads are those of ViT-Ti (Touvron et al. 2021), with half its depth. */
const SIZE = { width: 192, depth: 6, heads: 3, patch: 4, image: 32 };

/**
 * A vision transformer (Dosovitskiy et al. 2021) for 32 x 32 images in patches of 4: pre-norm blocks of attention
 * and a GELU perceptron, as PyTorch exports them before operator set 20; random weights. Input `x`
 * (N, 3, 32, 32), output `logits`.
 */
export function visionTransformer(classes = 10): Graph {
  const { width, depth, heads, patch, image } = SIZE;
  const b = new GraphBuilder('vision_transformer');
  const weight = weightsOf(b);
  const places = (image / patch) ** 2;
  const linear = (x: string, from: number, to: number) =>
    b.op('Add', [b.op('MatMul', [x, weight([from, to], 1 / Math.sqrt(from))]), weight([to], 0.02)]);
  const normal = (x: string) => {
    const scale = b.constant(floats([width], new Float32Array(width).fill(1)), 'scale');
    return b.op('LayerNormalization', [x, scale, weight([width], 0.02)]);
  };
  const gelu = (x: string) => {
    const part = b.op('Add', [b.op('Erf', [b.op('Mul', [x, b.scalar(Math.SQRT1_2)])]), b.scalar(1)]);
    return b.op('Mul', [b.op('Mul', [x, part]), b.scalar(0.5)]);
  };
  const turned = (x: string, perm: number[]) => b.op('Transpose', [x], { perm: ints(perm) });
  const attention = (x: string) => {
    const parts = ['query', 'key', 'value'].map(() =>
      b.op('Reshape', [linear(x, width, width), b.ints([0, places, heads, width / heads])]),
    );
    const [query, value] = [turned(parts[0]!, [0, 2, 1, 3]), turned(parts[2]!, [0, 2, 1, 3])];
    const scores = b.op('MatMul', [query, turned(parts[1]!, [0, 2, 3, 1])]);
    const scaled = b.op('Mul', [scores, b.scalar(1 / Math.sqrt(width / heads))]);
    const seen = b.op('MatMul', [b.op('Softmax', [scaled], { axis: int(-1) }), value]);
    return linear(b.op('Reshape', [turned(seen, [0, 2, 1, 3]), b.ints([0, places, width])]), width, width);
  };
  const kernel = weight([width, 3, patch, patch], 1 / Math.sqrt(3 * patch * patch));
  const patches = b.op('Conv', [b.input('x', 'float32', ['N', 3, image, image]), kernel], {
    strides: ints([patch, patch]),
    kernel_shape: ints([patch, patch]),
  });
  const rows = turned(b.op('Reshape', [patches, b.ints([0, width, places])]), [0, 2, 1]);
  let h = b.op('Add', [rows, weight([1, places, width], 0.1)]);
  for (let block = 0; block < depth; block++) {
    h = b.op('Add', [h, attention(normal(h))]);
    h = b.op('Add', [h, linear(gelu(linear(normal(h), width, 4 * width)), 4 * width, width)]);
  }
  const mean = b.op('ReduceMean', [normal(h), b.ints([1])], { keepdims: int(0) });
  b.outputAs(linear(mean, width, classes), 'logits', 'float32', ['N', classes]);
  return b.build();
}
