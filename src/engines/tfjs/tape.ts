import * as tf from '@tensorflow/tfjs';
import { AssayError } from '../../errors.js';
import type { Node } from '../../graph/graph.js';
import { TENSORFLOW } from '../../graph/tensorflow.js';

/** Name of the output that holds the gradient with respect to an input. */
export const gradientName = (input: string): string => `gradient of ${input}`;

/** What the engine of TensorFlow.js keeps of its tape while it records. */
interface TapeNode {
  kernelName: string;
  gradient?: unknown;
  saved?: tf.Tensor[];
}

const recorded = () => (tf.engine().state as { activeTape: TapeNode[] | null }).activeTape ?? [];

/** The tape of TensorFlow.js, with a note of which graph node each entry without a gradient came from. */
export class Tape {
  private readonly missing = new Map<string, Node>();
  private seen = 0;

  /** Called after a node ran. */
  mark(node: Node): void {
    const entries = recorded();
    for (const entry of entries.slice(this.seen))
      if (!entry.gradient && !this.missing.has(entry.kernelName)) this.missing.set(entry.kernelName, node);
    this.seen = entries.length;
  }

  /**
   * Gradients of the sum of what `f` returns, weighted by `along`; zeros where nothing depends on a source.
   * Errors: `op-unsupported` names the node where the tape breaks.
   */
  gradients(sources: tf.Tensor[], f: () => tf.Tensor, along?: tf.Tensor): tf.Tensor[] {
    try {
      const { grads } = tf.engine().gradients(f, sources, along, true);
      return sources.map((source, i) => grads[i] ?? tf.zerosLike(source));
    } catch (error) {
      // The tape keeps copies that its own end would have freed.
      for (const { saved } of recorded()) for (const tensor of saved ?? []) tensor.dispose();
      throw this.explained(error);
    }
  }

  private explained(error: unknown): unknown {
    const message = error instanceof Error ? error.message : String(error);
    const failing = /^Error in gradient (?:for op|of) (\w+)/.exec(message)?.[1];
    if (failing !== undefined)
      return new AssayError(
        'op-unsupported',
        `TensorFlow.js fails in its gradient of ${failing}: ${message}`,
        {
          hint: 'suites that need no gradients still run',
        },
      );
    const kernel = /gradient function not found for (\w+)/.exec(message)?.[1];
    const node = kernel === undefined ? undefined : this.missing.get(kernel);
    if (!node) return error;
    return new AssayError('op-unsupported', `TensorFlow.js has no gradient for ${node.op} (its ${kernel})`, {
      path: `node "${node.name}" (${node.op})`,
      hint: `${node.domain === TENSORFLOW ? '' : 'use `--engine ort`, whose gradients are our own; '}suites that need no gradients still run`,
    });
  }
}
