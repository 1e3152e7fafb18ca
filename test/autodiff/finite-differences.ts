import { gradientGraph } from '../../src/autodiff/differentiate.js';
import type { Engine, Program, Value } from '../../src/engines/engine.js';
import { GraphBuilder } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { elementCount, floats } from '../../src/graph/tensor.js';
import { stream } from '../../src/random/stream.js';

/** Arrays by name: a point, or a direction, in the space of the graph's inputs. */
export type Point = Record<string, Float32Array>;

export const normals = (purpose: string, n: number): Float32Array => {
  const source = stream({ seed: 7, purpose, example: 0 });
  return Float32Array.from({ length: n }, () => source.normal());
};

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

export function relativeError(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let difference = 0;
  for (let i = 0; i < wanted.length; i++) difference += (got[i]! - wanted[i]!) ** 2;
  return Math.sqrt(difference) / Math.max(Math.sqrt(dot(wanted, wanted)), 1e-12);
}

/** The graph with one more output `total`: the sum over output `of` of weights (drawn once) times values. */
export function weighted(graph: Graph, of: string, dims: readonly number[]): Graph {
  const b = new GraphBuilder(graph);
  const weights = b.constant(floats([...dims], normals('weights', elementCount(dims))), 'weights');
  b.outputAs(b.op('ReduceSum', [b.op('Mul', [of, weights])]), b.fresh('total'));
  return b.build();
}

/** A graph whose inputs are all float32, and where it is looked at. */
export interface Probe {
  graph: Graph;
  of: string;
  point: Point;
}

/** Runs a graph whose inputs have fixed shapes. */
export class Runner {
  private constructor(
    private readonly graph: Graph,
    private readonly program: Program,
  ) {}

  static async of(engine: Engine, graph: Graph): Promise<Runner> {
    return new Runner(graph, await engine.compile(graph));
  }

  feeds(point: Point): Record<string, Value> {
    return feedsOf(this.graph, point);
  }

  run(point: Point): Promise<Record<string, Value>> {
    return this.program.run(this.feeds(point));
  }
}

export function feedsOf(graph: Graph, point: Point): Record<string, Value> {
  return Object.fromEntries(
    graph.inputs.map(({ name, dims }) => [
      name,
      { type: 'float32' as const, dims: dims as number[], data: point[name]! },
    ]),
  );
}

export interface Check {
  /** Derivative along each direction, from the gradient graph. */
  analytic: number[];
  /** The same by central differences, extrapolated to a step of zero (Richardson). */
  numeric: number[];
}

/**
 * Differentiates a weighted sum of `of` with respect to all inputs, and compares derivatives along random
 * directions. Returns the gradient graph of the derivative along one direction too, so that the check can be
 * applied again to second derivatives.
 */
export async function checkGradient(
  engine: Engine,
  { graph, of, point }: Probe,
  { directions = 3, step = 0.02 } = {},
): Promise<Check & { derivative: Probe }> {
  const forward = await Runner.of(engine, graph);
  const output = (await forward.run(point))[of]!;
  const weights = normals('weights', elementCount(output.dims));
  const total = weighted(graph, of, output.dims);
  const totalName = total.outputs[total.outputs.length - 1]!.name;
  const wrt = graph.inputs.map((i) => i.name);
  const { graph: backward, gradients } = await gradientGraph(engine, total, feedsOf(graph, point), {
    of: totalName,
    wrt,
  });
  const runner = await Runner.of(engine, backward);
  const at = await runner.run(point);
  const along = (k: number): Point =>
    Object.fromEntries(wrt.map((name) => [name, normals(`direction/${name}/${k}`, point[name]!.length)]));
  const value = async (direction: Point, t: number) => {
    const moved = Object.fromEntries(
      wrt.map((name) => [name, point[name]!.map((v, i) => v + t * direction[name]![i]!)]),
    );
    return dot((await forward.run(moved))[of]!.data as Float32Array, weights);
  };
  const central = async (direction: Point, h: number) =>
    ((await value(direction, h)) - (await value(direction, -h))) / (2 * h);
  const analytic: number[] = [];
  const numeric: number[] = [];
  for (let k = 0; k < directions; k++) {
    const direction = along(k);
    analytic.push(
      wrt.reduce((sum, n) => sum + dot(at[gradients[n]!]!.data as Float32Array, direction[n]!), 0),
    );
    const [wide, narrow] = [await central(direction, step), await central(direction, step / 2)];
    numeric.push((4 * narrow - wide) / 3);
  }
  const b = new GraphBuilder(backward);
  const parts = wrt.map((name) => {
    const dims = graph.inputs.find((i) => i.name === name)?.dims as number[];
    const direction = b.constant(floats(dims, along(0)[name]!), 'direction');
    return b.op('ReduceSum', [b.op('Mul', [gradients[name]!, direction])], {});
  });
  const derivative = b.outputAs(parts.length > 1 ? b.op('Sum', parts) : parts[0]!, b.fresh('derivative'));
  return { analytic, numeric, derivative: { graph: b.build(), of: derivative, point } };
}
