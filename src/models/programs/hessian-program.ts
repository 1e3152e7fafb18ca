import { gradientGraph } from '../../autodiff/differentiate.js';
import { swishesOf } from '../../autodiff/swish.js';
import type { Program } from '../../engines/engine.js';
import { GraphBuilder } from '../../graph/build.js';
import type { Graph } from '../../graph/graph.js';
import { prune } from '../../graph/prune.js';
import { noiseImages, pixelValue } from '../graph/prepare.js';
import type { LossName } from '../system.js';
import type { CallKind } from './call-memory.js';
import type { Differentiable } from './differentiable.js';
import { fittingBatch } from './fitting-batch.js';
import { guardOf } from './guarded.js';
import { type AimNames, placeLoss, someAims } from './loss-graph.js';

/** A program of Hessian-vector products, with the names of its inputs beside the images, and of its output. */
export interface HessianProgram {
  program: Program;
  aims: AimNames;
  /** (n, C, H, W) */
  direction: string;
  /** (n, C, H, W) */
  product: string;
}

/** Copies of all values of the network that a product holds at the most: those of a gradient, and of its gradient. */
const COPIES = 8;

/** What a model is, as products are made of it. */
export interface Fitting extends Differentiable {
  name: string;
  /** Images of a call, of a gradient. */
  batchSize: number;
  /** Numbers that all values of the network hold for an image. */
  activations: number;
}

/**
 * The program, and the images of a call that fit: it takes more than the gradient that the model's batch was chosen for.
 * Errors: as `compileHessian`.
 */
export async function fittedHessian(
  { name, batchSize: batch, activations, ...parts }: Fitting,
  loss: LossName,
): Promise<HessianProgram & { batchSize: number }> {
  const { engine, prepared, contract } = parts;
  const hessian = await compileHessian(parts, loss);
  const { pixels, fixedBatch } = prepared;
  const images = (n: number) => pixelValue(noiseImages(n, contract.shape), n, contract.shape);
  const call: CallKind = {
    activations,
    copies: COPIES,
    compile: async (on) => (await compileHessian({ ...parts, engine: on }, loss)).program,
    feeds: (n) => ({
      [pixels]: images(n),
      [hessian.direction]: images(n),
      ...someAims(hessian.aims, n, contract.classes),
    }),
  };
  const purpose = 'Hessian-vector products';
  const wanting = { name, batch, fixedBatch, call, purpose };
  return { ...hessian, batchSize: await fittingBatch(engine, guardOf(engine), wanting) };
}

/**
 * H v of a loss with respect to the pixels, by differentiating <gradient, v> (Pearlmutter 1994): the gradient is a graph of
 * ours on every engine, and the derivative of that is taken as the engine takes derivatives. What becomes of v in the
 * network is computed once forwards and once backwards. The gradient itself is computed only as far as activations with
 * a curvature want it, so that a network of rectifiers costs about 1.5 gradient passes, one of swishes 2, and others somewhat more.
 * Errors: `op-unsupported` names op and node.
 */
async function compileHessian(parts: Differentiable, loss: LossName): Promise<HessianProgram> {
  const { engine, prepared, contract } = parts;
  const { pixels } = prepared;
  const network = new GraphBuilder(prepared.graph);
  const { aims, feeds, wanted } = placeLoss(network, parts, loss);
  const graph = network.build();
  const curves = swishesOf(graph);
  const first = await gradientGraph(engine, graph, feeds, wanted, { curves });
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
  const second = await gradientGraph(engine, b.build(), along, again, { curves });
  const product = second.gradients[pixels]!;
  const program = await engine.compile(onlyOutput(second.graph, product));
  return { program, aims, direction, product };
}

/** A session runs all of its graph, whatever is fetched. */
const onlyOutput = (graph: Graph, name: string): Graph =>
  prune({ ...graph, outputs: graph.outputs.filter((output) => output.name === name) });
