import { pairedCounts, signTest } from '../../src/metrics.js';
import type { PurificationResult } from './result.js';
import type { UnderAttack } from './under-attack.js';
import type { Judged } from './verdicts.js';

/** By which answer images of two attacks are judged: both by the same. */
export type Rule = 'first draw' | 'mean logits';

/** What is answered at the point that an attack kept of each image. */
export interface Answers {
  title: string;
  indices: Int32Array;
  /** (n): 1 where it is right. */
  right: ArrayLike<number>;
}

const answers = (title: string, indices: Int32Array, judged: Judged, rule: Rule): Answers => ({
  ...{ title, indices },
  right: rule === 'first draw' ? judged.first : judged.right['mean-logits'],
});

/** Of an attack on the whole; undefined without draws. */
export function answersUnder({ climb, indices, judged }: UnderAttack, rule: Rule): Answers | undefined {
  return judged && answers(climb.rung.title, indices, judged, rule);
}

/** Of the transferred images; undefined without draws. @param k position among the numbers of steps */
export function answersToTransferred(
  { steps, transfers }: PurificationResult,
  k: number,
): Answers | undefined {
  const found = transfers.find((one) => one.steps === steps[k]);
  return found && answers('transfer', found.indices, found.judged, 'mean logits');
}

/** With a fixed seed every draw is the same, so that what was broken is wrong by any rule. */
export const answersWithFixedSeed = ({ climb, indices, spared }: UnderAttack): Answers => ({
  ...{ title: climb.rung.title, indices, right: Array.from(spared, Number) },
});

/** The attack on the whole with fresh draws behind which the fewest answers are right; and of how many it was chosen. */
export function strongest(
  { rungs, steps }: PurificationResult,
  k: number,
  rule: Rule,
): (Answers & { of: number }) | undefined {
  const all = rungs
    .filter((one) => one.steps === steps[k] && !one.climb.rung.fixed)
    .flatMap((one) => answersUnder(one, rule) ?? []);
  const least = all.reduce<Answers | undefined>(
    (best, one) => (best && share(best) <= share(one) ? best : one),
    undefined,
  );
  return least && { ...least, of: all.length };
}

const share = ({ right }: Answers) => Array.from(right).reduce((sum, one) => sum + one, 0) / right.length;

export interface Compared {
  /** Accuracy behind B above that behind A, on the images of both. */
  lead: number;
  /** One-sided sign test: how likely chance alone breaks so many more by A. */
  p: number;
  seen: string;
}

/**
 * Whether A breaks more images than B, of those that both had.
 * @param chosen of how many attacks A is the one that broke the most: p is multiplied by it (Bonferroni)
 */
export function breaksMore(a: Answers, b: Answers, rule: Rule, chosen = 1): Compared {
  const other = new Map(Array.from(b.indices, (example, i) => [example, b.right[i]!]));
  const both = Array.from(a.indices.keys()).filter((i) => other.has(a.indices[i]!));
  const { onlyA: onlyByB, onlyB: onlyByA } = pairedCounts(
    both.map((i) => a.right[i]!),
    both.map((i) => other.get(a.indices[i]!)!),
  );
  const p = Math.min(1, chosen * signTest(onlyByA, onlyByA + onlyByB));
  const adjusted = chosen > 1 ? `, times ${chosen} attacks` : '';
  return {
    lead: (onlyByA - onlyByB) / Math.max(1, both.length),
    p,
    seen:
      `of ${both.length} images, judged by ${rule}, ${onlyByA} wrong for ${a.title} only, ` +
      `${onlyByB} for ${b.title} only (sign test, p ${p < 1e-4 ? '< 0.0001' : `= ${p.toPrecision(2)}`}${adjusted})`,
  };
}
