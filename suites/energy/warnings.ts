import type { Warning } from '../../src/suite.js';
import type { Comparison } from './compare.js';
import type { Heights } from './heights.js';
import { NAME } from './measures.js';

/** Training images that are likelier than test images. */
export function memorisationWarning({ own, reference, auroc }: Comparison): Warning[] {
  if (!auroc.interval || auroc.interval[1] >= 0.5) return [];
  return [
    {
      code: 'train-likelier-than-test',
      severity: 'note',
      suite: NAME,
      model: own.system.name,
      dataset: own.dataset.name,
      message: `"${own.system.name}" gives images of "${own.dataset.name}" a higher log p(x) than images of "${reference.dataset.name}" (AUROC ${(1 - auroc.value).toFixed(3)})`,
      why: 'what the model was trained on looks likelier to it than new images of the same kind: it remembers them, or the two sets differ in other ways',
    },
  ];
}

/** Below this share of its own size, differences between values of log p(x) are rounding of float32. */
const FLAT = 1e-5;

/** log p(x) that is the same for all images, or so large that float32 no longer tells them apart. */
export function collapsed(ofSystem: readonly Heights[]): Warning[] {
  const all = ofSystem.flatMap(({ logPx }) => Array.from(logPx));
  if (all.length < 2) return [];
  const [least, most] = all.reduce(
    ([lo, hi], v) => [Math.min(lo, v), Math.max(hi, v)],
    [Infinity, -Infinity],
  );
  const size = Math.max(Math.abs(least), Math.abs(most));
  if (most - least > FLAT * size) return [];
  const { name } = ofSystem[0].system;
  return [
    {
      code: 'energy-collapsed',
      severity: 'serious',
      suite: NAME,
      model: name,
      message: `log p(x) of "${name}" is nearly the same for all ${all.length} images: from ${least.toPrecision(7)} to ${most.toPrecision(7)}`,
      why: 'its differences are within the rounding of float32: gaps, AUROCs and samplers read noise',
      fix: 'check that the card names the right output, and that training did not drive the energy to a constant',
    },
  ];
}
