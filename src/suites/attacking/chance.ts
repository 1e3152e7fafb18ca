/** What is put down to chance, where verdicts of attacks are compared. */
export const CHANCE = {
  /** Shares that differ by less are taken for chance. */
  points: 0.002,
  /** Probability below which chance is ruled out: a stochastic system gives every verdict anew. */
  probability: 0.05,
  /** Up to this share of verdicts on a stochastic system may be chance without more than a note. */
  share: 0.05,
} as const;
