// @module-tag tensorflow
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { backendRow } from '../../../src/engines/tfjs/backends.js';
import { TfjsProgram } from '../../../src/engines/tfjs/program.js';
import { GraphBuilder, int, ints } from '../../../src/graph/build.js';
import { floats } from '../../../src/graph/tensor.js';
import { normals } from '../../autodiff/finite-differences.js';
import { devices } from './devices.js';

const drawn = (dims: number[]) =>
  floats(
    dims,
    normals(
      dims.join('x'),
      dims.reduce((p, d) => p * d, 1),
    ),
  );

/** A small network with what keeps tensors: kernels in another layout, indices, a loss. */
function network() {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 2, 6, 6]);
  const features = b.op('Relu', [
    b.op('Conv', [x, b.constant(drawn([4, 2, 3, 3]))], { pads: ints([1, 1, 1, 1]), dilations: ints([1, 1]) }),
  ]);
  const pooled = b.op('MaxPool', [features], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) });
  const picked = b.op('Gather', [pooled, b.ints([3, 0, 1])], { axis: int(1) });
  const logits = b.op('Gemm', [b.op('Flatten', [picked]), b.constant(drawn([27, 5]))]);
  const top = b.node('TopK', [logits, b.ints([2])], {}, ['top', 'places'])[0]!;
  b.outputAs(b.op('ReduceLogSumExp', [top, b.ints([1])], { keepdims: int(0) }), 'loss');
  b.outputAs(logits, 'logits');
  return b.build();
}

const feeds = (n: number) => ({
  x: { type: 'float32' as const, dims: [n, 2, 6, 6], data: normals('pixels', n * 72) },
});

describe.each([...new Set([...devices, 'cpu'])])('memory on the %s backend', (device) => {
  beforeAll(() => backendRow(device).load());

  it.each([
    ['forward', undefined],
    ['with gradients', { of: 'loss', wrt: ['x'] }],
  ])('does not grow over 100 runs, %s, and is given back', (_what, gradient) => {
    const before = tf.memory();
    const program = new TfjsProgram(network(), gradient);
    program.run(feeds(3));
    const first = tf.memory();
    for (let i = 0; i < 100; i++) program.run(feeds(1 + (i % 3)));
    const last = tf.memory();
    expect([last.numTensors, last.numDataBuffers, last.numBytes]).toEqual([
      first.numTensors,
      first.numDataBuffers,
      first.numBytes,
    ]);
    program.dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
  });

  it('does not grow when runs fail', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['N', 2, 6, 6]);
    b.outputAs(b.op('Reshape', [b.op('Mul', [x, x]), b.ints([7, -1])]), 'y');
    const program = new TfjsProgram(b.build(), { of: 'y', wrt: ['x'] });
    expect(() => program.run(feeds(1))).toThrow(/Reshape/);
    const { numTensors } = tf.memory();
    for (let i = 0; i < 20; i++) expect(() => program.run(feeds(1))).toThrow(/Reshape/);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
