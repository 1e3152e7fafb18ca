import type { BuiltNetwork } from '../architectures/architecture.js';
import { flow } from '../config/flow.js';
import type { Graph, ValueInfo } from '../graph/graph.js';
import { isExtent } from './image-input.js';
import { softmaxNode } from './outputs.js';
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

function imageOf({ dims }: ValueInfo): Image {
  const [, ...rest] = dims ?? [];
  if (rest.length === 3) {
    const turned = isChannels(rest[2]) && !isChannels(rest[0]);
    const shape = (turned ? [rest[2], rest[0], rest[1]] : rest).map((d, i) =>
      isExtent(d) ? d : i === 0 ? 3 : 224,
    );
    const open = !rest.every(isExtent);
    return {
      shape,
      ...(turned && { layout: 'NHWC' }),
      ...(open && { note: 'the network leaves the size of an image open: set input.shape' }),
    };
  }
  const [size] = rest;
  if (rest.length === 1 && isExtent(size)) {
    for (const channels of [1, 3]) {
      const side = Math.sqrt(size / channels);
      if (Number.isInteger(side))
        return {
          shape: [channels, side, side],
          note: `the network takes rows of ${size} numbers: check input.shape`,
        };
    }
  }
  return { shape: [3, 224, 224], note: 'the shape of an image could not be told: set input.shape' };
}

/** What names a checkpoint in its card. */
export interface CardOrigin {
  name: string;
  /** As the card says it. */
  checkpoint: string;
  sha256: string;
  /** What weights were taken for. */
  built?: BuiltNetwork;
}

/**
 * The obvious card of a network: its input as the image, pixels in [0, 1], its one matrix-shaped output as logits,
 * or its one scalar output as energy.
 */
export function inferCard(network: Graph, { name, checkpoint, sha256, built }: CardOrigin): InferredCard {
  const image = network.inputs.find((i) => i.dims?.length === 4) ?? network.inputs[0];
  const bytes = takesBytes(network, image.name);
  const normaliser = standardised(image, built);
  const range = `range: [${(built?.range ?? [0, bytes ? 255 : 1]).join(', ')}]`;
  const notes = [...(built?.notes ?? [])];
  if (bytes) notes.unshift('it scales pixels down itself, so it is given them in [0, 255]');
  else if (normaliser) notes.unshift(`mean and std are those of ${normaliser.source}: check input`);
  else if (!built?.range)
    notes.unshift(
      'pixels are taken as they are, in [0, 1]: set input.range, or input.mean and std, if it was trained otherwise',
    );
  const { shape, layout, note } = imageOf(image);
  if (note) notes.push(note);
  if (network.inputs.length > 1) notes.push('the network has several inputs: only the image can be one');
  const lines = [
    `name: ${JSON.stringify(name)}`,
    `checkpoint: ${JSON.stringify(checkpoint)}`,
    ...(built ? [`architecture: ${flow(built.architecture)}`] : []),
    `input: { shape: [${shape.join(', ')}], ${normaliser?.text ?? range}${layout ? `, layout: ${layout}` : ''} }`,
    ...outputLines(network, notes, built !== undefined),
    `sha256: ${sha256}`,
  ];
  return { card: `${lines.join('\n')}\n`, notes };
}

/** The known mean and std of the input, where they have a number for every channel of its images. */
function standardised({ dims }: ValueInfo, built: BuiltNetwork | undefined) {
  const { mean, std, source } = built?.normaliser ?? {};
  if (!mean || !std || (mean.length !== 1 && mean.length !== dims?.[1])) return undefined;
  const list = (values: readonly number[]) => flow(values.length === 1 ? values[0] : values);
  return { text: `mean: ${list(mean)}, std: ${list(std)}`, source };
}

/** @param twoHeads a second, scalar head beside logits is another energy model, which the notes tell of */
function outputLines(network: Graph, notes: string[], twoHeads: boolean): string[] {
  const width = ({ dims }: ValueInfo) =>
    dims?.length === 1 ? 1 : dims?.slice(1).reduce<number>((a, d) => a * (isExtent(d) ? d : Number.NaN), 1);
  const scalar = network.outputs.find((o) => width(o) === 1 && o.type.includes('float'));
  const rows = network.outputs.filter((o) => (width(o) ?? 0) > 1);
  const logits = rows.find((o) => o.name === 'logits') ?? rows[0];
  const lines: string[] = [];
  if (logits) {
    lines.push(`classes: ${width(logits)}`);
    const softmax = softmaxNode(network, logits.name);
    const inside = softmax?.inputs[0];
    if (inside !== undefined) {
      notes.push(`output "${logits.name}" ends in ${softmax?.op}: the value before it is used as logits`);
      lines.push(`outputs: { logits: ${JSON.stringify(inside)} }`);
    } else if (network.outputs.length > 1 && !twoHeads) {
      lines.push(`outputs: { logits: ${JSON.stringify(logits.name)} }`);
    }
  }
  if (scalar && !(logits && twoHeads)) {
    notes.push(
      `output "${scalar.name}" is taken as an energy, log p(x) = -energy: set sign: 1 if it is a log density`,
    );
    lines.push(`energy: { output: ${JSON.stringify(scalar.name)}, sign: -1 }`);
  }
  if (!logits && !scalar) {
    notes.push('the number of classes could not be told: set classes');
    lines.push('classes: 10');
  }
  return lines;
}
