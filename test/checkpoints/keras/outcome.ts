import { gradientGraph } from '../../../src/autodiff/differentiate.js';
import type { Engine } from '../../../src/engines/engine.js';
import { GraphBuilder } from '../../../src/graph/build.js';
import type { Graph } from '../../../src/graph/graph.js';
import { floats } from '../../../src/graph/tensor.js';

export interface Outcome {
  /** (n, classes) */
  logits: Float32Array;
  /** Of the sum of cos(k) logits[k], in the shape of the images. */
  gradient: Float32Array;
}

/** What a graph with one input and one matrix-shaped output makes of images, as the graph wants them. */
export async function outcome(
  engine: Engine,
  graph: Graph,
  images: Float32Array,
  dims: readonly number[],
): Promise<Outcome> {
  const input = graph.inputs[0]!;
  const logits = graph.outputs[0]!;
  const feeds = { [input.name]: { type: 'float32' as const, dims, data: images } };
  const classes = Number(logits.dims?.at(-1));
  const b = new GraphBuilder(graph);
  const weight = b.constant(
    floats(
      [1, classes],
      Array.from({ length: classes }, (_, k) => Math.cos(k)),
    ),
  );
  const of = b.outputAs(b.op('Mul', [logits.name, weight]), 'weighted', 'float32', ['N', classes]);
  const differentiated = await gradientGraph(engine, b.build(), feeds, { of, wrt: [input.name] });
  const program = await engine.compile(differentiated.graph);
  try {
    const results = await program.run(feeds);
    return {
      logits: results[logits.name]!.data as Float32Array,
      gradient: results[differentiated.gradients[input.name]!]!.data as Float32Array,
    };
  } finally {
    await program.release();
  }
}

/** The largest difference, relative to the largest number that is expected. */
export function difference(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  const numbers = Array.from(wanted);
  const scale = numbers.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-30);
  return numbers.reduce((most, v, i) => Math.max(most, Math.abs(got[i]! - v)), 0) / scale;
}
