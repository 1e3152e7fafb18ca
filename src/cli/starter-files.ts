import { oneLine } from '../one-line.js';

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

const forClassifier = (
  name: string,
  noGradient: string | undefined,
): string => `  # validation: { path: ./validation.npz, role: validation }          # fits the temperature of calibration
  # letters: { path: ./letters.npz, role: ood, distance: near }       # what the model should not know
suites:
  - accuracy
  - calibration
${noGradient === undefined ? ATTACK : `  # attack is left out, since it follows gradients: ${oneLine(noGradient)}`}
  # - ood                                                             # needs a data set with role: ood
# gates:                                                              # exit code 1 when one fails
#   - { measure: accuracy, where: { model: ${JSON.stringify(name)} }, min: 0.9 }
`;

/** Without classes there is log p(x), and so what the model knows and what it should not. */
const FOR_ENERGY = `  letters: { path: ./letters.npz, role: ood, distance: near }         # what the model should not know
suites:
  - ood
# gates:                                                              # exit code 1 when one fails
#   - { measure: auroc, min: 0.9 }
`;

/**
 * A run file for one card, of suites that run on it.
 * @param card its file
 */
export function runFileText({ name, text, noGradient }: CardDraft, card: string): string {
  const classifies = /^classes:/m.test(text);
  return `# A run file: what is measured on what. Paths start at this file's folder.
name: ${JSON.stringify(name)}
models:
  - ./${card}
datasets:
  # .npz with arrays of images and labels, IDX, CIFAR binaries, or a folder with a subfolder per class.
  test: { path: ./test.npz }
${classifies ? forClassifier(name, noGradient) : FOR_ENERGY}seed: 0
`;
}
