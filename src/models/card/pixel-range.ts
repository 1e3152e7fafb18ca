import type { Graph } from '../../graph/graph.js';

/** Scales that turn bytes into about [0, 1] or [-1, 1]. */
const OF_BYTES = [1 / 256, 1 / 127];

/**
 * Whether a network begins with scaling bytes down, as `Rescaling(1 / 255)` does: it then expects pixels in [0, 255].
 * @param image the name of the image input
 */
export function takesBytes(network: Graph, image: string): boolean {
  const scalar = (name: string): number => {
    const tensor = network.initializers.get(name);
    return tensor?.type === 'float32' && tensor.data.length === 1 ? Number(tensor.data[0]) : Number.NaN;
  };
  const readers = network.nodes.filter(({ inputs }) => inputs.includes(image));
  const scales = readers.map(({ op, inputs: [first, second] }) => {
    if (op === 'Mul') return scalar((first === image ? second : first)!);
    return op === 'Div' && first === image ? 1 / scalar(second!) : Number.NaN;
  });
  return scales.length > 0 && scales.every((scale) => scale >= OF_BYTES[0]! && scale <= OF_BYTES[1]!);
}
