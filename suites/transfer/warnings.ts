import { CHANCE } from '../../src/attack.js';
import { signTest } from '../../src/metrics.js';
import type { Warning } from '../../src/suite.js';
import { attackOf } from './measures.js';
import { isReproduced, type Pair, type TransferResult } from './result.js';

/** Whether images made for another system fool a system more often than those that were made for it. */
function beatsWhiteBox(pair: Pair, own: Pair | undefined): boolean {
  if (!own || pair.whiteBox || !isReproduced(own)) return false;
  const lead = own.accuracy.value - pair.accuracy.value;
  if (!(lead > CHANCE.points)) return false;
  if (!own.target.system.stochastic) return true;
  const differ = (a: Pair, b: Pair) => a.lost.filter((lost, i) => lost && !b.lost[i]).length;
  const [fooled, missed] = [differ(pair, own), differ(own, pair)];
  return signTest(fooled, fooled + missed) < CHANCE.probability;
}

/** What must not be read into the numbers. */
export function transferWarnings(suite: string, result: TransferResult): Warning[] {
  const { dataset, pairs, targets } = result;
  const { name } = attackOf(result);
  return targets.flatMap(({ system }) => {
    const on = { suite, model: system.name, dataset: dataset.name };
    const shown = pairs.filter(({ target }) => target.system === system);
    const own = shown.find(({ whiteBox }) => whiteBox);
    const better = shown.filter((pair) => beatsWhiteBox(pair, own));
    const warnings: Warning[] = [];
    if (own && better.length > 0) {
      const share = (pair: Pair) => `${(100 * pair.accuracy.value).toFixed(1)} %`;
      warnings.push({
        ...on,
        code: 'transfer-beats-white-box',
        severity: 'serious',
        message: `${name}: images made for ${better.map((pair) => `"${pair.source.system.name}" (accuracy ${share(pair)})`).join(', ')} fool "${system.name}" more often than those made for it (${share(own)})`,
        why: 'a white-box attacker could use the same images: the attack on this system was too weak or misled by its gradients, and its robust accuracy is too high',
        fix: 'quote the accuracy under all images (`worst-case-accuracy`); look for masked gradients in the validity panel of the attack suite; use more steps and restarts, for stochastic systems more draws',
      });
    }
    if (own && own.unconfirmed > 0) {
      const broken = own.source.broken.filter((is) => is).length;
      const often = own.unconfirmed > CHANCE.share * broken;
      warnings.push({
        ...on,
        code: 'not-reproduced',
        severity: !isReproduced(own) ? 'serious' : often ? 'warning' : 'note',
        message: `${own.unconfirmed} of ${broken} images that broke "${system.name}" were not reproduced in a fresh pass${own.outside > 0 ? `; ${own.outside} lie outside the radius` : ''}`,
        why: 'a result that cannot be reproduced does not count: a deterministic system repeats its mistakes, and lucky draws of a stochastic one are no mistakes',
        fix: 'for stochastic systems raise `confirm` and `eot`; otherwise report this as a bug',
      });
    }
    return warnings;
  });
}
