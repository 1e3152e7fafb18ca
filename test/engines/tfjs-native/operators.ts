import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { requireNativePackage } from '../../../src/engines/tfjs-native/load.js';

type Tfjs = ReturnType<typeof requireNativePackage>;

export interface Operator {
  name: string;
  /** Of the input; values are from -1 to 1, none is 0. */
  shape: number[];
  apply(tf: Tfjs, x: Tensor): Tensor;
  /** Plain JavaScript (4.22) has a wrong gradient for it. It is linear, which tells what is right. */
  plainIsWrong?: true;
}

/** Values that are the same for every backend, from -1 to 1. */
export function wave(tf: Tfjs, shape: number[], frequency = 0.73): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return tf.tensor(
    Float32Array.from({ length: count }, (_, i) => Math.sin(frequency * (i + 1))),
    shape,
  );
}

const image = [2, 9, 9, 4];
const matrix = [6, 10];
const pooling = (kind: 'maxPool' | 'avgPool', pad: 'same' | 'valid', stride: number): Operator => ({
  name: `${kind} ${pad} stride ${stride}`,
  shape: image,
  apply: (tf, x) => tf[kind](x as Tensor4D, 3, stride, pad),
});
const convolution = (pad: 'same' | 'valid', stride: number, dilation = 1): Operator => ({
  name: `conv2d ${pad} stride ${stride} dilation ${dilation}`,
  shape: image,
  apply: (tf, x) =>
    tf.conv2d(x as Tensor4D, wave(tf, [3, 3, 4, 5], 1.7) as Tensor4D, stride, pad, 'NHWC', dilation),
});
const pointwise = (name: string, apply: Operator['apply']): Operator => ({ name, shape: matrix, apply });

/** What image classifiers are made of. */
export const operators: readonly Operator[] = [
  convolution('same', 1),
  convolution('same', 2),
  convolution('valid', 1),
  convolution('valid', 2),
  {
    name: 'depthwise conv2d',
    shape: image,
    apply: (tf, x) => tf.depthwiseConv2d(x as Tensor4D, wave(tf, [3, 3, 4, 2], 1.7) as Tensor4D, 1, 'same'),
  },
  {
    name: 'transposed conv2d',
    shape: image,
    apply: (tf, x) =>
      tf.conv2dTranspose(x as Tensor4D, wave(tf, [3, 3, 5, 4], 1.7) as Tensor4D, [2, 18, 18, 5], 2, 'same'),
  },
  pooling('maxPool', 'same', 2),
  pooling('maxPool', 'valid', 1),
  // Divides by the window's size at the border, where the forward pass divides by the part inside.
  { ...pooling('avgPool', 'same', 2), plainIsWrong: true },
  pooling('avgPool', 'valid', 1),
  {
    name: 'batch norm',
    shape: image,
    apply: (tf, x) =>
      tf.batchNorm(
        x,
        wave(tf, [4]),
        wave(tf, [4], 0.3).abs().add(0.5),
        wave(tf, [4], 2),
        wave(tf, [4], 3),
        1e-3,
      ),
  },
  { name: 'mean and variance', shape: image, apply: (tf, x) => tf.moments(x, [1, 2]).variance },
  {
    name: 'bilinear resize',
    shape: image,
    apply: (tf, x) => tf.image.resizeBilinear(x as Tensor4D, [5, 14], false, true),
  },
  {
    name: 'nearest resize',
    shape: image,
    apply: (tf, x) => tf.image.resizeNearestNeighbor(x as Tensor4D, [18, 18]),
    plainIsWrong: true,
  },
  {
    name: 'mirror pad',
    shape: image,
    apply: (tf, x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [2, 1],
          [1, 2],
          [0, 0],
        ],
        'reflect',
      ),
  },
  { name: 'transpose', shape: image, apply: (_, x) => x.transpose([0, 3, 1, 2]) },
  { name: 'slice', shape: image, apply: (_, x) => x.slice([0, 1, 2, 0], [2, 5, 6, 3]) },
  pointwise('matMul', (tf, x) => x.matMul(wave(tf, [10, 7], 1.1))),
  pointwise('batched matMul', (tf, x) => x.reshape([2, 3, 10]).matMul(wave(tf, [2, 10, 4], 1.1))),
  pointwise('gather', (tf, x) => x.gather(tf.tensor1d([3, 0, 3], 'int32'), 0)),
  pointwise('softmax', (_, x) => x.mul(5).softmax()),
  pointwise('logSoftmax', (_, x) => x.mul(5).logSoftmax()),
  pointwise('logSumExp', (_, x) => x.mul(5).logSumExp(1)),
  pointwise('max', (_, x) => x.max(1)),
  pointwise('mean', (_, x) => x.mean(0)),
  pointwise('prod', (_, x) => x.prod(1)),
  pointwise('concat and split', (tf, x) => tf.concat([...tf.split(x, 2, 1), x], 1)),
  pointwise('relu', (_, x) => x.relu()),
  pointwise('relu6', (_, x) => x.mul(10).relu6()),
  pointwise('leakyRelu', (_, x) => x.leakyRelu(0.2)),
  pointwise('prelu', (tf, x) => x.prelu(wave(tf, [10], 0.9))),
  pointwise('elu', (_, x) => x.elu()),
  pointwise('selu', (_, x) => x.selu()),
  pointwise('softplus', (_, x) => x.mul(4).softplus()),
  pointwise('sigmoid', (_, x) => x.mul(4).sigmoid()),
  pointwise('tanh', (_, x) => x.tanh()),
  pointwise('erf', (_, x) => x.mul(2).erf()),
  pointwise('exp and log', (_, x) => x.exp().add(1).log()),
  pointwise('sqrt and rsqrt', (_, x) => x.abs().add(0.1).sqrt().mul(x.square().add(1).rsqrt())),
  pointwise('pow', (_, x) => x.abs().pow(1.7)),
  pointwise('divide with broadcasting', (tf, x) => x.div(wave(tf, [10], 0.4).abs().add(0.5))),
  pointwise('clip', (_, x) => x.clipByValue(-0.4, 0.6)),
  pointwise('where', (tf, x) => tf.where(wave(tf, matrix, 0.5).greater(0), x.square(), x.mul(3))),
];
