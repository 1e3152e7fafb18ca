import { shapeOf, type Weights } from './weights.js';

/** A layer of a plain stack: a convolution or a linear layer, and a batch norm behind it. */
export interface StackLayer {
  key: string;
  dims: readonly number[];
  norm: string | undefined;
}

export interface Stack {
  convolutions: StackLayer[];
  linear: StackLayer[];
}

const naturally = new Intl.Collator('en', { numeric: true }).compare;

/** Each reads what the one before it makes. */
function chained(layers: readonly StackLayer[]): boolean {
  return layers.every(({ dims }, i) => i === 0 || dims[1] === layers[i - 1]!.dims[0]);
}

/** In the file's order, or by name: some formats sort. */
function ordered(layers: StackLayer[]): StackLayer[] | undefined {
  const sorted = layers.toSorted((a, b) => naturally(a.key, b.key));
  return [layers, sorted].find(chained);
}

/** Far more than anybody stacks without shortcuts. */
const MAX_LAYERS = 200;

/**
 * The layers of a network that is nothing but convolutions, then linear layers, each perhaps with a batch norm
 * behind it. Undefined for everything else, and where the order cannot be told.
 */
export function stackIn(weights: Weights): Stack | undefined {
  const layers: StackLayer[] = [];
  const norms: string[] = [];
  for (const [name, { dims }] of weights.tensors) {
    const [, key, part] = /^(.+)\.(\w+)$/.exec(name) ?? [];
    if (
      key === undefined ||
      part === undefined ||
      !['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'].includes(part)
    )
      return undefined;
    if (part !== 'weight') continue;
    if (dims.length === 4 || dims.length === 2) layers.push({ key, dims, norm: undefined });
    else if (dims.length === 1 && weights.tensors.has(`${key}.running_mean`)) norms.push(key);
    else return undefined;
  }
  if (layers.length === 0 || layers.length > MAX_LAYERS) return undefined;
  const convolutions = ordered(layers.filter(({ dims }) => dims.length === 4));
  const linear = ordered(layers.filter(({ dims }) => dims.length === 2));
  if (!convolutions || !linear || linear.length === 0) return undefined;
  return placeNorms(weights, norms.toSorted(naturally), [...convolutions, ...linear])
    ? { convolutions, linear }
    : undefined;
}

/** Either every layer but the last has a norm of its width behind it, or every convolution has, or none. */
function placeNorms(weights: Weights, norms: readonly string[], layers: readonly StackLayer[]): boolean {
  if (norms.length === 0) return true;
  const convolutions = layers.filter(({ dims }) => dims.length === 4);
  const places = [convolutions, layers.slice(0, -1)].find(({ length }) => length === norms.length);
  if (!places) return false;
  places.forEach((layer, i) => {
    layer.norm = norms[i];
  });
  return places.every(({ dims, norm }) => shapeOf(weights, `${norm}.weight`)?.[0] === dims[0]);
}
