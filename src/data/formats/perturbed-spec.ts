import { type Static, Type } from '../../config/type.js';
import type { DatasetSpec } from '../spec.js';

/**
 * The perturbations that code for CIFAR-10-P averages over; ImageNet-P has snow in place of spatter (Hendrycks & Dietterich
 * 2019, section 3).
 */
export const AVERAGED_PERTURBATIONS: readonly string[] = [
  'gaussian_noise',
  'shot_noise',
  'motion_blur',
  'zoom_blur',
  'spatter',
  'brightness',
  'translate',
  'rotate',
  'tilt',
  'scale',
];

/** Keys of data sets of published sequences. */
export const PerturbedOptions = Type.Object({
  perturbations: Type.Optional(
    Type.Array(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$' }), {
      minItems: 1,
      uniqueItems: true,
      description: `cifar-p: which sequences, by their files. Default: those that published code averages over (${AVERAGED_PERTURBATIONS.join(', ')}).`,
    }),
  ),
});

/** A data set of published sequences in a run file. */
export type PerturbedSpec = DatasetSpec & Static<typeof PerturbedOptions>;
