import { limits } from '../../bytes/limits.js';
import { AssayError } from '../../errors.js';
import { classCount, type ModelCard } from './card.js';
import { imageShape } from './image-shape.js';

/** How pixels in [0, 1] become the network's input, per channel: (pixel - mean) / std, or pixel * scale + shift. */
export type Normalisation =
  | { kind: 'identity' }
  | { kind: 'range'; scale: number; shift: number }
  | { kind: 'standardise'; mean: number[]; std: number[] };

/** How log p(x) follows from the outputs. */
export type EnergyContract =
  | { kind: 'logsumexp' }
  | { kind: 'output'; output: string; sign: -1 | 1 }
  | { kind: 'none'; reason: string };

/** A model card with its defaults spelt out and its contradictions refused. */
export interface Contract {
  name: string;
  /** (C, H, W) */
  shape: readonly [number, number, number];
  layout: 'NCHW' | 'NHWC';
  inputName: string | undefined;
  normalisation: Normalisation;
  /** 0 when the model does not classify. */
  classes: number;
  logits: string | undefined;
  features: string | undefined;
  energy: EnergyContract;
  softmaxOutput: boolean;
  /** d(network input) / d(pixel), per channel. */
  inputScale: readonly number[];
  /** The card's file, for messages. */
  file: string | undefined;
}

/** Spells out a card. Errors: `config-invalid` where its keys contradict each other; they name file and key. */
export function contractOf(card: ModelCard, file?: string): Contract {
  const refuse = (
    path: string,
    message: string,
    details: { expected?: string; found?: string; hint?: string },
  ) =>
    new AssayError('config-invalid', message, {
      file: file ?? `model card "${card.name}"`,
      path,
      ...details,
    });
  const classes = classCount(card);
  const [channels, height, width] = imageShape(card.input.shape);
  const numbers = channels * height * width;
  if (numbers > limits.networkImage.value)
    throw refuse('input.shape', 'the card states images of giant size', {
      expected: `at most ${limits.networkImage.value} ${limits.networkImage.of}`,
      found: String(numbers),
      hint: limits.networkImage.instead,
    });
  const normalisation = normalisationOf(card, channels, refuse);
  if (classes === 0) {
    for (const [path, given] of [
      ['outputs.logits', card.outputs?.logits],
      ['softmaxOutput', card.softmaxOutput],
      ['expect.accuracy', card.expect?.accuracy],
    ] as const)
      if (given !== undefined)
        throw refuse(path, 'the card names no classes, so the model has no logits', {
          expected: '`classes` beside it',
          hint: 'list the class names under `classes`, or give their number',
        });
  }
  return {
    name: card.name,
    shape: [channels, height, width],
    layout: card.input.layout ?? 'NCHW',
    inputName: card.input.name,
    normalisation,
    classes,
    logits: card.outputs?.logits,
    features: card.outputs?.features,
    energy: energyOf(card, classes, refuse),
    softmaxOutput: card.softmaxOutput ?? false,
    inputScale: Array.from({ length: channels }, (_, c) => scaleOf(normalisation, c)),
    file,
  };
}

type Refuse = (
  path: string,
  message: string,
  details: { expected?: string; found?: string; hint?: string },
) => AssayError;

function normalisationOf({ input }: ModelCard, channels: number, refuse: Refuse): Normalisation {
  const { range, mean, std } = input;
  if (range) {
    if (mean !== undefined || std !== undefined)
      throw refuse('input.range', 'the card gives both a range and a mean or std', {
        expected: 'one of them',
        hint: 'keep mean and std, in units of pixels in [0, 1], and drop range',
      });
    const [low, high] = range as [number, number];
    if (!(high > low))
      throw refuse('input.range', 'the range is empty', {
        expected: '[low, high]',
        found: `[${low}, ${high}]`,
        hint: 'give the lower end first',
      });
    return low === 0 && high === 1 ? { kind: 'identity' } : { kind: 'range', scale: high - low, shift: low };
  }
  const perChannel = (key: 'mean' | 'std', fallback: number): number[] => {
    const given = input[key] ?? fallback;
    const list = typeof given === 'number' ? Array<number>(channels).fill(given) : given;
    if (list.length !== channels)
      throw refuse(`input.${key}`, `${key} does not fit the channels`, {
        expected: `one number, or ${channels} (input.shape starts with the channels)`,
        found: `${list.length} numbers`,
        hint: `give one number per channel under ${key}`,
      });
    return list;
  };
  const [means, stds] = [perChannel('mean', 0), perChannel('std', 1)];
  const wrong = stds.find((s) => !(s > 0));
  if (wrong !== undefined)
    throw refuse('input.std', 'a standard deviation must be positive', {
      expected: '> 0',
      found: String(wrong),
      hint: 'leave std out if pixels are not divided by anything',
    });
  return means.every((m) => m === 0) && stds.every((s) => s === 1)
    ? { kind: 'identity' }
    : { kind: 'standardise', mean: means, std: stds };
}

function scaleOf(normalisation: Normalisation, channel: number): number {
  if (normalisation.kind === 'range') return normalisation.scale;
  return normalisation.kind === 'standardise' ? 1 / normalisation.std[channel]! : 1;
}

/** Why a softmax output has no log p(x). */
export const PROBABILITIES = 'the output holds probabilities, whose logsumexp says nothing about x';

function energyOf(card: ModelCard, classes: number, refuse: Refuse): EnergyContract {
  const { energy } = card;
  if (typeof energy === 'object') return { kind: 'output', output: energy.output, sign: energy.sign ?? -1 };
  if (classes === 0)
    throw refuse('energy', 'the card names neither classes nor an energy output', {
      expected: '`classes` for a classifier, `energy: { output: NAME, sign: -1 }` for an energy model',
      found: energy ? `energy: ${energy}` : 'neither',
      hint: '`assay inspect` suggests a card',
    });
  if (energy === 'none') return { kind: 'none', reason: 'the model card says `energy: none`' };
  if (card.softmaxOutput) {
    if (energy === 'logsumexp')
      throw refuse('energy', `log p(x) cannot be \`logsumexp\` when softmaxOutput is set: ${PROBABILITIES}`, {
        hint: 'name the value before the softmax in `outputs.logits` and drop softmaxOutput, or set `energy: none`',
      });
    return { kind: 'none', reason: PROBABILITIES };
  }
  return { kind: 'logsumexp' };
}
