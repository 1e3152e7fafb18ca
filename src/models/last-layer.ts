import type { Shapes } from '../autodiff/site.js';
import type { Graph } from '../graph/graph.js';
import { valuesRead } from '../graph/prune.js';
import { elementCount } from '../graph/tensor.js';
import { affineOf, makersOf, sourceOf } from './graph/affine.js';
import { type LinearNode, linearNode } from './graph/linear-node.js';
import type { LastLayer } from './system.js';

/** Where the features are in a graph. */
export interface FeaturePlace {
  value: string;
  /** Numbers of one image. */
  width: number;
  /** The images are its columns. */
  transposed: boolean;
}

/** What is found of the last linear layer, and what is missing why. */
export interface FoundLayer {
  features?: FeaturePlace;
  /** Made when it is asked for: it may be large, and few runs want it. */
  layer?: () => LastLayer;
  lacks: { features?: string; lastLayer?: string };
}

export interface LayerQuestion {
  graph: Graph;
  /** Input of the graph. */
  pixels: string;
  /** Value with the logits, (n, classes), or with log p(x), (n), and then one class. */
  logits: string;
  classes: number;
  /** Features that a card names, (n, width). */
  named?: { value: string; width: number } | undefined;
  /** Shapes of all values for a batch of `n` images; asked for where the weights do not tell. */
  shapes(): Promise<Shapes>;
  n: number;
}

const NAME_THEM = 'name the value that holds them under `outputs.features` of the model card';

/**
 * Finds the features, the input of the last linear layer before the logits, and that layer: logits = W features + b.
 * What stands between must leave the logits a linear function of the features; where it does not, there may be
 * features all the same, but no last layer. Features that a card names are taken as they are.
 */
export async function findLastLayer(question: LayerQuestion): Promise<FoundLayer> {
  const { graph, named } = question;
  const reached = dependents(question);
  const depends = (value: string) => reached.has(value);
  const before = linearBefore(question, depends);
  if ('linear' in before) {
    const { linear, width, layer } = before;
    const features = named
      ? { ...named, transposed: false }
      : { value: linear.input, width, transposed: linear.transposed };
    if (!named || sourceOf(graph, named.value) === sourceOf(graph, linear.input))
      return { features, layer, lacks: {} };
    const why =
      'the value that `outputs.features` of the model card names is not the input of the last linear layer';
    return { features, lacks: { lastLayer: why } };
  }
  if (named) return { features: { ...named, transposed: false }, lacks: { lastLayer: before.why } };
  const layer = await searched(question, depends);
  return 'features' in layer
    ? { features: layer.features, lacks: { lastLayer: before.why } }
    : { lacks: { features: layer.why, lastLayer: layer.why } };
}

/** Values that depend on the image. */
function dependents({ graph, pixels }: LayerQuestion): ReadonlySet<string> {
  const reached = new Set([pixels]);
  for (const node of graph.nodes)
    if (valuesRead(node).some((value) => reached.has(value)))
      for (const output of node.outputs) if (output !== '') reached.add(output);
  return reached;
}

type Depends = (value: string) => boolean;

/**
 * Goes back from the logits, through what scales and shifts them, to a linear layer with a row of weights per class.
 * That the logits of an image are one row of it follows from their number: a layer of K outputs has as many rows as
 * there are images with K logits.
 */
function linearBefore(
  { graph, logits, classes }: LayerQuestion,
  depends: Depends,
): { linear: LinearNode; width: number; layer: () => LastLayer } | { why: string } {
  const makers = makersOf(graph);
  const so = { scale: new Float64Array(classes).fill(1), shift: new Float64Array(classes) };
  for (let node = makers.get(logits); node; ) {
    const linear = linearNode(node, { graph, depends });
    if (linear) {
      const where = `the last linear layer, node "${node.name}",`;
      if (linear.outputs === undefined) return { why: `the weights of ${where} are computed, not constants` };
      if (linear.outputs !== classes) return { why: `${where} does not have one row of weights per class` };
      const weights = elementCount(graph.initializers.get(node.inputs[1]!)?.dims ?? []);
      return { linear, width: weights / classes, layer: () => layerOf(linear, so) };
    }
    const step = affineOf(graph, node);
    if (!step || !depends(step.value) || !compose(so, step))
      return {
        why: `its logits go through ${node.op}, at node "${node.name}", behind the last linear layer`,
      };
    node = makers.get(step.value);
  }
  return { why: 'its logits come from no linear layer' };
}

interface ScaleAndShift {
  scale: Float64Array;
  shift: Float64Array;
}

/** logits = scale * v + shift, now with v = step. False where the step has not one number per class. */
function compose(so: ScaleAndShift, step: Partial<ScaleAndShift>): boolean {
  const classes = so.scale.length;
  const fits = (values?: Float64Array) => !values || values.length === 1 || values.length === classes;
  if (!fits(step.scale) || !fits(step.shift)) return false;
  for (let k = 0; k < classes; k++) {
    if (step.shift) so.shift[k]! += so.scale[k]! * ofClass(step.shift, k);
    if (step.scale) so.scale[k]! *= ofClass(step.scale, k);
  }
  return true;
}

const ofClass = (values: Float64Array, k: number) => values[values.length === 1 ? 0 : k]!;

function layerOf({ numbers }: LinearNode, { scale, shift }: ScaleAndShift): LastLayer {
  const { weight, bias } = numbers();
  const width = weight.length / scale.length;
  return {
    width,
    weight: Float32Array.from(weight, (w, at) => scale[Math.floor(at / width)]! * w),
    bias: Float32Array.from(shift, (s, k) => scale[k]! * ofClass(bias, k) + s),
  };
}

/** The input of the last linear layer, in topological order, that the logits depend on, whatever follows. */
async function searched(
  question: LayerQuestion,
  depends: Depends,
): Promise<{ features: FeaturePlace } | { why: string }> {
  const { graph, logits, n } = question;
  const shapes = await question.shapes();
  const dimsOf = (value: string) => shapes.get(value)?.dims ?? [];
  const needed = new Set([logits]);
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    for (const value of valuesRead(node)) needed.add(value);
    const linear = linearNode(node, { graph, depends });
    const input = dimsOf(node.inputs[0]!);
    // A kernel that leaves several positions is no layer of features.
    const local = node.op === 'Conv' && dimsOf(node.inputs[1]!).slice(1).join() !== input.slice(1).join();
    if (!linear || local) continue;
    const where = `the last linear layer, node "${node.name}",`;
    const count = input.reduce((a, d) => a * d, 1);
    const width = node.op === 'Conv' ? count / n : input[linear.transposed ? 0 : input.length - 1]!;
    if (count !== n * width)
      return { why: `${where} takes ${count / (n * width)} rows of an image; ${NAME_THEM}` };
    if (bypassed(question, linear.input))
      return { why: `its logits depend on the image around ${where} as well; ${NAME_THEM}` };
    return { features: { value: linear.input, width, transposed: linear.transposed } };
  }
  return { why: `its logits come from no linear layer (Gemm, MatMul); ${NAME_THEM}` };
}

/** Whether the logits depend on the image otherwise than through a value. */
function bypassed({ graph, pixels, logits }: LayerQuestion, through: string): boolean {
  const needed = new Set([logits]);
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => output !== through && needed.has(output))) continue;
    for (const value of valuesRead(node)) if (value !== through) needed.add(value);
  }
  return needed.has(pixels);
}
