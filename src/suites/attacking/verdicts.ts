/**
 * Whether an example counts as broken at a radius: it broke there or at a smaller one. Both are positions among the
 * sorted radii; -1 for none.
 */
export const broken = (brokenAt: number, radius: number): boolean => brokenAt >= 0 && brokenAt <= radius;
