import type * as tf from '@tensorflow/tfjs';
import type { Site } from './site.js';

/** One row of the table: an ONNX operator as TensorFlow.js operations. */
export interface Row {
  op: string;
  /** The outputs, in order. Optional ones that the node leaves out need not be made. */
  run(site: Site): tf.Tensor | readonly tf.Tensor[];
  /** No gradient passes: the outputs are indices, shapes or truth values, or piecewise constant. */
  flat?: true;
}

/** A row whose operator takes one tensor and nothing else. */
export const unary = (op: string, f: (x: tf.Tensor) => tf.Tensor): Row => ({ op, run: (s) => f(s.x()) });
