import type { Bounded } from './network.js';

/** Steps that give the numbers that they read, each once. */
export const MOVES = ['Identity', 'Dropout', 'Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Transpose'];
const MEANS = new Set(['GlobalAveragePool', 'ReduceMean', 'ReduceSum']);
/** Steps of which each number that they read goes into one that they give at most. */
const APART = new Set([...MEANS, ...MOVES]);

/**
 * Where walks of margins on intervals end: values of steps that are not affine from which the logits are affine, and the pixels where there
 * is none on a way. Where only means or sums of parts are made of such a value, their intervals say the same of any function of them, and
 * are fewer.
 */
export function stopsOf(network: Bounded): string[] {
  return lastBends(network).map((value) => (value === network.pixels ? value : reduced(network, value)));
}

export function lastBends(network: Bounded): string[] {
  const bents = new Set(network.bent.map(({ node }) => node));
  const needed = new Set([network.logits]);
  const bends = new Set<string>();
  for (const { node } of network.steps.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    if (bents.has(node)) bends.add(node.outputs[0]!);
    else for (const input of node.inputs) if (network.varying.has(input)) needed.add(input);
  }
  if (needed.has(network.pixels)) bends.add(network.pixels);
  return [...bends];
}

function reduced({ steps, readers }: Bounded, value: string): string {
  let [found, last] = [value, value];
  for (const { node } of steps) {
    if (node.inputs[0] !== last || readers.get(last) !== 1 || !APART.has(node.op)) continue;
    last = node.outputs[0]!;
    if (MEANS.has(node.op)) found = last;
  }
  return found;
}
