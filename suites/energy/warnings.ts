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

/** Where the public code of JEM gives up training, as diverged. */
const DIVERGED = 1e8;
/** A larger share of images with one and the same log p(x) is no accident. */
const TIED = 0.1;

/** log p(x) of a size that no training leaves, or that stands against a bound. */
export function outOfBounds(ofSystem: readonly Heights[]): Warning[] {
  const all = ofSystem.flatMap(({ logPx }) => Array.from(logPx));
  const { name } = ofSystem[0]!.system;
  const on = { suite: NAME, model: name };
  const far = all.filter((value) => Math.abs(value) > DIVERGED).length;
  const [tied, value] = largestTie(all);
  return [
    ...(far > 0
      ? [
          {
            ...on,
            code: 'energy-diverged',
            severity: 'serious' as const,
            message: `log p(x) of "${name}" is beyond 1e8 on ${far} of ${all.length} images`,
            why: 'training that reaches such values has diverged (the code of JEM stops there): gaps, gradients and samples mean nothing',
            fix: 'check that the card names the right output and normalisation; else use a checkpoint from before',
          },
        ]
      : []),
    // An image that an attack or a purification left as it was is in several data sets.
    ...(tied > TIED * all.length && tied > ofSystem.length && tied < all.length
      ? [
          {
            ...on,
            code: 'energy-saturated',
            severity: 'warning' as const,
            message: `log p(x) of "${name}" is ${value.toPrecision(6)}, to the bit, on ${tied} of ${all.length} images`,
            why: 'it stands against a bound: these images cannot be ranked, and have no gradient',
            fix: 'name the output before the clip or the saturating activation in the model card',
          },
        ]
      : []),
  ];
}

function largestTie(values: readonly number[]): [count: number, value: number] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let most: [number, number] = [0, Number.NaN];
  for (const [value, count] of counts) if (count > most[0]) most = [count, value];
  return most;
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
  const { name } = ofSystem[0]!.system;
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
