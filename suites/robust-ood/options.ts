import {
  type DetectorAttack,
  type DetectorAttackOptions,
  detectorAttackOptions,
  detectorScores,
  optionsOfDetectorAttacks,
  resolveDetectorAttack as resolve,
} from '../../src/attack.js';
import { type Catalogue, oneOf, PRESETS, type SystemInfo, type TSchema, Type } from '../../src/suite.js';

export interface RobustOodOptions extends DetectorAttackOptions {
  scores: string[];
  examples: number;
  resamples: number;
}

/** Protocols of the literature. */
const presets = {
  // DAT, at 32 pixels.
  dat: {
    scores: ['log-px', 'max-softmax'],
    method: 'pgd',
    norm: 'L2',
    epsilons: [1],
    steps: 20,
    stepSize: 0.1,
    restarts: 1,
    examples: 1024,
  },
};

const own = (catalogue: Catalogue) =>
  ({
    preset: Type.Optional(
      oneOf(Object.keys(presets), {
        description:
          'Protocol of a paper, for what is not written here. dat: at most 1,024 OOD images moved towards the in-distribution, PGD of 20 steps of 0.1 in an L2 ball of radius 1, up log p(x) and max softmax (arXiv 2510.13872).',
      }),
    ),
    scores: Type.Array(oneOf(detectorScores(catalogue), {}), {
      minItems: 1,
      uniqueItems: true,
      default: ['log-px', 'max-logit', 'max-softmax'],
      description: 'Detectors: scores that an attacker can follow; higher means in-distribution.',
    }),
    ...detectorAttackOptions(catalogue),
    examples: Type.Integer({
      minimum: 1,
      default: 500,
      description:
        'Attack only the first n examples of every set. Thresholds and the in-distribution side of AUROC use all examples.',
    }),
    resamples: Type.Integer({ minimum: 100, default: 1000, description: 'Bootstrap resamples.' }),
  }) satisfies Record<string, TSchema>;

export const robustOodOptions = (catalogue: Catalogue) =>
  Type.Unsafe<RobustOodOptions>(
    Type.Object(
      { ...own(catalogue), ...optionsOfDetectorAttacks(catalogue) },
      { additionalProperties: false, [PRESETS]: [{ option: 'preset', rows: presets }] },
    ),
  );

export type { DetectorAttack };

/** Errors: `config-invalid` for options that the method does not have, and radii that are no numbers. */
export const resolveDetectorAttack = (
  options: RobustOodOptions,
  system: SystemInfo,
  catalogue: Catalogue,
): DetectorAttack => resolve(options, Object.keys(own(catalogue)), system, catalogue);
