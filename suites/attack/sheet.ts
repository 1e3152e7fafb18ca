import { brokenAtRadius, logitsOf, type OutputRows } from '../../src/measurements.js';
import { argmax } from '../../src/metrics.js';
import type { Collected, ExampleSheet } from '../../src/suite.js';
import { nearestOf, searches } from './distances.js';
import { allColumn, provedColumn, savedColumn } from './proof-views.js';
import { type AttackResult, column } from './result.js';

export const robustColumn = (epsilon: string) => `robust_at_${epsilon}`;

/** A row per system and example: enough to recompute every measure. */
export function sheet(
  name: string,
  results: readonly { result: AttackResult; clean: Collected<OutputRows> | undefined }[],
): ExampleSheet {
  const epsilons = results[0]?.result.params.epsilons ?? [];
  const nearest = results.some(({ result }) => searches(result));
  const proofs = results.some(({ result }) => result.proofs);
  return {
    name,
    columns: [
      'model',
      'dataset',
      'index',
      'label',
      'clean_prediction',
      'correct',
      ...epsilons.map((text) => `broken_at_${text}`),
      ...epsilons.map(robustColumn),
      'broken_by',
      'adversarial',
      'distance',
      ...(nearest ? ['nearest', 'found'] : []),
      'prediction',
      'loss',
      'restart',
      'target',
      'step',
      'confirmed',
      'inside',
      'survives_8bit',
      'zero_gradient',
      'gradient_passes',
      'forward_passes',
      'naive_gradient_passes',
      'naive_forward_passes',
      ...(proofs ? [provedColumn, savedColumn, allColumn].flatMap((columnAt) => epsilons.map(columnAt)) : []),
      ...(proofs ? ['bound_gradient_passes', 'bound_forward_passes'] : []),
    ],
    rows: {
      *[Symbol.iterator]() {
        for (const { result, clean } of results) {
          let i = 0;
          for (const row of rowsOf(result, clean)) {
            yield proofs ? [...row, ...provedCells(result, i)] : row;
            i++;
          }
        }
      },
    },
  };
}

function* rowsOf(result: AttackResult, clean: Collected<OutputRows> | undefined) {
  const { system, dataset, params, collected, verified, members } = result;
  const { rows, indices, labels } = collected;
  const nearest = searches(result) && nearestOf(result);
  const zeroStarts = column(rows.zeroStarts);
  const predictions = clean && argmax(logitsOf(clean));
  const [gradient, forward] = [column(rows.gradient), column(rows.forward)];
  const [naiveGradient, naiveForward] = [column(rows.naiveGradient), column(rows.naiveForward)];
  for (let i = 0; i < indices.length; i++) {
    const at = rows.brokenAt.data[i]!;
    const correct = rows.correct.data[i] === 1;
    const adversarial = rows.adversarial.data[i] === 1;
    const seen = (name: 'reproduced' | 'inside' | 'survives8bit') =>
      adversarial && verified ? verified.rows[name].data[i] === 1 : null;
    const loss = rows.loss.data[i]!;
    yield [
      system.name,
      dataset.name,
      indices[i]!,
      labels?.[i] ?? null,
      predictions?.[i] ?? null,
      correct,
      ...params.epsilons.map((_, k) => brokenAtRadius(at, k)),
      ...params.epsilons.map((_, k) => correct && !brokenAtRadius(at, k)),
      members[rows.brokenBy.data[i]!] ?? null,
      adversarial,
      rows.distance.data[i]!,
      ...(nearest ? [Number.isFinite(nearest[i]) ? nearest[i]! : null, Number.isFinite(nearest[i])] : []),
      rows.prediction.data[i]!,
      Number.isFinite(loss) ? loss : null,
      rows.restart.data[i]!,
      rows.target.data[i]!,
      rows.step.data[i]!,
      seen('reproduced'),
      seen('inside'),
      seen('survives8bit'),
      zeroStarts[i]! > 0,
      gradient[i]!,
      forward[i]!,
      naiveGradient[i]!,
      naiveForward[i]!,
    ];
  }
}

/** What was proved of an example, and its passes; nothing of systems without bounds. */
function provedCells({ proofs, params: { epsilons } }: AttackResult, i: number): (boolean | number | null)[] {
  if (!proofs) return Array(3 * epsilons.length + 2).fill(null);
  const calls = (of: Float64Array) => epsilons.map((_, k) => of[i * epsilons.length + k]!);
  return [
    ...epsilons.map((_, k) => proofs.radii[i]! > k),
    ...calls(proofs.savedCalls),
    ...calls(proofs.allCalls),
    proofs.boundPasses.gradient[i]!,
    proofs.boundPasses.forward[i]!,
  ];
}
