import type { BuiltNetwork } from '../../architectures/architecture.js';
import { flow } from '../../config/flow.js';
import type { Graph, ValueInfo } from '../../graph/graph.js';
import { oneLine } from '../../one-line.js';
import { describeMap, type FlattenedMap } from '../graph/flattened-map.js';
import { isExtent, lacksBatchAxis, takesIntegers } from '../graph/image-input.js';
import { beforeArgMax, isFloat, ONE_MATRIX, softmaxNode } from '../graph/outputs.js';
import { takesBytes } from './pixel-range.js';

export interface InferredCard {
  /** YAML. */
  card: string;
  /** What could only be guessed. */
  notes: string[];
}

/** Few enough to be colour channels. */
const isChannels = (d: unknown) => d === 1 || d === 3;

interface Image {
  shape: number[];
  layout?: 'NHWC';
  note?: string;
}

const UNKNOWN: Image = {
  shape: [3, 224, 224],
  note: 'the shape of an image was not found: set input.shape',
};

/** @param dims of one image */
function imageOf(dims: readonly (number | string | null)[]): Image {
  const long = dims.filter((d) => d !== 1);
  // Axes of one around a row of numbers say nothing: [784, 1].
  if (long.length < 2 && dims.length !== 3) return rowOf(long[0] ?? 1);
  if (dims.length === 3) {
    const turned = isChannels(dims[2]) && !isChannels(dims[0]);
    const shape = (turned ? [dims[2], dims[0], dims[1]] : dims).map((d, i) =>
      isExtent(d) ? d : i === 0 ? 3 : 224,
    );
    return {
      shape,
      ...(turned && { layout: 'NHWC' }),
      ...(!dims.every(isExtent) && { note: 'the network leaves the size of an image open: set input.shape' }),
    };
  }
  if (!dims.every(isExtent)) return UNKNOWN;
  if (long.length === 2) return { shape: [1, ...long.filter(isExtent)] };
  return rowOf(dims.reduce((product, d) => product * d, 1));
}

/** A row of so many numbers as the image it could be. */
function rowOf(size: number | string | null): Image {
  if (!isExtent(size)) return UNKNOWN;
  const note = `the network takes rows of ${size} numbers: check input.shape`;
  const channels = [1, 3].find((count) => Number.isInteger(Math.sqrt(size / count)));
  const side = Math.sqrt(size / (channels ?? 1));
  return { shape: channels ? [channels, side, side] : [1, 1, size], note };
}

/** What names a checkpoint in its card. */
export interface CardOrigin {
  name: string;
  /** As the card says it. */
  checkpoint: string;
  sha256: string;
  /** What weights were taken for. */
  built?: BuiltNetwork;
  /** Outputs that are maps over the image, laid out flat. */
  maps?: ReadonlyMap<string, FlattenedMap>;
}

/**
 * The obvious card of a network: its input as the image, pixels in [0, 1], its one matrix-shaped output as logits,
 * or its one scalar output as energy.
 */
export function inferCard(
  network: Graph,
  { name, checkpoint, sha256, built, maps }: CardOrigin,
): InferredCard {
  const image = network.inputs.find((i) => i.dims?.length === 4) ?? network.inputs[0]!;
  const bytes = takesBytes(network, image.name);
  const normaliser = standardised(image, built);
  const whole = takesIntegers(image);
  const bounds = built?.range ?? (image.type === 'int8' ? [-128, 127] : [0, bytes || whole ? 255 : 1]);
  const range = `range: [${bounds.join(', ')}]`;
  const guessed = !bytes && !whole && !normaliser && !built?.range;
  const batchAxis = !lacksBatchAxis(image, network.outputs);
  const notes = [...(built?.notes ?? [])];
  if (bytes) notes.unshift('it scales pixels down itself, so it is given them in [0, 255]');
  else if (whole)
    notes.unshift(`it takes ${image.type}: pixels are rounded to whole numbers in [${bounds.join(', ')}]`);
  else if (normaliser) notes.unshift(`mean and std are those of ${normaliser.source}: check input`);
  else if (guessed)
    notes.unshift(
      'pixels are used as they are, in [0, 1]: set input.range, or input.mean and std, if the network was trained otherwise',
    );
  const { shape, layout, note } = imageOf(image.dims?.slice(batchAxis ? 1 : 0) ?? []);
  if (note) notes.push(note);
  if (!batchAxis) notes.push('the network has no batch axis: it is run image by image, which is slow');
  if (network.inputs.length > 1) notes.push('the network has several inputs: only the image can be one');
  const lines = [
    `name: ${JSON.stringify(name)}`,
    `checkpoint: ${JSON.stringify(checkpoint)}`,
    ...(built ? [`architecture: ${flow(built.architecture)}`] : []),
    ...(guessed ? normalised(shape) : []),
    `input: { shape: [${shape.join(', ')}], ${normaliser?.text ?? range}${layout ? `, layout: ${layout}` : ''} }`,
    ...outputLines(network, notes, { twoHeads: built !== undefined, batchAxis, maps }),
    `sha256: ${sha256}`,
  ];
  return { card: cardOf(lines), notes };
}

/** What training code usually takes away and divides by, of pixels in [0, 1]. */
const STANDARD = [
  { data: 'MNIST', channels: 1, upTo: 64, text: 'mean: 0.1307, std: 0.3081' },
  {
    data: 'CIFAR-10',
    channels: 3,
    upTo: 64,
    text: 'mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616]',
  },
  {
    data: 'ImageNet',
    channels: 3,
    upTo: Number.POSITIVE_INFINITY,
    text: 'mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]',
  },
];

/** The other way to say what a network expects of pixels, as a comment to take over. */
function normalised(shape: readonly number[]): string[] {
  const row = STANDARD.find(({ channels, upTo }) => shape[0] === channels && shape[1]! <= upTo);
  if (!row) return [];
  return [
    `# Or, if trained as is usual for ${row.data}: input: { shape: [${shape.join(', ')}], ${row.text} }`,
  ];
}

/** Lines of a card; names in comments and quotes cannot add others. */
export const cardOf = (lines: readonly string[]): string => `${lines.map(oneLine).join('\n')}\n`;

/** The known mean and std of the input, where they have a number for every channel of its images. */
function standardised({ dims }: ValueInfo, built: BuiltNetwork | undefined) {
  const { mean, std, source } = built?.normaliser ?? {};
  if (!mean || !std || (mean.length !== 1 && mean.length !== dims?.[1])) return undefined;
  const list = (values: readonly number[]) => flow(values.length === 1 ? values[0] : values);
  return { text: `mean: ${list(mean)}, std: ${list(std)}`, source };
}

/** @param twoHeads a second, scalar head beside logits is another energy model, which the notes tell of */
function outputLines(
  network: Graph,
  notes: string[],
  { twoHeads, batchAxis, maps }: { twoHeads: boolean; batchAxis: boolean } & Pick<CardOrigin, 'maps'>,
): string[] {
  const width = ({ dims }: ValueInfo) =>
    dims?.slice(batchAxis ? 1 : 0).reduce<number>((a, d) => a * (isExtent(d) ? d : Number.NaN), 1);
  const floats = network.outputs.filter((output) => isFloat(output) && !maps?.has(output.name));
  for (const [name, map] of maps ?? [])
    notes.push(
      `output "${name}" is a map over the image of ${describeMap(map)} numbers, which are not logits: the network lacks its last layers`,
    );
  const scalars = floats.filter((o) => width(o) === 1);
  const [scalar] = scalars.length === 1 || twoHeads ? scalars : [];
  if (!scalar && scalars.length > 1)
    notes.push(`outputs ${scalars.map(({ name }) => name).join(', ')} have one number each: ${ONE_MATRIX}`);
  const rows = floats.filter((o) => (width(o) ?? 0) > 1);
  const logits = rows.find((o) => o.name === 'logits') ?? rows[0];
  const lines: string[] = [];
  if (logits) {
    lines.push(`classes: ${width(logits)}`);
    const softmax = softmaxNode(network, logits.name);
    const inside = softmax?.inputs[0];
    if (inside !== undefined) {
      notes.push(`output "${logits.name}" ends in ${softmax?.op}: the value before it is used as logits`);
      lines.push(`outputs: { logits: ${JSON.stringify(inside)} }`);
    } else if (logits.name === beforeArgMax(network)) {
      notes.push(
        `the network gives class numbers: the value before ArgMax, "${logits.name}", is used as logits`,
      );
      lines.push(`outputs: { logits: ${JSON.stringify(logits.name)} }`);
    } else if (floats.length > 1 && !twoHeads) {
      lines.push(`outputs: { logits: ${JSON.stringify(logits.name)} }`);
    }
  }
  if (scalar && !(logits && twoHeads)) {
    notes.push(
      `output "${scalar.name}" is used as an energy, log p(x) = -energy: set sign: 1 if it is a log density`,
    );
    lines.push(`energy: { output: ${JSON.stringify(scalar.name)}, sign: -1 }`);
  }
  if (!logits && !scalar) {
    notes.push('the number of classes was not found: set classes');
    lines.push('classes: 10');
  }
  return lines;
}
