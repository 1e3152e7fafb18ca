import type { GraphBuilder } from '../graph/build.js';
import type { Graph } from '../graph/graph.js';

/** A value that depends on one other, number by number, with its derivative in one piece. */
export interface Curve {
  of: string;
  /** Its derivative with respect to `of`, emitted once. */
  slope(b: GraphBuilder): string;
}

/** Curves by the value that they give. */
export type Curves = ReadonlyMap<string, Curve>;

/**
 * The swishes x sigmoid(x) of a graph, which is written in two nodes. Rules of these give a second derivative of 24 passes over
 * the numbers of x; with both derivatives in one piece (Ramachandran et al. 2017) it has 14. Their slopes, once emitted, are
 * curves too, so that the gradient's graph can be differentiated with the same map.
 */
export function swishesOf(graph: Graph): Curves {
  const sigmoids = new Map(
    graph.nodes
      .filter(({ op, domain }) => op === 'Sigmoid' && domain === '')
      .map(({ inputs, outputs }) => [outputs[0]!, inputs[0]!]),
  );
  const curves = new Map<string, Curve>();
  for (const { op, domain, inputs, outputs } of graph.nodes) {
    if (op !== 'Mul' || domain !== '') continue;
    const [first = '', second = ''] = inputs;
    if (sigmoids.get(second) === first) curves.set(outputs[0]!, swish(first, second, curves));
    else if (sigmoids.get(first) === second) curves.set(outputs[0]!, swish(second, first, curves));
  }
  return curves;
}

/** With s = sigmoid(x) and s' = s (1 - s): the slope is s + x s', and the slope of that 2 s' + x s' (1 - 2 s). */
function swish(x: string, s: string, curves: Map<string, Curve>): Curve {
  let slope: string | undefined;
  const emit = (b: GraphBuilder): string => {
    const rest = b.op('Sub', [b.scalar(1), s]);
    const steepness = b.op('Mul', [s, rest]);
    const weighed = b.op('Mul', [x, steepness]);
    const made = b.op('Add', [s, weighed]);
    let bend: string | undefined;
    const curvature = (on: GraphBuilder) => {
      const turn = on.op('Mul', [weighed, on.op('Sub', [rest, s])]);
      return on.op('Add', [on.op('Add', [steepness, steepness]), turn]);
    };
    curves.set(made, { of: x, slope: (on) => (bend ??= curvature(on)) });
    return made;
  };
  return { of: x, slope: (b) => (slope ??= emit(b)) };
}
