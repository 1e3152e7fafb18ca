import { flow } from '../../config/flow.js';
import { oneLine } from '../../one-line.js';
import type { NamedData } from './init-data.js';

/** A model card in the making. */
export interface CardDraft {
  name: string;
  text: string;
  /** Why the pixels have no gradient, where that is known. */
  noGradient?: string;
  /** The only engine that runs the checkpoint. */
  engine?: string;
}

/** A card for a checkpoint that is not known yet. */
export function emptyCard(): CardDraft {
  return {
    name: 'my-model',
    text: `# A model card: how to use a checkpoint. \`assay inspect CHECKPOINT\` shows most of this.
name: my-model
checkpoint: ./my-model.onnx
# Channels, height, width; and what the network expects of pixels: range, or mean and std (of pixels in [0, 1]).
# Or, if trained as is usual for CIFAR-10: input: { shape: [3, 32, 32], mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616] }
input: { shape: [3, 32, 32], range: [0, 1] }
# Class names in the order of the logits, or their number. Leave it out for a pure energy model.
classes: 10
# How log p(x) follows: logsumexp (the default of classifiers), { output: NAME, sign: -1 }, or none.
energy: logsumexp
# Checked before any attack: catches a wrong range, channel order or order of classes.
# expect: { accuracy: 0.93, on: test, tolerance: 0.01 }
`,
  };
}

const ATTACK = '  - attack: { norm: Linf, method: pgd, epsilons: [2/255, 4/255, 8/255], steps: 20 }';

/** Lines about data sets that were not named. */
const DATA = {
  test: '  test: { path: ./test.npz }',
  validation:
    '  # validation: { path: ./validation.npz, role: validation }   # fits the temperature of calibration',
  ood: 'letters: { path: ./letters.npz, role: ood, distance: near }  # what the model should not know',
};

/**
 * A run file for these cards and data sets, with the suites that run on them.
 * @param cards with the file of each
 */
export function runFileText(
  cards: readonly (CardDraft & { file: string })[],
  data: readonly NamedData[],
): string {
  const first = cards[0]!;
  const classifiers = cards.filter(({ text }) => /^classes:/m.test(text));
  const classifies = classifiers.length > 0;
  const images = data.filter(({ sequences }) => !sequences);
  const frames = data.filter(({ sequences }) => sequences).map(({ name }) => name);
  const has = (role: string) => images.some(({ entry }) => (entry.role ?? 'test') === role);
  // Of sequences alone, how steady predictions are is all there is to measure.
  const onlyFrames = frames.length > 0 && images.length === 0;
  const more = onlyFrames ? '# ' : '';
  const gradients = classifiers.filter(({ noGradient }) => noGradient === undefined);
  const why = classifiers[0]?.noGradient ?? '';
  const lines = [
    "# A run file: what is measured on what. Paths start at this file's folder.",
    `name: ${JSON.stringify(cards.map(({ name }) => name).join(', '))}`,
    'models:',
    ...cards.map(({ file }) => `  - ./${file}`),
    'datasets:',
    '  # .npz with arrays of images and labels, IDX, CIFAR binaries, or a folder with a subfolder per class.',
    ...(has('test') ? [] : [DATA.test.replace('test:', `${more}test:`)]),
    ...data.map(({ name, entry }) => `  ${name}: ${flow(entry)}`),
    ...(classifies && !has('validation') ? [DATA.validation] : []),
    // Of an energy alone, what it knows is all there is to measure.
    ...(has('ood') ? [] : [`  ${classifies ? '# ' : ''}${DATA.ood}`]),
    'suites:',
    ...(classifies && frames.length > 0 ? [`  - { consistency: {}, datasets: ${flow(frames)} }`] : []),
    ...(onlyFrames ? ['  # These need a test set of images with labels:'] : []),
    ...(classifies ? [`  ${more}- accuracy`, `  ${more}- calibration`] : []),
    ...(gradients.length > 0 ? [ATTACK.replace('- attack', `${more}- attack`)] : []),
    ...(classifies && gradients.length === 0
      ? [`  # attack is left out, since it follows gradients: ${oneLine(why)}`]
      : []),
    has('ood') || !classifies ? '  - ood' : `${'  # - ood'.padEnd(64)}# needs a data set with role: ood`,
    `${'# gates:'.padEnd(64)}# exit code 1 when one fails`,
    onlyFrames
      ? '#   - { measure: mean-flip-probability, max: 0.05 }'
      : classifies
        ? `#   - { measure: accuracy, where: { model: ${JSON.stringify(first.name)} }, min: 0.9 }`
        : '#   - { measure: auroc, min: 0.9 }',
    'seed: 0',
  ];
  return `${lines.join('\n')}\n`;
}
