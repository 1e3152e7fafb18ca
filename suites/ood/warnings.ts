import type { Warning } from '../../src/suite.js';
import { estimateOf } from './estimates.js';
import { metrics } from './metrics.js';
import type { Separation } from './result.js';

const [auroc] = metrics;

/** The largest share of all examples that one score value has. */
function largestTie({ ranking: { id, ood, groups } }: Separation): number {
  const counts = new Int32Array(groups);
  for (const group of id) counts[group]++;
  for (const group of ood) counts[group]++;
  return counts.reduce((a, b) => Math.max(a, b), 0) / Math.max(1, id.length + ood.length);
}

/** What is odd about one score of one system over all OOD sets. */
export function scoreWarnings(suite: string, separations: readonly Separation[]): Warning[] {
  const { system, score } = separations[0];
  const at = { suite, model: system.name };
  const warnings: Warning[] = [];
  const inverted = separations.filter((separation) => {
    const { value, interval } = estimateOf(auroc, [separation]);
    return (interval?.[1] ?? value) < 0.5;
  });
  if (inverted.length > 0) {
    warnings.push({
      ...at,
      code: 'score-inverted',
      severity: 'warning',
      message: `${score.title} of "${system.name}" is higher on ${inverted.map(({ ood }) => `"${ood.dataset.name}"`).join(', ')} than on "${separations[0].id.dataset.name}"`,
      why: 'images unlike the training data look more likely than test images: there the score is worse than chance as a detector',
    });
  }
  const tied = Math.max(...separations.map(largestTie));
  const n = separations[0].ranking.id.length;
  if (tied > 0.1 && n > 1) {
    warnings.push({
      ...at,
      code: 'scores-tied',
      severity: 'warning',
      message: `${(100 * tied).toFixed(0)} % of the examples have the same ${score.title} by "${system.name}"`,
      why: 'a saturated score cannot rank them (ties count half)',
      fix: 'read a score that does not saturate, such as max logit or log p(x)',
    });
  }
  return warnings;
}
