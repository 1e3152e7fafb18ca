import type { Score } from './score.js';

/** Scores that are asked for by one name. */
export interface ScoreSet {
  name: string;
  title: string;
  has(score: Score): boolean;
}

/** Whether it takes what one forward pass puts out, or saved predictions, and nothing more. */
export const isOfOutputs = ({ needs, probe }: Pick<Score, 'needs' | 'probe'>): boolean =>
  !probe && needs.every((need) => need === 'logits' || need === 'logPx');

/** What OpenOOD calls msp, temp_scaling, odin, mds, rmds, ebo, gradnorm, react, mls, klm, vim, knn, dice, rankfeat, ash, she, gen, nnguide, relation, scale, fdbd, nci, vra, adascale. */
const OPENOOD: readonly string[] = [
  ...['max-softmax', 'temp-scaled-msp', 'odin', 'mahalanobis', 'rmds', 'energy', 'gradnorm', 'react'],
  ...['max-logit', 'kl-matching', 'vim', 'knn', 'dice', 'rankfeat', 'ash-b', 'she', 'gen', 'nnguide'],
  ...['relation', 'scale', 'fdbd', 'nci', 'vra', 'adascale-a', 'adascale-l'],
];

/** Names that stand for several scores, wherever scores are named. */
export const scoreSets: readonly ScoreSet[] = [
  { name: 'all', title: 'every score there is', has: () => true },
  {
    name: 'all-of-logits',
    title: 'every score that takes nothing but logits and log p(x), and is not fitted',
    has: (score) => isOfOutputs(score) && !score.fit,
  },
  {
    name: 'openood',
    title: "those of OpenOOD's leaderboard that need no training of their own",
    has: ({ id }) => OPENOOD.includes(id),
  },
];
