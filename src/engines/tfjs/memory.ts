import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '../../graph/graph.js';
import { upload } from './transfer.js';

/** The tensors of one program: constants live as long as it does, values as long as a run needs them. */
export class Memory {
  private readonly lasting = new Map<string, tf.Tensor>();
  private readonly values = new Map<string, tf.Tensor>();

  constructor(readonly constants: ReadonlyMap<string, Tensor>) {}

  /** A value of the current run, or a constant, uploaded when first asked for. */
  tensor(name: string): tf.Tensor {
    const value = this.values.get(name);
    if (value) return value;
    const constant = this.constants.get(name);
    if (!constant) throw new Error(`value "${name}" is read before it is written`);
    return this.prepared(name, () => upload(constant, name));
  }

  /** Something made of constants only, made once. */
  prepared(key: string, make: () => tf.Tensor): tf.Tensor {
    const known = this.lasting.get(key);
    if (known) return known;
    const made = tf.keep(tf.tidy(() => tf.clone(make())));
    this.lasting.set(key, made);
    return made;
  }

  write(name: string, value: tf.Tensor): void {
    this.values.set(name, value);
  }

  /** Frees a value that nothing reads any more. */
  forget(name: string): void {
    this.values.get(name)?.dispose();
    this.values.delete(name);
  }

  /** Drops the values of a run; whose scope frees them. */
  clear(): void {
    this.values.clear();
  }

  dispose(): void {
    this.clear();
    for (const tensor of this.lasting.values()) tensor.dispose();
    this.lasting.clear();
  }
}
