import { brokenAtRadius, logitsOf, type OutputRows } from '../../src/measurements.js';
import { argmax } from '../../src/metrics.js';
import type { Collected, ExampleSheet } from '../../src/suite.js';
import { type AttackResult, column } from './result.js';

/** A row per system and example: enough to recompute every measure. */
export function sheet(
  name: string,
  results: readonly { result: AttackResult; clean: Collected<OutputRows> | undefined }[],
): ExampleSheet {
  const epsilons = results[0]?.result.params.epsilons ?? [];
  return {
    name,
    columns: [
      'model',
      'dataset',
      'index',
      'label',
      'clean_prediction',
      ...epsilons.map((text) => `broken_at_${text}`),
      'broken_by',
      'adversarial',
      'distance',
      'prediction',
      'loss',
      'restart',
      'target',
      'step',
      'confirmed',
      'inside',
      'survives_8bit',
      'gradient_passes',
      'forward_passes',
      'naive_gradient_passes',
      'naive_forward_passes',
    ],
    rows: results.flatMap(({ result, clean }) => [...rowsOf(result, clean)]),
  };
}

function* rowsOf(
  { system, dataset, params, collected, verified, members }: AttackResult,
  clean: Collected<OutputRows> | undefined,
) {
  const { rows, indices, labels } = collected;
  const predictions = clean && argmax(logitsOf(clean));
  const [gradient, forward] = [column(rows.gradient), column(rows.forward)];
  const [naiveGradient, naiveForward] = [column(rows.naiveGradient), column(rows.naiveForward)];
  for (let i = 0; i < indices.length; i++) {
    const at = rows.brokenAt.data[i];
    const adversarial = rows.adversarial.data[i] === 1;
    const seen = (name: 'reproduced' | 'inside' | 'survives8bit') =>
      adversarial && verified ? verified.rows[name].data[i] === 1 : null;
    const loss = rows.loss.data[i];
    yield [
      system.name,
      dataset.name,
      indices[i],
      labels?.[i] ?? null,
      predictions?.[i] ?? null,
      ...params.epsilons.map((_, k) => brokenAtRadius(at, k)),
      members[rows.brokenBy.data[i]] ?? null,
      adversarial,
      rows.distance.data[i],
      rows.prediction.data[i],
      Number.isFinite(loss) ? loss : null,
      rows.restart.data[i],
      rows.target.data[i],
      rows.step.data[i],
      seen('reproduced'),
      seen('inside'),
      seen('survives8bit'),
      gradient[i],
      forward[i],
      naiveGradient[i],
      naiveForward[i],
    ];
  }
}
