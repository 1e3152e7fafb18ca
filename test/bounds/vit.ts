import { float, GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats, int64s } from '../../src/graph/tensor.js';
import { normals } from '../autodiff/finite-differences.js';

const [SHAPE, CLASSES] = [[1, 8, 8], 3];
const [WIDTH, HEADS, TOKENS] = [8, 2, 5];
const EPSILON = 1e-2;

/**
 * A vision transformer (Dosovitskiy et al. 2021) of one block on images (1, 8, 8): patches of 4 x 4, a token for the class, two heads,
 * three classes. Of one image, its shapes are numbers and its token is a constant.
 */
export function vit(batch: 'N' | 1 = 'N'): Graph {
  const b = new GraphBuilder('vit');
  const drawn = (name: string, dims: number[], scale: number) => {
    const numbers = normals(
      `vit/${name}`,
      dims.reduce((p, d) => p * d, 1),
    );
    return b.constant(
      floats(
        dims,
        numbers.map((x) => scale * x),
      ),
      name,
    );
  };
  const linear = (x: string, name: string, from: number, to: number) =>
    b.op('Add', [
      b.op('MatMul', [x, drawn(`${name}.w`, [from, to], 1 / Math.sqrt(from))]),
      drawn(`${name}.b`, [to], 0.1),
    ]);
  const normed = (x: string, name: string) => {
    const [scale, bias] = [
      b.constant(floats([WIDTH], Array<number>(WIDTH).fill(1))),
      drawn(`${name}.b`, [WIDTH], 0.1),
    ];
    return b.op('LayerNormalization', [x, scale, bias], { axis: int(-1), epsilon: float(EPSILON) });
  };
  const first = batch === 1 ? 1 : 0;
  const x = b.input('x', 'float32', [batch, ...SHAPE]);
  const patches = b.op('Conv', [x, drawn('patches', [WIDTH, 1, 4, 4], 0.25)], { strides: ints([4, 4]) });
  const tokens = b.op('Transpose', [b.op('Reshape', [patches, b.ints([first, WIDTH, -1])])], {
    perm: ints([0, 2, 1]),
  });
  const images = b.op('Shape', [x], { start: int(0), end: int(1) });
  const shape = b.op('Concat', [images, b.ints([1, WIDTH])], { axis: int(0) });
  const own = drawn('token', [1, 1, WIDTH], 0.5);
  const token = batch === 1 ? own : b.op('Expand', [own, shape]);
  let hidden = b.op('Add', [
    b.op('Concat', [token, tokens], { axis: int(1) }),
    drawn('places', [1, TOKENS, WIDTH], 0.3),
  ]);
  const asHeads = (value: string, perm: number[]) =>
    b.op('Transpose', [b.op('Reshape', [value, b.ints([first, TOKENS, HEADS, WIDTH / HEADS])])], {
      perm: ints(perm),
    });
  const before = normed(hidden, 'first');
  const q = asHeads(linear(before, 'q', WIDTH, WIDTH), [0, 2, 1, 3]);
  const k = asHeads(linear(before, 'k', WIDTH, WIDTH), [0, 2, 3, 1]);
  const v = asHeads(linear(before, 'v', WIDTH, WIDTH), [0, 2, 1, 3]);
  const scores = b.op('Div', [b.op('MatMul', [q, k]), b.scalar(Math.sqrt(WIDTH / HEADS))]);
  const seen = b.op('MatMul', [b.op('Softmax', [scores], { axis: int(-1) }), v]);
  const joined = b.op('Reshape', [
    b.op('Transpose', [seen], { perm: ints([0, 2, 1, 3]) }),
    b.ints([first, TOKENS, WIDTH]),
  ]);
  hidden = b.op('Add', [hidden, linear(joined, 'joined', WIDTH, WIDTH)]);
  const inner = linear(normed(hidden, 'second'), 'inner', WIDTH, 2 * WIDTH);
  hidden = b.op('Add', [hidden, linear(b.op('Relu', [inner]), 'outer', 2 * WIDTH, WIDTH)]);
  const seenFirst = b.op('Gather', [normed(hidden, 'last'), b.constant(int64s([0], []))], { axis: int(1) });
  b.outputAs(linear(seenFirst, 'classes', WIDTH, CLASSES), 'logits');
  return b.build();
}
