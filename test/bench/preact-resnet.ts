import { GraphBuilder, int, ints } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { floats } from '../../src/graph/tensor.js';
import { weightsOf } from './weights.js';

/**
 * PreAct-ResNet-18 for 32 x 32 images (He et al. 2016b): batch normalisation and ReLU before every convolution,
 * four stages of two blocks, 64 to 512 channels; random weights. Input `x` (N, 3, 32, 32), output `logits`.
 */
export function preactResNet18(classes = 10): Graph {
  const b = new GraphBuilder('preact_resnet_18');
  const weight = weightsOf(b);
  const conv = (x: string, from: number, to: number, kernel: number, stride: number) => {
    const pad = kernel >> 1;
    const w = weight([to, from, kernel, kernel], Math.sqrt(2 / (from * kernel * kernel)));
    return b.op('Conv', [x, w], {
      pads: ints([pad, pad, pad, pad]),
      strides: ints([stride, stride]),
      kernel_shape: ints([kernel, kernel]),
    });
  };
  const activated = (x: string, channels: number) => {
    const filled = (value: number) =>
      b.constant(floats([channels], new Float32Array(channels).fill(value)), 'statistic');
    const statistics = [filled(0.9), weight([channels], 0.1), weight([channels], 0.1), filled(1.1)];
    return b.op('Relu', [b.op('BatchNormalization', [x, ...statistics])]);
  };
  let h = conv(b.input('x', 'float32', ['N', 3, 32, 32]), 3, 64, 3, 1);
  let channels = 64;
  for (const stage of [0, 1, 2, 3]) {
    const wide = 64 * 2 ** stage;
    for (const block of [0, 1]) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const opened = activated(h, channels);
      const shortcut = stride !== 1 || channels !== wide ? conv(opened, channels, wide, 1, stride) : h;
      const inner = conv(opened, channels, wide, 3, stride);
      // Half the variance each, so that activations keep their size through eight blocks.
      const outer = conv(activated(inner, wide), wide, wide, 3, 1);
      h = b.op('Mul', [b.op('Add', [outer, shortcut]), b.scalar(Math.SQRT1_2)]);
      channels = wide;
    }
  }
  const pooled = b.op('Flatten', [b.op('GlobalAveragePool', [activated(h, channels)])]);
  const head = weight([classes, channels], 1 / Math.sqrt(channels));
  const logits = b.op('Gemm', [pooled, head, weight([classes], 0)], { transB: int(1) });
  b.outputAs(logits, 'logits', 'float32', ['N', classes]);
  return b.build();
}
