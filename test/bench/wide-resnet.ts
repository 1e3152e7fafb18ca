import { float, GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { stream } from '../../src/random/stream.js';

/**
 * A wide ResNet without normalisation, leaky ReLU 0.2 and the stride on a block's second convolution, as JEM
 * uses it; random weights scaled as He et al. 2015. Input `x` (N, 3, 32, 32) in [0, 1], output `logits`.
 */
export function wideResNet(depth: number, width: number, classes = 10): Graph {
  const b = new GraphBuilder(`wrn${depth}_${width}`);
  const source = stream({ seed: 0, purpose: 'bench/weights', example: 0 });
  const weight = (dims: number[], scale: number) => {
    const count = dims.reduce((product, d) => product * d, 1);
    return b.constant(
      floats(
        dims,
        Array.from({ length: count }, () => scale * source.normal()),
      ),
      'weight',
    );
  };
  const conv = (x: string, from: number, to: number, kernel: number, stride: number) => {
    const pad = kernel >> 1;
    const w = weight([to, from, kernel, kernel], 0.7 * Math.sqrt(2 / (1.04 * from * kernel * kernel)));
    return b.op('Conv', [x, w, weight([to], 0)], {
      pads: ints([pad, pad, pad, pad]),
      strides: ints([stride, stride]),
      kernel_shape: ints([kernel, kernel]),
    });
  };
  const leaky = (x: string) => b.op('LeakyRelu', [x], { alpha: float(0.2) });
  const x = b.input('x', 'float32', ['N', 3, 32, 32]);
  let h = conv(b.op('Sub', [b.op('Mul', [x, b.scalar(2)]), b.scalar(1)]), 3, 16, 3, 1);
  let channels = 16;
  for (const stage of [0, 1, 2]) {
    const wide = 16 * width * 2 ** stage;
    for (let block = 0; block < (depth - 4) / 6; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const inner = conv(leaky(h), channels, wide, 3, 1);
      const outer = conv(leaky(inner), wide, wide, 3, stride);
      const shortcut = stride !== 1 || channels !== wide ? conv(h, channels, wide, 1, stride) : h;
      h = b.op('Add', [outer, shortcut]);
      channels = wide;
    }
  }
  const pooled = b.op('Flatten', [b.op('GlobalAveragePool', [leaky(h)])]);
  const head = weight([classes, channels], 1 / Math.sqrt(channels));
  b.outputAs(b.op('Gemm', [pooled, head, weight([classes], 0)], { transB: int(1) }), 'logits', 'float32', [
    'N',
    classes,
  ]);
  return b.build();
}
