import type { Warning } from '../../src/suite.js';
import type { PurificationResult } from './result.js';

/** Two accuracies on the same few examples that differ by more are not taken for equal. */
const MARGIN = 0.1;

/** How often transferred images are classified correctly, among the first n: those of the attack on the whole. */
function transferAmong({ transferred, labels }: PurificationResult, k: number, n: number): number {
  const right = transferred.predictions[k].slice(0, n).filter((p, i) => p === labels[i]).length;
  return right / Math.max(1, Math.min(n, labels.length));
}

/** What must not be read into the numbers. */
export function purificationWarnings(suite: string, result: PurificationResult): Warning[] {
  const { system, dataset, steps, adaptive, clean } = result;
  const on = { suite, model: system.name, dataset: dataset.name };
  const overstated = adaptive.flatMap((found, k) =>
    found && transferAmong(result, k, found.robust.n) - found.robust.value > MARGIN ? [steps[k]] : [],
  );
  const weak = adaptive.flatMap((found, k) =>
    found && found.robust.value - transferAmong(result, k, found.robust.n) > MARGIN ? [steps[k]] : [],
  );
  const falling = steps.filter((count, k) => count > 0 && clean.change[k].value < 0);
  return [
    {
      ...on,
      code: 'purification-upper-bound',
      severity: 'note',
      message: `robust accuracies of "${system.name}" behind purification are upper bounds`,
      why: 'the attack differentiates as if purification were the identity, and averages few draws; gradients through the whole chain, more draws and more steps are stronger',
      fix: 'raise `adaptive.steps`, `adaptive.eot` and `adaptive.examples` until the number stops falling',
    },
    ...(overstated.length > 0
      ? [
          {
            ...on,
            code: 'transfer-overstates',
            severity: 'warning' as const,
            message: `at ${overstated.join(', ')} steps "${system.name}" looks more robust to transferred images than it is to an attack on the whole system`,
            why: 'transferred images were made without knowledge of the purification',
            fix: 'quote the accuracy under BPDA + EOT',
          },
        ]
      : []),
    ...(weak.length > 0
      ? [
          {
            ...on,
            code: 'adaptive-weaker-than-transfer',
            severity: 'warning' as const,
            message: `at ${weak.join(', ')} steps transferred images fool "${system.name}" more often than the attack on the whole system does`,
            why: 'an attacker of the whole system could always use the transferred images: this attack was too weak, and the lower accuracy is the one to quote',
            fix: 'raise `adaptive.steps` and `adaptive.eot`',
          },
        ]
      : []),
    ...(falling.length > 0
      ? [
          {
            ...on,
            code: 'purification-descends',
            severity: 'warning' as const,
            message: `log p(x) of clean images falls within ${falling.join(', ')} steps of "${system.name}"`,
            why: 'noise outweighs the gradient, or the step size overshoots: the chains do not climb log p(x)',
            fix: "lower `stepSize` or `noise`; both are in units of the purifying model's own input",
          },
        ]
      : []),
  ];
}
