import type { AttackedScore } from '../../attacks/goals.js';
import { raising } from '../../attacks/losses.js';
import { AssayError } from '../../errors.js';
import { share95 } from '../../metrics/ranking/ranking.js';
import type { SystemInfo } from '../../models/system.js';
import type { Catalogue } from '../catalogue.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { type AttackParams, attack, attackColumns, attackPasses } from './attack.js';
import type { OutputRows } from './clean.js';

export interface EvadeParams {
  attack: Omit<AttackParams, 'goal'>;
  /** What the detector looks at. */
  score: AttackedScore;
}

/**
 * A score of each example, (n), as attacks see it: higher for what looks like the training data; max-softmax as its
 * logarithm, which orders images alike and does not saturate.
 */
export function attackedScore(
  { logits, logPx }: OutputRows,
  score: AttackedScore,
  { followed }: Catalogue,
): Float64Array {
  const { value } = followed.named(raising(score));
  if (!logits) throw new AssayError('suite-failed', 'a detector under attack needs logits');
  const [n, classes] = logits.shape as [number, number];
  return Float64Array.from({ length: n }, (_, i) => {
    const aim = { label: 0, target: -1, threshold: 0, logPx: logPx?.data[i] ?? Number.NaN };
    return value(logits.data.subarray(i * classes, (i + 1) * classes), aim);
  });
}

/**
 * The largest threshold that at least 95 % of clean images reach, all of them counted, whatever their predictions.
 * NaN, which nothing reaches, without examples.
 */
export function acceptanceThreshold(clean: OutputRows, score: AttackedScore, catalogue: Catalogue): number {
  const descending = attackedScore(clean, score, catalogue).sort().reverse();
  return descending[share95(descending.length) - 1] ?? Number.NaN;
}

/**
 * Attacks images to be misclassified while a detector still accepts them. Its threshold is that of the clean images
 * read as a whole, so that it is the same in every unit. Rows as those of `attack`, where `correct` is 0 for images
 * that are misclassified and accepted as they are.
 */
export const evade = defineMeasurement({
  name: 'evade',
  version: 1,
  needs: ['logits', 'inputGradient'],
  unitSize: 256,
  // What an attack may take does not depend on the threshold.
  endsEarly: true,
  passes: ({ attack: params, score }, system, catalogue) =>
    attackPasses({ ...params, goal: { kind: 'evade', score, threshold: 0 } }, system, catalogue),
  columns: (system: SystemInfo, { attack: params }: EvadeParams) => attackColumns(system, params),
  measure(context: MeasureContext<[OutputRows], [OutputRows]>, { attack: params, score }: EvadeParams) {
    const threshold = acceptanceThreshold(context.reference[0], score, context.catalogue);
    return attack.measure(
      { ...context, reference: [] },
      { ...params, goal: { kind: 'evade', score, threshold } },
    );
  },
});

/** @param reference clean images that the threshold is taken from @param clean the images that are attacked */
export function evadeRequest(
  params: EvadeParams,
  clean: Request<OutputRows>,
  reference: Request<OutputRows>,
) {
  const { system, dataset, first } = clean;
  return request({
    measurement: evade,
    system,
    dataset,
    params,
    inputs: [clean],
    reference: [reference],
    first,
  });
}
