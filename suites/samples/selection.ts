import type { SampleSet } from './result.js';

/** Some of the samples, and how they were chosen. */
export interface Selection {
  /** 1: all. */
  share: number;
  /** For reports: `all`, `top 10 % by p(y|x)`. */
  label: string;
  /** (n) */
  chosen: Uint8Array;
  count: number;
}

/** Three digits. */
export const percent = (share: number) => `${Number((100 * share).toPrecision(3))} %`;

/**
 * The most confident samples: of each class, by p(y|x) of the class climbed, as SADA-JEM selects from its buffer (Yang et
 * al. 2022); unconditional ones by their largest p(y|x), whatever the class. Rounded up. Without a classifier there is
 * nothing to choose by.
 */
export function selectionsOf(set: SampleSet, shares: readonly number[]): Selection[] {
  return [...new Set(shares)].flatMap((share) => {
    if (share === 1) return { share, label: 'all', chosen: new Uint8Array(set.n).fill(1), count: set.n };
    const by = set.ofClass ?? set.own?.confidence;
    if (!by) return [];
    const groups = set.conditioned ? groupsOf(set.conditioned) : [Array.from(by, (_, i) => i)];
    const chosen = new Uint8Array(set.n);
    for (const group of groups) {
      const sorted = [...group].sort((a, b) => by[b]! - by[a]! || a - b);
      for (const i of sorted.slice(0, Math.ceil(share * group.length))) chosen[i] = 1;
    }
    const how = set.conditioned ? 'by p(y|x), of each class' : 'by max p(y|x)';
    const count = chosen.reduce((sum, one) => sum + one, 0);
    return { share, label: `top ${percent(share)} ${how}`, chosen, count };
  });
}

function groupsOf(classes: Int32Array): number[][] {
  const groups = new Map<number, number[]>();
  classes.forEach((c, i) => {
    groups.set(c, [...(groups.get(c) ?? []), i]);
  });
  return [...groups.values()];
}
