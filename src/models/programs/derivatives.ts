import { missingGradients, nodesBetween } from '../../autodiff/coverage.js';
import { gradientGraph } from '../../autodiff/differentiate.js';
import type { Engine } from '../../engines/engine.js';
import { AssayError } from '../../errors.js';
import type { Node } from '../../graph/graph.js';
import { noiseImages, type Prepared, pixelValue, type TracedShapes } from '../graph/prepare.js';
import type { SystemInfo } from '../system.js';

/** Which derivatives with respect to the pixels there are not, and why. */
export type MissingDerivatives = Pick<SystemInfo['lacks'], 'inputGradient' | 'hessianProduct'>;

/**
 * Looks for operators without a gradient, and writes the gradient of what the network puts out: what a loss adds can
 * always be differentiated. At the least cost: of gradient graphs no session is made.
 */
export async function missingDerivatives(
  engine: Engine,
  prepared: Prepared,
  traced: TracedShapes,
  shape: readonly number[],
): Promise<MissingDerivatives> {
  const { graph, pixels, outputs } = prepared;
  const names = Object.values(outputs);
  // Second derivatives are made of gradients of our own, whatever the engine has.
  const [ruleless] = names.flatMap((output) => missingGradients(graph, [pixels], output));
  if (ruleless && !engine.differentiate) return neither(noRule(ruleless));
  if (names.some((output) => nodesBetween(graph, [pixels], output).length === 0))
    return neither(
      'the outputs depend on the pixels only through operators whose gradient is zero, such as rounding',
    );
  try {
    const again = await tryGradient(engine, prepared, traced, shape);
    const lacking = ruleless ?? again;
    return lacking ? { hessianProduct: noRule(lacking) } : {};
  } catch (error) {
    // A rule that exists may still not cover a node: indices computed at run time, for example.
    if (error instanceof AssayError && error.code === 'op-unsupported')
      return neither(`${error.message}${error.details.path ? `, at ${error.details.path}` : ''}`);
    throw error;
  }
}

const neither = (why: string): MissingDerivatives => ({ inputGradient: why, hessianProduct: why });

const noRule = ({ domain, op, name }: Node) =>
  `no gradient rule for ${domain ? `${domain}.` : ''}${op}, at node "${name}"`;

/**
 * Errors: `op-unsupported` names op and node.
 * @returns the first node of the gradient that has none itself, where the gradient is a graph of ours
 */
async function tryGradient(
  engine: Engine,
  { graph, pixels, outputs: { logits, logPx = '' } }: Prepared,
  { n, shapes }: TracedShapes,
  shape: readonly number[],
): Promise<Node | undefined> {
  const feeds = { [pixels]: pixelValue(noiseImages(n, shape), n, shape) };
  const differentiation = { of: logits ?? logPx, wrt: [pixels] };
  if (engine.differentiate) {
    const { program } = await engine.differentiate(graph, feeds, differentiation);
    await program.release();
    return undefined;
  }
  const { graph: backward, gradients } = await gradientGraph(engine, graph, feeds, differentiation, {
    shapes,
  });
  return missingGradients(backward, [pixels], gradients[pixels]!)[0];
}
