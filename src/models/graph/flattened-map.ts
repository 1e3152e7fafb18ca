import type { Shapes } from '../../autodiff/site.js';
import { AssayError } from '../../errors.js';
import type { Graph, Node } from '../../graph/graph.js';
import { mapTuple } from '../../map-tuple.js';
import type { Contract } from '../card/contract.js';
import type { Prepared, TracedShapes } from './prepare.js';

/** Operators that lay the numbers of a value out anew. */
const LAYING_OUT = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose']);

/** Operators that make a number of each number, where all that they read but one are constants. */
const EACH = new Set([
  ...['Identity', 'Cast', 'Dropout', 'Relu', 'LeakyRelu', 'Clip', 'Sigmoid', 'Tanh', 'Log', 'Neg', 'Abs'],
  ...['Softmax', 'LogSoftmax', 'Add', 'Sub', 'Mul', 'Div', 'Max', 'Min'],
]);

/** Planes, or rows of several places, that a network lays out flat in place of logits. */
export interface FlattenedMap {
  /** What makes it. */
  node: Node;
  /** Of one image: [10, 29, 29]. */
  dims: readonly number[];
}

/**
 * What the numbers of an output were before they were laid out flat, where that has several axes: a map over the image
 * rather than a number a class. A linear layer makes one axis, however many classes it has; a mean over the image
 * leaves axes of one.
 * @param images how many the shapes are of
 * @param shapesOf shapes of what a node reads, and of the outputs
 */
export async function flattenedMap(
  graph: Graph,
  output: string,
  images: number,
  shapesOf: (node: Node) => Promise<Shapes>,
): Promise<FlattenedMap | undefined> {
  const made = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  let [value, laidOut] = [output, false];
  let last: Node | undefined;
  for (let node = made.get(value); node; node = made.get(value)) {
    last = node;
    const moving = node.inputs.filter((name) => name !== '' && !graph.initializers.has(name));
    const passes = LAYING_OUT.has(node.op) || EACH.has(node.op);
    if (node.domain !== '' || !passes || moving.length !== 1) break;
    laidOut ||= LAYING_OUT.has(node.op);
    value = moving[0]!;
  }
  // What is not laid out anew has as many axes as the logits.
  if (!last || !laidOut) return undefined;
  const shapes = await shapesOf(last);
  const [from, to] = mapTuple([value, output], (name) => shapes.get(name)?.dims ?? []);
  const dims = from[0] === images ? from.slice(1) : from;
  const long = dims.filter((d) => d > 1);
  return long.length > 1 && sizeOf(from) === sizeOf(to) ? { node: last, dims } : undefined;
}

const sizeOf = (dims: readonly number[]) => dims.reduce((product, d) => product * d, 1);

/** For people: `10 x 29 x 29 = 8410`. */
export const describeMap = ({ dims }: FlattenedMap): string => `${dims.join(' x ')} = ${sizeOf(dims)}`;

/**
 * Refuses a network that ends in a map where logits are wanted. A card that names the output and counts as many classes
 * means it. Errors: `shape-mismatch`, naming the node.
 * @param output what holds the logits, for a card
 */
export async function refuseMap(
  { graph, outputs }: Prepared,
  { n, shapes }: TracedShapes,
  contract: Contract,
  { output, checkpoint }: { output: string; checkpoint: string },
): Promise<void> {
  if (!outputs.logits) return;
  const { classes } = contract;
  const map = await flattenedMap(graph, outputs.logits, n, async () => shapes);
  if (!map || (contract.logits !== undefined && sizeOf(map.dims) === classes)) return;
  const { node, dims } = map;
  throw new AssayError('shape-mismatch', 'the network ends in a map over the image, which holds no logits', {
    file: checkpoint,
    path: `node "${node.name}" (${node.op})`,
    expected: `${classes} numbers an image, one a class: what a linear layer or a mean over the map makes`,
    found: `${describeMap(map)} numbers, laid out flat`,
    hint: `give the network its last layers (export it whole; of weights, list them under \`architecture\`: global-avg-pool, or flatten and linear); if each of the ${sizeOf(dims)} numbers is a class, say so: \`classes: ${sizeOf(dims)}\` and \`outputs: { logits: ${JSON.stringify(output)} }\``,
  });
}
