import { refuseContradiction } from '../../src/attack.js';
import type { AttackRows, BoundsLookRows, CertifiedRows } from '../../src/measurements.js';
import { brokenAtRadius } from '../../src/measurements.js';
import { type Estimate, wilson } from '../../src/metrics.js';
import type { Collected, DatasetInfo, SystemInfo } from '../../src/suite.js';
import type { CertifiedOptions } from './options.js';

type Method = CertifiedOptions['methods'][number];

/** A system at one radius, by one method; arrays of n. */
export interface CertifiedResult {
  system: SystemInfo;
  dataset: DatasetInfo;
  method: Method;
  norm: CertifiedOptions['norm'];
  epsilon: string;
  indices: Int32Array;
  labels: Int32Array;
  /** Lower bounds of the margin, less what rounding may take: of this ball, or of a larger one; NaN where none was computed. */
  margin: Float64Array;
  rounding: Float64Array;
  proved: readonly boolean[];
  /** Whether the attack found nothing; undefined where there was none. */
  survived: readonly boolean[] | undefined;
  /** Proved: at least so many are robust. */
  lower: Estimate;
  /** Not broken: at most so many are. */
  upper: Estimate | undefined;
  /** Neither proved nor broken. */
  undecided: Estimate | undefined;
  /** Of the first images, whether there is hope. */
  look: BoundsLookRows | undefined;
}

const share = (outcome: readonly boolean[]) => wilson(outcome.filter(Boolean).length, outcome.length);

/**
 * Margins of balls of growing radius, by one method: what is proved in a ball holds in every smaller one. Lines differ from ball to
 * ball, so that the bound of a larger one is at times the better.
 */
export function tightened(radii: readonly Collected<CertifiedRows>[]): Float64Array[] {
  const known = new Map<number, number>();
  return radii
    .toReversed()
    .map(({ rows, indices }) =>
      Float64Array.from(rows.margin.data, (own, i) => {
        const least = Math.max(own, known.get(indices[i]!) ?? Number.NEGATIVE_INFINITY);
        known.set(indices[i]!, least);
        return least;
      }),
    )
    .reverse();
}

/**
 * Errors: `suite-failed` where an attack breaks what is proved: one of the two is wrong, and neither number holds.
 */
export function certifiedResult(
  about: Pick<CertifiedResult, 'system' | 'dataset' | 'method' | 'norm' | 'epsilon' | 'margin' | 'look'>,
  { rows, indices, labels = new Int32Array(0) }: Collected<CertifiedRows>,
  attacked: { rows: Collected<AttackRows>; radius: number } | undefined,
): CertifiedResult {
  const { margin } = about;
  const proved = Array.from(margin, (least) => least > 0);
  const survived = attacked && outcomes(indices, attacked.rows, attacked.radius);
  const broken = Array.from(indices).filter((_, i) => proved[i] && survived?.[i] === false);
  refuseContradiction({
    method: about.method,
    system: about.system.name,
    dataset: about.dataset.name,
    ball: `${about.norm} ${about.epsilon}`,
    examples: broken,
  });
  return {
    ...about,
    indices,
    labels,
    rounding: Float64Array.from(rows.rounding.data),
    proved,
    survived,
    lower: share(proved),
    upper: survived && share(survived),
    undecided: survived && share(proved.map((is, i) => !is && survived[i]!)),
  };
}

/** Whether each example is right and was not broken up to a radius. */
function outcomes(
  indices: Int32Array,
  { rows, indices: attacked }: Collected<AttackRows>,
  radius: number,
): boolean[] {
  const place = new Map(Array.from(attacked, (example, i) => [example, i]));
  return Array.from(indices, (example) => {
    const i = place.get(example);
    return (
      i !== undefined && rows.correct.data[i] === 1 && !brokenAtRadius(Number(rows.brokenAt.data[i]), radius)
    );
  });
}
