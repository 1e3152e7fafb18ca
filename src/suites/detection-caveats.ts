import type { DatasetInfo } from '../data/dataset.js';
import type { SystemInfo } from '../models/system.js';
import type { Score } from '../scores/score.js';
import type { Warning } from './results.js';

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
  const titles = scores.filter(({ shifts }) => shifts).map(({ title }) => title);
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
  const transferred = transferCaveat(suite, ood);
  if (shared.length === 0) return transferred;
  return [
    ...transferred,
    {
      ...at,
      code: 'ood-classes-overlap',
      severity: 'warning',
      message: `"${ood.name}" has classes that the models were trained on: ${shared.slice(0, 5).join(', ')}`,
      why: 'images of these classes are not out-of-distribution, and count against every score',
    },
  ];
}

/** Of images that were attacked to raise one score on one system. */
function transferCaveat(suite: string, { name, recipe }: DatasetInfo): Warning[] {
  if (recipe?.by !== 'raise') return [];
  const { on, score } = recipe.options;
  return [
    {
      suite,
      dataset: name,
      code: 'attack-transferred',
      severity: 'note',
      message: `images of "${name}" were attacked to raise ${score} of "${on}"`,
      why: 'for every other score and system they are a transfer of that attack: one that knew them would do better',
      fix: 'read the suite robust-ood for scores that an attacker can follow, each attacked by itself',
    },
  ];
}
