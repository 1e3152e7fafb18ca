import * as tf from '@tensorflow/tfjs';
import { AssayError } from '../../errors.js';
import type { DataType, Node } from '../../graph/graph.js';
import { fromStart, NodeReader } from '../../graph/node-reader.js';
import { toNumbers } from '../../graph/tensor.js';
import type { Memory } from './memory.js';

/** Where a row of the table is applied: one node of a running program, its attributes and its input tensors. */
export class Site extends NodeReader {
  /** Inputs that were handed out: a row that returns one of them does not own it. */
  readonly borrowed = new Set<tf.Tensor>();

  constructor(
    node: Node,
    private readonly memory: Memory,
  ) {
    super(node);
  }

  /** Input `i`. */
  x(i = 0): tf.Tensor {
    const tensor = this.memory.tensor(this.node.inputs[i]!);
    this.borrowed.add(tensor);
    return tensor;
  }

  /** All inputs. */
  all(): tf.Tensor[] {
    return this.node.inputs.map((_, i) => this.x(i));
  }

  /** Elements of input `i` on the host: shapes, axes, indices. int64 constants are read exactly. */
  numbers(i: number): number[] {
    const constant = this.memory.constants.get(this.node.inputs[i]!);
    return constant ? toNumbers(constant) : Array.from(this.x(i).dataSync());
  }

  /** ONNX's element type of input `i` when that is a constant. */
  constantType(i: number): DataType | undefined {
    return this.memory.constants.get(this.node.inputs[i] ?? '')?.type;
  }

  optionalNumbers(i: number): number[] | undefined {
    return this.has(i) ? this.numbers(i) : undefined;
  }

  /** Input `i` in another form, such as a kernel's layout; made once per program when the input is a constant. */
  prepared(i: number, form: string, make: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
    const name = this.node.inputs[i]!;
    if (!this.memory.constants.has(name)) return make(this.x(i));
    const tensor = this.memory.prepared(`${name}: ${form}`, () => make(this.x(i)));
    this.borrowed.add(tensor);
    return tensor;
  }

  /** The axis attribute, counted from 0. */
  axis(fallback: number, rank = this.x().rank): number {
    return fromStart(this.number('axis', fallback), rank);
  }

  unsupported(why: string): AssayError {
    return new AssayError('op-unsupported', `the tfjs engine does not run this ${this.node.op}: ${why}`, {
      path: `node "${this.node.name}" (${this.node.op})`,
      hint: 'use `--engine ort`',
    });
  }
}

/**
 * The same values off the tape: no gradient passes. TensorFlow.js walks its tape through comparisons and fails
 * there for want of a gradient, so what is flat is computed from these.
 */
export function still(x: tf.Tensor): tf.Tensor {
  const engine = tf.engine();
  const identity = tf.getKernel('Identity', tf.getBackend());
  const info = identity.kernelFunc({ inputs: { x }, attrs: {}, backend: engine.backend }) as tf.TensorInfo;
  return engine.makeTensorFromTensorInfo(info);
}
