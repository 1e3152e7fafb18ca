import { gradientGraph } from '../autodiff/differentiate.js';
import type { Program } from '../engines/engine.js';
import { GraphBuilder } from '../graph/build.js';
import type { Graph } from '../graph/graph.js';
import { prune } from '../graph/prune.js';
import type { Differentiable } from './differentiable.js';
import { type AimNames, placeLoss } from './loss-graph.js';
import { noiseImages, pixelValue } from './prepare.js';
import type { LossName } from './system.js';

/** A program of Hessian-vector products, with the names of its inputs beside the images, and of its output. */
export interface HessianProgram {
  program: Program;
  aims: AimNames;
  /** (n, C, H, W) */
  direction: string;
  /** (n, C, H, W) */
  product: string;
}

/**
 * H v of a loss with respect to the pixels, by differentiating <gradient, v> (Pearlmutter 1994): the gradient is a graph of
 * ours on every engine, and the derivative of that is taken as the engine takes derivatives. What becomes of v in the
 * network is computed once forwards and once backwards. The gradient itself is computed only as far as activations with
 * a curvature want it, so that a network of rectifiers costs about 1.5 gradient passes, and others 2 or somewhat more.
 * Errors: `op-unsupported` names op and node.
 */
export async function compileHessian(parts: Differentiable, loss: LossName): Promise<HessianProgram> {
  const { engine, prepared, contract } = parts;
  const { pixels } = prepared;
  const network = new GraphBuilder(prepared.graph);
  const { aims, feeds, wanted } = placeLoss(network, parts, loss);
  const first = await gradientGraph(engine, network.build(), feeds, wanted);
  const gradient = first.gradients[pixels]!;
  const b = new GraphBuilder(onlyOutput(first.graph, gradient));
  const direction = b.input('direction', 'float32', ['N', ...contract.shape]);
  const n = prepared.fixedBatch ?? 2;
  const along = { ...feeds, [direction]: pixelValue(noiseImages(n, contract.shape), n, contract.shape) };
  const again = { of: gradient, wrt: [pixels], along: direction };
  if (engine.differentiate) {
    const { program, gradients } = await engine.differentiate(b.build(), along, again);
    return { program, aims, direction, product: gradients[pixels]! };
  }
  const second = await gradientGraph(engine, b.build(), along, again);
  const product = second.gradients[pixels]!;
  const program = await engine.compile(onlyOutput(second.graph, product));
  return { program, aims, direction, product };
}

/** A session runs all of its graph, whatever is fetched. */
const onlyOutput = (graph: Graph, name: string): Graph =>
  prune({ ...graph, outputs: graph.outputs.filter((output) => output.name === name) });
