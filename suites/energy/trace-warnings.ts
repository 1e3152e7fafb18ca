import type { Warning } from '../../src/suite.js';
import type { Heights } from './heights.js';
import { NAME } from './measures.js';
import { type Followed, type FollowedId, followed, type Traced, valuesAt } from './traces.js';

/** Chains agree where R-hat is below this (Vehtari et al. 2021, section 4). */
const MIXED = 1.01;
/** A larger share of pixels at or beyond a bound is no longer an image of greys. */
const SATURATED = 0.5;
const OUTSIDE = 0.1;

const byId = Object.fromEntries(followed.map((one) => [one.id, one])) as Readonly<
  Record<FollowedId, Followed>
>;
const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * What chains show of the energy.
 * @param ofSystem log p(x) of all data sets by the same system
 */
export function traceWarnings(traced: Traced, ofSystem: readonly Heights[]): Warning[] {
  const { system, params, lost, collected, looks, dataset } = traced;
  const { steps, clamp, start } = params;
  const n = collected.indices.length;
  const from = start === 'data' ? `images of "${dataset}"` : 'uniform noise';
  const on = { suite: NAME, model: system.name };
  const at = (id: FollowedId) => valuesAt(traced, byId[id], steps).filter(Number.isFinite);
  const last = looks[looks.length - 1];
  const warnings: Warning[] = [];
  const beyond = at('log-px').filter((value) => value > ceilingOf(ofSystem)).length;
  if (lost > 0 || beyond > n / 2) {
    warnings.push({
      ...on,
      code: 'chains-diverge',
      severity: lost > 0 ? 'serious' : 'warning',
      message:
        lost > 0
          ? `${lost} of ${n} chain${n === 1 ? '' : 's'} of "${system.name}" from ${from} ended where its log p(x) or gradient is no number, within ${steps} steps`
          : `after ${steps} steps from ${from}, ${beyond} of ${n} chain${n === 1 ? '' : 's'} of "${system.name}" ${beyond === 1 ? 'has' : 'have'} a log p(x) further above every image of the run than these images span`,
      why: 'log p(x) has no maximum near the data: samples, purification and energies along chains mean nothing there',
      fix: `lower \`traces.stepSize\`${clamp === 'none' ? ', or keep chains in the box with `traces.clamp: box`' : ''}; if chains still climb without end, the energy of the model has diverged`,
    });
  }
  const outside = mean(at('outside'));
  if (outside > OUTSIDE) {
    warnings.push({
      ...on,
      code: 'chains-leave-box',
      severity: 'warning',
      message: `after ${steps} steps from ${from}, ${(100 * outside).toFixed(0)} % of the pixels of chains of "${system.name}" lie beyond [0, 1]`,
      why: 'what lies there is no image, and the model never saw such inputs unless it was trained on them',
      fix: 'set `traces.clamp: box`, or sample as the model was trained',
    });
  }
  const saturated = mean(at('saturated'));
  if (saturated > SATURATED && clamp === 'box' && !saturatedData(traced)) {
    warnings.push({
      ...on,
      code: 'chains-saturate',
      severity: 'warning',
      message: `after ${steps} steps from ${from}, ${(100 * saturated).toFixed(0)} % of the pixels of chains of "${system.name}" are 0 or 1`,
      why: 'the gradient pushes against the bounds of the box: chains run into its corners and not to images',
      fix: 'lower `traces.stepSize`',
    });
  }
  if (last && last.mixed.rHat > MIXED) {
    warnings.push({
      ...on,
      code: 'chains-not-mixed',
      severity: 'note',
      message: `${n === 1 ? '1 chain' : `${n} chains`} of "${system.name}" from ${from} ${n === 1 ? 'has' : 'have'} not mixed after ${steps} steps: R-hat ${last.mixed.rHat.toFixed(2)}`,
      why: 'they still depend on where they began: their ends are not draws from p(x), whatever they look like',
    });
  }
  return warnings;
}

/** As far above the highest log p(x) of any image as the lowest lies below it. */
function ceilingOf(ofSystem: readonly Heights[]): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { logPx } of ofSystem) {
    for (const value of logPx) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  return most + (most - least);
}

/** Images that are black and white themselves, such as digits, may end as they began. */
const saturatedData = (traced: Traced): boolean =>
  traced.params.start === 'data' && mean(valuesAt(traced, byId.saturated, 0)) > SATURATED;
