import type { Epsilon } from '../../src/attack.js';
import { type AttackRows, brokenAtRadius, type SmoothedCountsRows } from '../../src/measurements.js';
import {
  bootstrap,
  type Certificate,
  certaintyOf,
  certificateOf,
  type Estimate,
  isSettled,
  meanOf,
  meanStatistic,
  smoothedPrediction,
  wilson,
} from '../../src/metrics.js';
import type { Collected, DatasetInfo, SystemInfo } from '../../src/suite.js';

/** What is known of one image. */
export interface SmoothedImage extends Certificate {
  index: number;
  label: number;
  /** The certified radius where the class is the label, else 0. */
  radiusIfRight: number;
  /** Draws that its certificate rests on. */
  draws: number;
  /** In the order of the radii, whether it is known that it is certified there, or that it cannot be; undefined where draws do not end early. */
  known: readonly boolean[] | undefined;
  /** By PREDICT; undefined where it abstains. */
  prediction: number | undefined;
  /** In the order of the radii: right by its votes, and not broken by the attack; undefined where there was none. */
  survived: readonly boolean[] | undefined;
}

/** A system at one sigma. */
export interface SmoothedResult {
  system: SystemInfo;
  dataset: DatasetInfo;
  sigma: Epsilon;
  images: readonly SmoothedImage[];
  /** PREDICT gives the label; to abstain is a mistake. */
  accuracy: Estimate;
  averageRadius: Estimate;
  /** Of estimation, an image. */
  draws: Estimate;
  /** CERTIFY gives no class. */
  abstained: Estimate;
  /** In the order of the radii: CERTIFY gives the label, and at least this radius. */
  certified: readonly Estimate[];
  /** Right, and not broken: at most so many are, but for the chance of votes. */
  upper: readonly Estimate[] | undefined;
  /** Neither certified nor broken. */
  undecided: readonly Estimate[] | undefined;
  /** Certified, and broken all the same: by chance, of the certificate or of the votes. */
  contradicted: readonly number[] | undefined;
}

export function smoothedResult(
  about: Pick<SmoothedResult, 'system' | 'dataset' | 'sigma'>,
  { rows, indices, labels = new Int32Array(0) }: Collected<SmoothedCountsRows>,
  /** `anytime`: images were drawn as often as they needed, and not all alike. */
  {
    alpha,
    radii,
    anytime,
    seed,
  }: { alpha: number; radii: readonly Epsilon[]; anytime: boolean; seed: number },
  attacked?: Collected<AttackRows>,
): SmoothedResult {
  const width = about.system.classes.length;
  const countsOf = (counts: Int32Array, i: number) => counts.subarray(i * width, (i + 1) * width);
  const place = new Map(Array.from(attacked?.indices ?? [], (index, i) => [index, i]));
  const images = Array.from(indices, (index, i): SmoothedImage => {
    const estimation = countsOf(rows.estimation.data, i);
    const selection = countsOf(rows.selection.data, i);
    const settings = { sigma: about.sigma.value, alpha };
    const certain = anytime ? certaintyOf(selection, estimation, settings) : undefined;
    const found: Certificate = certain ?? certificateOf(selection, estimation, settings);
    const label = labels[i]!;
    return {
      ...found,
      index,
      label,
      radiusIfRight: found.selected === label ? (found.radius ?? 0) : 0,
      draws: estimation.reduce((sum, count) => sum + count, 0),
      known: certain && radii.map(({ value }) => isSettled(certain, { radii: [value] })),
      prediction: anytime ? decided(found) : smoothedPrediction(estimation, alpha),
      survived: attacked && survivedOf(attacked, place.get(index), radii),
    };
  });
  const share = (is: (image: SmoothedImage) => boolean) => wilson(images.filter(is).length, images.length);
  const shares = (is: (image: SmoothedImage, k: number) => boolean) =>
    attacked && radii.map((_, k) => share((image) => is(image, k)));
  const proved = (image: SmoothedImage, k: number) => isCertified(image, radii[k]!.value);
  return {
    ...about,
    images,
    upper: shares(({ survived }, k) => survived?.[k] === true),
    undecided: shares((image, k) => isUndecided(image, k, radii[k]!.value)),
    contradicted:
      attacked &&
      radii.map((_, k) => images.filter((image) => proved(image, k) && image.survived?.[k] === false).length),
    accuracy: share(({ prediction, label }) => prediction === label),
    // Many radii are 0, and none is below: an interval by Student's t may be.
    averageRadius: bootstrap(images.length, meanStatistic(images.map(({ radiusIfRight }) => radiusIfRight)), {
      seed,
    }),
    draws: meanOf(images.map(({ draws }) => draws)),
    abstained: share(({ radius }) => radius === undefined),
    certified: radii.map(({ value }) => share((image) => isCertified(image, value))),
  };
}

/** Of each radius: the first is 0, the others are those of the attack. */
function survivedOf(
  { rows }: Collected<AttackRows>,
  i: number | undefined,
  radii: readonly Epsilon[],
): boolean[] | undefined {
  if (i === undefined) return undefined;
  const right = rows.correct.data[i] === 1;
  const brokenAt = Number(rows.brokenAt.data[i]);
  return radii.map((_, k) => right && (k === 0 || !brokenAtRadius(brokenAt, k - 1)));
}

/** The class, where it has more than half of the probability: the binomial test of PREDICT takes a fixed number of draws. */
const decided = ({ selected, pLower }: Certificate): number | undefined =>
  pLower > 0.5 ? selected : undefined;

/** Whether an image is right at every point nearer than a radius. */
export const isCertified = ({ selected, label, radius }: SmoothedImage, at: number): boolean =>
  selected === label && radius !== undefined && radius >= at;

/** Whether it is neither certified at a radius, the k-th, nor broken there. */
export const isUndecided = (image: SmoothedImage, k: number, at: number): boolean =>
  image.survived?.[k] === true && !isCertified(image, at);
