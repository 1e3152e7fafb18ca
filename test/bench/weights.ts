import type { GraphBuilder } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import { stream } from '../../src/random/stream.js';

/** Makes normal weights with a given standard deviation, the same every time. */
export function weightsOf(b: GraphBuilder): (dims: number[], scale: number) => string {
  const source = stream({ seed: 0, purpose: 'bench/weights', example: 0 });
  return (dims, scale) => {
    const count = dims.reduce((product, d) => product * d, 1);
    const values = Array.from({ length: count }, () => scale * source.normal());
    return b.constant(floats(dims, values), 'weight');
  };
}
