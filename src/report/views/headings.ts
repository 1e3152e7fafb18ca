import type { Better } from '../../suites/results.js';

/** The title of a suite; of one that runs several times, what its titles have in common. */
export function sharedTitle(suites: readonly { suite: string; title: string }[], name: string): string {
  const [first, ...more] = suites.filter(({ suite }) => suite === name);
  if (!first) return name;
  return more.length > 0 ? first.title.split(': ')[0]! : first.title;
}

/** Which way is better, for sorting; an arrow, and its words. */
export function direction(better: Better | undefined) {
  if (better === 'higher') return { better, arrow: '↑', meaning: 'higher is better' };
  if (better === 'lower') return { better, arrow: '↓', meaning: 'lower is better' };
  return { better: '', arrow: '', meaning: '' };
}
