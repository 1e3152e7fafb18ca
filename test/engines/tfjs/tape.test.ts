import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { backendRow } from '../../../src/engines/tfjs/backends.js';
import { Tape } from '../../../src/engines/tfjs/tape.js';
import type { Node } from '../../../src/graph/graph.js';

const node = (name: string, op: string): Node => ({
  name,
  op,
  domain: '',
  inputs: [],
  outputs: [],
  attributes: {},
});

describe('the tape', () => {
  beforeAll(() => backendRow('cpu').load());

  it('names the node whose kernel has no gradient, and frees what was kept', () => {
    const x = tf.tensor1d([1, 2, 3]);
    const { numTensors } = tf.memory();
    const tape = new Tape();
    const forward = () => {
      const square = tf.square(x);
      tape.mark(node('first', 'Mul'));
      const products = tf.cumprod(square);
      tape.mark(node('second', 'CumProd'));
      return products;
    };
    let caught: unknown;
    tf.tidy(() => {
      try {
        tape.gradients([x], forward);
      } catch (error) {
        caught = error;
      }
    });
    expect(caught).toMatchObject({
      code: 'op-unsupported',
      message: 'TensorFlow.js has no gradient for CumProd (its Cumprod)',
      details: { path: 'node "second" (CumProd)' },
    });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('says nothing of such a kernel where no gradient passes', () => {
    const x = tf.tensor1d([1, 2, 3]);
    const other = tf.tensor1d([2, 2, 2]);
    const gradient = new Tape().gradients([x], () => tf.mul(x, tf.cumprod(other)))[0]!;
    expect([...gradient.dataSync()]).toEqual([2, 4, 8]);
  });
});
