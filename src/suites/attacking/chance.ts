/** What is put down to chance, where verdicts of attacks are compared. */

/** Shares that differ by less are taken for chance. */
export const POINTS = 0.002;
/** Probability below which chance is ruled out: a stochastic system gives every verdict anew. */
export const RARE = 0.05;
/** Up to this share of verdicts on a stochastic system may be chance without more than a note. */
export const UNLUCKY = 0.05;
