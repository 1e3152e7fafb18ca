import { CHANCE } from '../../src/attack.js';
import type { Estimate } from '../../src/metrics.js';
import type { Warning } from '../../src/suite.js';
import { attackName } from './measures.js';
import type { Raised } from './robust-auroc.js';
import { type Evaded, isReproduced } from './undetected-errors.js';

/** Up to this share of images an attack may leave with a lower score than it found them with. */
const LOWERED = 0.05;

/** Whether intervals leave a gap: both shares are of few examples at times. */
const differ = ({ interval: a }: Estimate, { interval: b }: Estimate): boolean =>
  a !== null && b !== null && (a[0] > b[1] || a[1] < b[0]);

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** What is odd about the attacks on one detector, over all OOD sets. */
export function raisedWarnings(suite: string, group: readonly Raised[]): Warning[] {
  const { system, score, planned } = group[0]!;
  const on = { suite, model: system.name };
  const n = group.reduce((sum, { indices }) => sum + indices.length, 0);
  const lowered = group.reduce((sum, raised) => sum + raised.lowered, 0);
  const outside = group.reduce((sum, raised) => sum + raised.outside, 0);
  const largest = planned.params.epsilons[planned.params.epsilons.length - 1];
  const warnings: Warning[] = [];
  if (lowered > LOWERED * n) {
    warnings.push({
      ...on,
      code: 'score-not-raised',
      severity: 'warning',
      message: `${attackName(group[0]!)} ${largest} left ${lowered} of ${n} OOD images with a lower ${score.title} by "${system.name}" than it found them with`,
      why: 'an attack that cannot climb the score says nothing about how robust the detector is; for these examples the clean image, or that of a smaller radius, is used',
      fix: 'use more steps, a smaller step size and restarts; look for masked gradients',
    });
  }
  if (outside > 0) {
    warnings.push({
      ...on,
      code: 'not-reproduced',
      severity: 'serious',
      message: `${outside} attacked OOD images lie outside their ball or box; they do not count`,
      why: 'an attack that leaves its ball is no attack at that radius',
      fix: 'report this as a bug',
    });
  }
  return warnings;
}

/** What must not be read into the errors past one detector. */
export function evadedWarnings(suite: string, result: Evaded): Warning[] {
  const { system, id, score, reference, accepted, acceptedReference, plainOnly, undetected, n } = result;
  const { title } = score;
  const on = { suite, model: system.name, dataset: id.name };
  const warnings: Warning[] = [];
  if (reference.name !== id.name && differ(accepted, acceptedReference)) {
    warnings.push({
      ...on,
      code: 'threshold-shifted',
      severity: 'warning',
      message: `${title} of "${system.name}" accepts ${percent(accepted.value)} of "${id.name}" where it accepts 95 % of "${reference.name}"`,
      why: 'the two sets differ, or the model was trained on one of them: a threshold that refuses more clean images than it should lets fewer errors pass, one that refuses fewer lets more pass',
      fix: 'take validation images from the source of the test images, none of which the model was trained on',
    });
  }
  if (plainOnly > CHANCE.points * n) {
    const largest = undetected[undetected.length - 1]!;
    warnings.push({
      ...on,
      code: 'plain-beats-aware',
      severity: 'warning',
      message: `${plainOnly} of the ${Math.round(largest.value * n)} undetected errors of "${system.name}" past ${title} were found only by the attack that does not know the detector`,
      why: 'an attacker who knows the detector can do all that one who does not can: the attack on both was too weak; the errors of both attacks are counted together',
      fix: 'use more steps and restarts',
    });
  }
  const [passed, errors] = [result.undetected, result.mistaken].map(
    (shares) => shares[shares.length - 1]!.value,
  ) as [number, number];
  if (passed > errors + CHANCE.points) {
    warnings.push({
      ...on,
      code: 'aware-beats-plain',
      severity: 'warning',
      message: `more examples of "${system.name}" were misclassified past ${title} (${percent(passed)}) than under the attack that does not know the detector (${percent(errors)})`,
      why: 'an undetected error is an error: the plain attack was too weak, and a robust accuracy measured with it is too high',
      fix: 'use more steps and restarts; take the robust accuracy from the attack suite with a stronger attack',
    });
  }
  if (result.unconfirmed > 0) {
    const often = result.unconfirmed > CHANCE.share * result.found;
    warnings.push({
      ...on,
      code: 'not-reproduced',
      severity: !isReproduced(result) ? 'serious' : often ? 'warning' : 'note',
      message: `${result.unconfirmed} of ${result.found} images that passed ${title} of "${system.name}" misclassified were not reproduced in a fresh pass${result.outside > 0 ? `; ${result.outside} lie outside their ball` : ''}`,
      why: 'a result that cannot be reproduced does not count: a deterministic system repeats its mistakes, and lucky draws of a stochastic one are no mistakes',
      fix: 'for stochastic systems raise `confirm` and `eot`; otherwise report this as a bug',
    });
  }
  return warnings;
}
