import type { Value } from '../../src/engines/engine.js';
import { GraphBuilder } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';

export const floatValue = (dims: number[], data: number[]): Value => ({
  type: 'float32',
  dims,
  data: Float32Array.from(data),
});

/** doubled = 2x, negated = -x. */
export function twoOutputs(): Graph {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 3]);
  b.outputAs(b.op('Mul', [x, b.scalar(2)]), 'doubled', 'float32', ['N', 3]);
  b.outputAs(b.op('Neg', [x]), 'negated', 'float32', ['N', 3]);
  return b.build();
}
