import { AssayError } from '../../errors.js';
import { type GraphBuilder, int, ints } from '../../graph/build.js';
import type { DataType, Graph, Note, ValueInfo } from '../../graph/graph.js';
import { floats, typeCode } from '../../graph/tensor.js';
import type { Contract } from '../card/contract.js';

/** The graph input that takes the image, as the graph declares it. */
export interface ImageInput {
  name: string;
  type: DataType;
  /** The graph wants images in this shape, which holds the same numbers in the same order. */
  reshaped: readonly number[] | undefined;
  /** Images per run when the graph fixes it. */
  batch: number | undefined;
  /** False when the graph takes one image as it is, (C, H, W): it is then run image by image. */
  batchAxis: boolean;
}

/** Bounds of the integers that pixels are rounded to. */
const INTEGERS: Partial<Record<DataType, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

/** Whether a graph takes whole numbers. */
export const takesIntegers = ({ type }: Pick<ValueInfo, 'type'>): boolean => type in INTEGERS;

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
  const input = select(graph, contract, checkpoint);
  refuseType(input, contract, checkpoint);
  const [channels, height, width] = contract.shape;
  const size = channels * height * width;
  const { dims } = input;
  const nchw = [channels, height, width];
  const nhwc = [height, width, channels];
  const [expected, other] = contract.layout === 'NCHW' ? [nchw, nhwc] : [nhwc, nchw];
  const fits = (image: readonly number[]) => fitsDims(dims?.slice(1) ?? null, image);
  const image = { name: input.name, type: input.type };
  if (dims && lacksBatchAxis(input, graph.outputs) && holdsImage(dims, expected))
    return { ...image, batch: 1, batchAxis: false, reshaped: dims.filter(isExtent) };
  const fixed = isExtent(dims?.[0]) ? dims?.[0] : undefined;
  if (fixed !== undefined && fixed * size > MAX_NUMBERS)
    throw new AssayError('model-invalid', 'the network insists on more images at once than it is run on', {
      file: checkpoint,
      path: `input "${input.name}"`,
      expected: `an open batch, or at most ${MAX_NUMBERS} numbers`,
      found: describeDims(dims),
      hint: 'export it with an open batch axis',
    });
  const batched = { ...image, batch: fixed, batchAxis: true };
  if (fits(expected)) return { ...batched, reshaped: undefined };
  if (fits([size])) return { ...batched, reshaped: [size] };
  const rest = dims?.slice(1) ?? [];
  if (holdsImage(rest, expected)) return { ...batched, reshaped: rest.filter(isExtent) };
  const turned = contract.layout === 'NCHW' ? 'NHWC' : 'NCHW';
  throw new AssayError('shape-mismatch', `the card and the network disagree on the shape of an image`, {
    file: contract.file ?? `model card "${contract.name}"`,
    path: 'input.shape',
    expected: `${describeDims(dims)}, which input "${input.name}" of ${checkpoint} takes`,
    found: `${describeDims(['N', ...expected])} (${contract.layout})`,
    hint: fits(other)
      ? `add \`layout: ${turned}\` under input`
      : 'correct input.shape: [channels, height, width]',
  });
}

const fitsDims = (dims: ValueInfo['dims'], expected: readonly number[]) =>
  dims === null ||
  (dims.length === expected.length && expected.every((w, i) => !isExtent(dims[i]) || dims[i] === w));

/**
 * Whether a shape holds the numbers of an image in their order: the image's own, with axes of one more or less, a row
 * of all numbers, or no image at all, such as (patches, numbers). Another image, such as one with the channels last,
 * would be scrambled.
 */
function holdsImage(dims: readonly (number | string | null)[], image: readonly number[]): boolean {
  if (dims.length === 0 || !dims.every(isExtent)) return false;
  const product = (list: readonly number[]) => list.reduce((a, d) => a * d, 1);
  if (product(dims) !== product(image)) return false;
  const long = dims.filter((d) => d > 1);
  const same = long.join() === image.filter((d) => d > 1).join();
  return same || long.length < 3;
}

/** Whether a graph takes one image and gives one row: nothing it declares has an axis for several. */
export function lacksBatchAxis({ dims }: ValueInfo, outputs: readonly ValueInfo[]): boolean {
  const rows = outputs.filter(({ type }) => type.includes('float'));
  return (
    (dims?.length === 3 || dims?.length === 1) &&
    dims.every(isExtent) &&
    rows.length > 0 &&
    rows.every((o) => o.dims !== null && o.dims.length <= 1)
  );
}

/** Errors: `model-invalid`, `config-invalid`. */
function refuseType(
  { name, type }: ValueInfo,
  { normalisation, file, ...contract }: Contract,
  checkpoint: string,
) {
  if (type.includes('float')) return;
  if (!takesIntegers({ type }))
    throw new AssayError('model-invalid', `the network takes ${type}, which is no image`, {
      file: checkpoint,
      path: `input "${name}"`,
      expected: 'a float or integer input',
      found: type,
      hint: 'export it with a float32 input, and the conversion left to the card (input.range)',
    });
  if (normalisation.kind === 'range' && normalisation.scale >= 2) return;
  throw new AssayError(
    'config-invalid',
    `the network takes ${type}, and would see hardly more than 0 and 1`,
    {
      file: file ?? `model card "${contract.name}"`,
      path: 'input.range',
      expected: `the range of its whole numbers, such as [${type === 'int8' ? '-128, 127' : '0, 255'}]`,
      found: normalisation.kind === 'standardise' ? 'mean and std' : 'pixels in [0, 1]',
      hint: `set \`range: [${type === 'int8' ? '-128, 127' : '0, 255'}]\` under input`,
    },
  );
}

/** What to tell of an input that is not the plain batch of float images. */
export function inputNotes({ type, batchAxis, name }: ImageInput): Note[] {
  const notes: Note[] = [];
  if (takesIntegers({ type }))
    notes.push({
      code: 'rounded-input',
      severity: 'note',
      message: `input "${name}" takes ${type}: pixels are rounded to whole numbers before the network sees them`,
      why: 'an image that an attack makes counts by what is left of it after rounding',
    });
  if (!batchAxis)
    notes.push({
      code: 'no-batch-axis',
      severity: 'note',
      message: `the network has no batch axis: it is run image by image`,
      why: 'that is several times slower; export it with an input (1, channels, height, width) and an open first axis, as `torch.onnx.export(..., dynamic_axes={"x": {0: "N"}})` does',
    });
  return notes;
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
  if (graph.inputs.length === 1) return graph.inputs[0]!;
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
  value = reshaped(b, value, input);
  if (takesIntegers(input)) value = rounded(b, value, input.type);
  else if (input.type !== 'float32') value = b.op('Cast', [value], { to: int(typeCode(input.type)) });
  b.add({
    name: b.fresh('image_input'),
    op: 'Identity',
    domain: '',
    inputs: [value],
    outputs: [input.name],
    attributes: {},
  });
}

function reshaped(b: GraphBuilder, value: string, { reshaped: dims, batchAxis }: ImageInput): string {
  if (!dims) return value;
  if (batchAxis && dims.length === 1) return b.op('Flatten', [value], { axis: int(1) });
  return b.op('Reshape', [value, b.ints(batchAxis ? [-1, ...dims] : dims)]);
}

/** As whole numbers within the type's bounds. Bytes are quantised, through which gradients pass as an estimate. */
function rounded(b: GraphBuilder, value: string, type: DataType): string {
  if (type === 'uint8' || type === 'int8') {
    const zero = type === 'uint8' ? new Uint8Array(1) : new Int8Array(1);
    return b.op('QuantizeLinear', [value, b.scalar(1), b.constant({ type, dims: [], data: zero }, 'zero')]);
  }
  const [low, high] = INTEGERS[type] ?? [0, 0];
  const whole = b.op('Clip', [b.op('Round', [value]), b.scalar(low), b.scalar(high)]);
  return b.op('Cast', [whole], { to: int(typeCode(type)) });
}

function normalise(b: GraphBuilder, pixels: string, { normalisation, shape }: Contract): string {
  if (normalisation.kind === 'identity') return pixels;
  if (normalisation.kind === 'range') {
    const scaled = b.op('Mul', [pixels, b.scalar(normalisation.scale)]);
    return normalisation.shift === 0 ? scaled : b.op('Add', [scaled, b.scalar(normalisation.shift)]);
  }
  const perChannel = (values: number[]) =>
    values.every((v) => v === values[0])
      ? b.scalar(values[0]!)
      : b.constant(floats([1, shape[0], 1, 1], values));
  const { mean, std } = normalisation;
  const centred = mean.every((m) => m === 0) ? pixels : b.op('Sub', [pixels, perChannel(mean)]);
  return std.every((s) => s === 1) ? centred : b.op('Div', [centred, perChannel(std)]);
}
