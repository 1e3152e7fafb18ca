import { AssayError } from '../errors.js';
import { type GraphBuilder, int, ints } from '../graph/build.js';
import type { DataType, Graph, ValueInfo } from '../graph/graph.js';
import { floats, typeCode } from '../graph/tensor.js';
import type { Contract } from './contract.js';

/** The graph input that takes the image, as the graph declares it. */
export interface ImageInput {
  name: string;
  type: DataType;
  /** The graph wants images as rows of numbers. */
  flat: boolean;
  /** Images per run when the graph fixes it. */
  batch: number | undefined;
}

const FLOATS: readonly DataType[] = ['float32', 'float64', 'float16'];

/** Dimensions as people write them: [N, 3, 32, 32]. */
export function describeDims(dims: ValueInfo['dims']): string {
  return dims ? `[${dims.map((d) => d ?? '?').join(', ')}]` : 'unknown rank';
}

/** Exporters write 0 and -1 for what they leave open. */
export const isExtent = (d: number | string | null | undefined): d is number =>
  typeof d === 'number' && d > 0;

/** In a batch, 1 GiB of them: a network says how many images it wants, and the first are made up. */
const MAX_NUMBERS = 2 ** 28;

/** Finds the image input and compares its shape with the card's. Errors: `shape-mismatch`, `model-invalid`. */
export function findImageInput(graph: Graph, contract: Contract, checkpoint: string): ImageInput {
  const found = select(graph, contract, checkpoint);
  if (!FLOATS.includes(found.type))
    throw new AssayError(
      'model-invalid',
      `the network takes ${found.type}, through which no gradient passes`,
      {
        file: checkpoint,
        path: `input "${found.name}"`,
        expected: 'a float input',
        found: found.type,
        hint: 'export it with a float32 input, and the conversion left to the card (input.range)',
      },
    );
  const [channels, height, width] = contract.shape;
  const size = channels * height * width;
  const { dims } = found;
  const fixed = isExtent(dims?.[0]) ? dims?.[0] : undefined;
  if (fixed !== undefined && fixed * size > MAX_NUMBERS)
    throw new AssayError('model-invalid', 'the network insists on more images at once than it is run on', {
      file: checkpoint,
      path: `input "${found.name}"`,
      expected: `an open batch, or at most ${MAX_NUMBERS} numbers`,
      found: describeDims(dims),
      hint: 'export it with an open batch axis',
    });
  const fits = (wanted: readonly number[]) =>
    dims === null ||
    (dims.length === wanted.length + 1 &&
      wanted.every((w, i) => !isExtent(dims[i + 1]) || dims[i + 1] === w));
  const nchw = [channels, height, width];
  const nhwc = [height, width, channels];
  const [wanted, other] = contract.layout === 'NCHW' ? [nchw, nhwc] : [nhwc, nchw];
  const image = { name: found.name, type: found.type, batch: fixed };
  if (fits(wanted)) return { ...image, flat: false };
  if (fits([size])) return { ...image, flat: true };
  const turned = contract.layout === 'NCHW' ? 'NHWC' : 'NCHW';
  throw new AssayError('shape-mismatch', `the card and the network disagree on the shape of an image`, {
    file: contract.file ?? `model card "${contract.name}"`,
    path: 'input.shape',
    expected: `${describeDims(dims)}, which input "${found.name}" of ${checkpoint} takes`,
    found: `${describeDims(['N', ...wanted])} (${contract.layout})`,
    hint: fits(other)
      ? `add \`layout: ${turned}\` under input`
      : 'correct input.shape: [channels, height, width]',
  });
}

function select(graph: Graph, contract: Contract, checkpoint: string): ValueInfo {
  const names = graph.inputs.map((i) => i.name).join(', ');
  if (contract.inputName !== undefined) {
    const named = graph.inputs.find((i) => i.name === contract.inputName);
    if (!named)
      throw new AssayError('shape-mismatch', `the network has no input called "${contract.inputName}"`, {
        file: contract.file ?? `model card "${contract.name}"`,
        path: 'input.name',
        expected: `one of ${names}`,
        found: contract.inputName,
        hint: 'correct input.name, or leave it out when there is one input',
      });
  }
  if (graph.inputs.length === 1) return graph.inputs[0];
  throw new AssayError('model-invalid', 'the network must have one input, the image', {
    file: checkpoint,
    found: `${graph.inputs.length} inputs: ${names}`,
    hint: 'export it with everything but the image as constants',
  });
}

/**
 * Emits what turns pixels (n, C, H, W) in [0, 1] into the network's own input: range or mean and std, layout,
 * element type. The result bears the name the network's nodes read.
 */
export function emitImageInput(b: GraphBuilder, pixels: string, contract: Contract, input: ImageInput): void {
  let value = normalise(b, pixels, contract);
  if (contract.layout === 'NHWC') value = b.op('Transpose', [value], { perm: ints([0, 2, 3, 1]) });
  if (input.flat) value = b.op('Flatten', [value], { axis: int(1) });
  if (input.type !== 'float32') value = b.op('Cast', [value], { to: int(typeCode(input.type)) });
  b.add({
    name: b.fresh('image_input'),
    op: 'Identity',
    domain: '',
    inputs: [value],
    outputs: [input.name],
    attributes: {},
  });
}

function normalise(b: GraphBuilder, pixels: string, { normalisation, shape }: Contract): string {
  if (normalisation.kind === 'identity') return pixels;
  if (normalisation.kind === 'range') {
    const scaled = b.op('Mul', [pixels, b.scalar(normalisation.scale)]);
    return normalisation.shift === 0 ? scaled : b.op('Add', [scaled, b.scalar(normalisation.shift)]);
  }
  const perChannel = (values: number[]) =>
    values.every((v) => v === values[0])
      ? b.scalar(values[0])
      : b.constant(floats([1, shape[0], 1, 1], values));
  const { mean, std } = normalisation;
  const centred = mean.every((m) => m === 0) ? pixels : b.op('Sub', [pixels, perChannel(mean)]);
  return std.every((s) => s === 1) ? centred : b.op('Div', [centred, perChannel(std)]);
}
