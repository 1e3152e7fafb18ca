import { AssayError } from '../errors.js';
import type { Tensor } from '../graph/graph.js';
import type { Weights } from './weights.js';

/** The last part of what frameworks call a layer's numbers. */
const OF_LAYERS =
  /(^|[._/])(weight|bias|kernel|gamma|beta|running_mean|running_var|embedding|scale|[wb]\d*)s?$/i;

const isWhole = ({ type }: Tensor) => !type.includes('float');

/** Rows of numbers beside as many whole numbers, or images in bytes; and nothing that is called like weights. */
function looksLikeData({ tensors }: Weights): boolean {
  const all = [...tensors.values()];
  if ([...tensors.keys()].some((name) => OF_LAYERS.test(name))) return false;
  const labels = all.filter((one) => isWhole(one) && one.dims.length === 1).map(({ dims }) => dims[0]);
  return all.some(
    (one) =>
      one.dims.length >= 2 &&
      (labels.includes(one.dims[0]) || (one.type === 'uint8' && one.dims.length >= 3)),
  );
}

/**
 * Refuses images and labels where weights are wanted. Only safetensors can hold such: readers of other formats look for
 * names of weights. Errors: `file-malformed`.
 */
export function refuseData(weights: Weights): void {
  if (!looksLikeData(weights)) return;
  const { file, tensors } = weights;
  const list = [...tensors].map(
    ([name, { dims, type }]) => `${name.slice(0, 60)} ${type} [${dims.join(', ')}]`,
  );
  throw new AssayError('file-malformed', 'the file holds data, not weights', {
    file,
    expected: 'the weights of a network, such as conv1.weight and fc.bias',
    found: `${list.slice(0, 4).join(', ')}${list.length > 4 ? ', ...' : ''}`,
    hint: `name the model's own file; data goes under \`datasets\` of the run file, as .npz: python -c "import numpy, safetensors.numpy as s; numpy.savez('data.npz', **s.load_file('FILE'))"`,
  });
}
