import { argmax } from '../../src/metrics/softmax.js';
import type { Collected, ExampleSheet } from '../../src/suites/contract.js';
import { logitsOf } from '../../src/suites/measurements/collected.js';
import { type AttackResult, broken } from './result.js';

/** A row per system and example: enough to recompute every measure. */
export function sheet(
  name: string,
  results: readonly { result: AttackResult; clean: Collected | undefined }[],
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
      'distance',
      'prediction',
      'loss',
      'restart',
      'step',
      'confirmed',
      'inside',
      'survives_8bit',
      'gradient_passes',
      'forward_passes',
    ],
    rows: results.flatMap(({ result, clean }) => [...rowsOf(result, clean)]),
  };
}

function* rowsOf(
  { system, dataset, params, collected, verified }: AttackResult,
  clean: Collected | undefined,
) {
  const { rows, indices, labels } = collected;
  const predictions = clean && argmax(logitsOf(clean));
  for (let i = 0; i < indices.length; i++) {
    const at = rows.brokenAt.data[i];
    const seen = (name: 'misclassified' | 'inside' | 'survives8bit') =>
      at >= 0 && verified ? verified.rows[name].data[i] === 1 : null;
    const loss = rows.loss.data[i];
    yield [
      system.name,
      dataset.name,
      indices[i],
      labels?.[i] ?? null,
      predictions?.[i] ?? null,
      ...params.epsilons.map((_, k) => broken(at, k)),
      rows.distance.data[i],
      rows.prediction.data[i],
      Number.isFinite(loss) ? loss : null,
      rows.restart.data[i],
      rows.step.data[i],
      seen('misclassified'),
      seen('inside'),
      seen('survives8bit'),
      rows.gradient.data[i],
      rows.forward.data[i],
    ];
  }
}
