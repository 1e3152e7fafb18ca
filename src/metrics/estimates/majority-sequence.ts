import { binomialTerm } from '../distributions/binomial-tail.js';

/** Independent draws of one example so far, and how many of them were right. */
export interface Draws {
  seen: number;
  right: number;
}

/**
 * On which side of 1/2 the probability lies that a draw is right, or undefined while both are possible. One may look after
 * every draw and stop at the first answer: whatever the probability, a wrong answer is ever given with at most 1 - level.
 * That is so because 1/2 is left out of a confidence sequence, which holds the right probability at all times: every p
 * under which what was seen has a probability of at least (1 - level) / (seen + 1), the prior-posterior ratio of a uniform
 * prior (Robbins 1970; Waudby-Smith & Ramdas 2020, section 2; Ville's inequality). All draws alike are an answer after 8.
 */
export function sideOfHalf({ seen, right }: Draws, level = 0.95): 'above' | 'below' | undefined {
  if ((seen + 1) * binomialTerm(right, seen) >= 1 - level) return undefined;
  return 2 * right > seen ? 'above' : 'below';
}

/** The first answer of `sideOfHalf` as outcomes come in, and after how many draws; undefined when there is none. */
export function firstDecision(
  outcomes: readonly boolean[],
  level = 0.95,
): { side: 'above' | 'below'; draws: number } | undefined {
  let right = 0;
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome) right++;
    const side = sideOfHalf({ seen: i + 1, right }, level);
    if (side) return { side, draws: i + 1 };
  }
  return undefined;
}
