import { gradientGraph } from '../../autodiff/differentiate.js';
import type { Engine, Value } from '../../engines/engine.js';
import { GraphBuilder, int } from '../../graph/build.js';
import type { Graph } from '../../graph/graph.js';
import type { BackwardGraph } from '../crown/backward.js';
import { type Bounded, sizeOf } from '../network/network.js';

/** A walk back to the pixels that also says how its bounds change with the lines that steps are replaced by. */
export interface AscentGraph {
  graph: Graph;
  /** Input (n, rows, size of the pixels): where each function is least, about. */
  points: string;
  /** Outputs (n, rows, size), by input of the walk: the gradient of the sum of all bounds with respect to it. */
  gradients: ReadonlyMap<string, string>;
}

/** Images and functions of the run that shapes are read off. */
const [IMAGES, FUNCTIONS] = [2, 3];

/** @param free inputs of the walk that each function has of its own, and that may move */
export async function ascentGraph(
  engine: Engine,
  network: Bounded,
  { graph, coefficients, bias, rows }: BackwardGraph,
  free: readonly string[],
): Promise<AscentGraph | undefined> {
  const pixels = coefficients.get(network.pixels);
  if (pixels === undefined || free.length === 0) return undefined;
  const b = new GraphBuilder(graph);
  const size = sizeOf(network, network.pixels);
  const points = b.input('points', 'float32', ['N', 'R', size]);
  // A least number changes as the number at the point where it is taken (Danskin's theorem).
  const ends = b.op('ReduceSum', [b.op('Mul', [pixels, points]), b.ints([2])], { keepdims: int(0) });
  const least = b.outputAs(b.op('Add', [ends, bias]), b.fresh('least'));
  const whole = b.build();
  const perFunction = new Set([rows, points, ...free]);
  const feeds = Object.fromEntries(
    whole.inputs.map(({ name, type, dims }): [string, Value] => {
      const own = [IMAGES, perFunction.has(name) ? FUNCTIONS : 1, Number(dims?.at(-1))];
      const length = own.reduce((product, d) => product * d, 1);
      const data = type === 'int64' ? new BigInt64Array(length) : new Float32Array(length);
      return [name, { type, dims: own, data }];
    }),
  );
  const found = await gradientGraph(engine, whole, feeds, { of: least, wrt: [...free] });
  return { graph: found.graph, points, gradients: new Map(Object.entries(found.gradients)) };
}
