import type { Campaign } from '../../src/attacks/campaign.js';
import { naiveCost } from '../../src/attacks/campaign.js';
import type { DatasetInfo } from '../../src/data/dataset.js';
import type { Estimate } from '../../src/metrics/estimate.js';
import { meanOf, wilson } from '../../src/metrics/intervals.js';
import type { Passes, SystemInfo } from '../../src/models/system.js';
import type { Collected, NdArray, Request } from '../../src/suites/contract.js';
import { type AttackParams, campaignOf } from '../../src/suites/measurements/attack.js';

/** One attack on one system and data set, as numbers. */
export interface AttackResult {
  system: SystemInfo;
  dataset: DatasetInfo;
  params: AttackParams;
  campaign: Campaign;
  /** `PGD-40`, with restarts and loss where they are not the usual ones. */
  label: string;
  n: number;
  collected: Collected;
  verified: Collected | undefined;
  /** On the same examples. */
  clean: Estimate;
  /** One per radius. */
  robust: Estimate[];
  broken: number;
  /** Broken by the attack, but not so in a fresh pass from what was stored. */
  disagreements: number;
  /** Stored images outside their ball or box. */
  outside: number;
  /** Of the broken: still misclassified when rounded to 8 bits. */
  survives8bit: Estimate;
  /** Of the attacked. */
  zeroGradient: Estimate;
  /** Calls of the system per example, and what a plain schedule would have made. */
  passes: { gradient: Estimate; forward: Estimate; naive: Passes };
}

const count = ({ data }: NdArray, of: (value: number, i: number) => boolean): number => {
  let total = 0;
  for (let i = 0; i < data.length; i++) if (of(data[i], i)) total++;
  return total;
};

/** The rows of this very request. */
export function findRequest(
  collected: readonly Collected[],
  { measurement, system, dataset, params }: Request<never>,
): Collected | undefined {
  return collected.find(
    ({ request }) =>
      request.measurement.name === measurement.name &&
      request.system === system &&
      request.dataset === dataset &&
      JSON.stringify(request.params) === JSON.stringify(params),
  );
}

export function labelOf({ restarts, loss }: AttackParams, { attack }: Campaign): string {
  const often = attack.random && restarts > 1 ? ` x ${restarts}` : '';
  return `${attack.label}${often}${loss === 'cross-entropy' ? '' : ` (${loss})`}`;
}

/** Accuracy at a radius: correct when clean, and not broken at it or a smaller one; over all examples. */
export function robustAccuracy({ rows }: Collected, radius: number): Estimate {
  const { correct, brokenAt } = rows;
  const robust = count(correct, (c, i) => c === 1 && !broken(brokenAt.data[i], radius));
  return wilson(robust, correct.data.length);
}

export const broken = (brokenAt: number, radius: number): boolean => brokenAt >= 0 && brokenAt <= radius;

export function attackResult(
  on: Pick<AttackResult, 'system' | 'dataset' | 'params'>,
  collected: Collected,
  verified: Collected | undefined,
): AttackResult {
  const { rows } = collected;
  const n = rows.correct.data.length;
  const campaign = campaignOf(on.params);
  const attacked = count(rows.correct, (c) => c === 1);
  const brokenCount = count(rows.brokenAt, (at) => at >= 0);
  const among = (row: NdArray | undefined, value: number) =>
    row ? count(row, (v, i) => rows.brokenAt.data[i] >= 0 && v === value) : 0;
  return {
    ...on,
    campaign,
    label: labelOf(on.params, campaign),
    n,
    collected,
    verified,
    clean: wilson(attacked, n),
    robust: on.params.epsilons.map((_, k) => robustAccuracy(collected, k)),
    broken: brokenCount,
    disagreements: among(verified?.rows.misclassified, 0),
    outside: among(verified?.rows.inside, 0),
    survives8bit: wilson(among(verified?.rows.survives8bit, 1), verified ? brokenCount : 0),
    zeroGradient: wilson(
      count(rows.zeroGradient, (z) => z === 1),
      attacked,
    ),
    passes: {
      gradient: meanOf(rows.gradient.data),
      forward: meanOf(rows.forward.data),
      naive: naiveCost(campaign, on.system.stochastic),
    },
  };
}
