import type { DatasetInfo } from '../../src/data/dataset.js';
import { rankingEstimate } from '../../src/metrics/ranking-bootstrap.js';
import type { SystemInfo } from '../../src/models/system.js';
import type { Score } from '../../src/scores/scores.js';
import type { Warning } from '../../src/suites/results.js';
import type { Separation } from './result.js';

/** Scores that move when a function of x is added to all logits. */
const SHIFTED = ['log-px', 'max-logit', 'energy', 'approximate-mass'];

/**
 * Cross-entropy does not see a function c(x) added to all logits, so it leaves log p(x) of a classifier free up to
 * one. Said of every system whose log p(x) is a logsumexp, since a checkpoint does not tell how it was trained.
 */
export function energyCaveat(
  suite: string,
  systems: readonly SystemInfo[],
  scores: readonly Score[],
): Warning[] {
  const affected = systems.filter(({ energy, offers }) => energy === 'logsumexp' && offers.includes('logPx'));
  const titles = scores.filter(({ id }) => SHIFTED.includes(id)).map(({ title }) => title);
  if (affected.length === 0 || titles.length === 0) return [];
  return [
    {
      code: 'log-px-up-to-training',
      severity: 'note',
      suite,
      message: `log p(x) of ${affected.map(({ name }) => `"${name}"`).join(', ')} is the logsumexp of the logits`,
      why: `training by cross-entropy alone leaves it free: adding any c(x) to all logits changes ${titles.join(', ')} and no prediction. Only a model that was trained on p(x) as well, such as a JEM, has pinned it down`,
    },
  ];
}

/** Pairs of sets that cannot be told apart, or are not what they are called. */
export function setWarnings(
  suite: string,
  id: DatasetInfo,
  ood: DatasetInfo,
  systems: readonly SystemInfo[],
): Warning[] {
  const at = { suite, dataset: ood.name };
  if (id.fingerprint === ood.fingerprint) {
    return [
      {
        ...at,
        code: 'ood-is-test-set',
        severity: 'serious',
        message: `"${ood.name}" holds the same examples as "${id.name}"`,
        why: 'nothing can tell them apart',
      },
    ];
  }
  const known = new Set(systems.flatMap(({ classes }) => classes));
  const shared = (ood.classes ?? []).filter((name) => known.has(name));
  if (shared.length === 0) return [];
  return [
    {
      ...at,
      code: 'ood-classes-overlap',
      severity: 'warning',
      message: `"${ood.name}" has classes that the models were trained on: ${shared.slice(0, 5).join(', ')}`,
      why: 'images of these classes are not out-of-distribution, and count against every score',
    },
  ];
}

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
  const inverted = separations.filter(({ replicates }) => {
    const { interval } = rankingEstimate([replicates], 'auroc');
    return (interval?.[1] ?? replicates.values.auroc) < 0.5;
  });
  if (inverted.length > 0) {
    warnings.push({
      ...at,
      code: 'score-inverted',
      severity: 'warning',
      message: `${score.title} of "${system.name}" is higher on ${inverted.map(({ ood }) => `"${ood.dataset.name}"`).join(', ')} than on "${separations[0].id.dataset.name}"`,
      why: 'images unlike the training data look more likely than test images: as a detector, it is worse than chance there',
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
