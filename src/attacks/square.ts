import { type Static, Type } from '../config/type.js';
import { defineAttack, type Subject, type Trajectory } from './attack.js';
import { pyramidSearch } from './square-pyramids.js';
import type { Search } from './square-search.js';
import { stripeSearch } from './square-stripes.js';

export const SquareOptions = Type.Object({
  queries: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 5000,
    description: 'Candidates per restart, a forward pass each.',
  }),
  p: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.8,
    description: 'Share of the image that the first windows cover; it shrinks on a fixed schedule.',
  }),
});

const searches: Readonly<Record<string, (subject: Subject) => Search>> = {
  Linf: stripeSearch,
  L2: pyramidSearch,
  L1: pyramidSearch,
};

/** Queries, of 10,000, after which the share of the image has been halved once more (Andriushchenko et al. 2020, 3.1). */
const HALVINGS = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];

/** Share of the image that a window covers at a query counted from 0; the schedule stretches to all `queries`. */
export function windowShare(p: number, query: number, queries: number): number {
  const at = Math.trunc((query / queries) * 10_000);
  return p / 2 ** HALVINGS.filter((after) => at > after).length;
}

/**
 * Random search (Andriushchenko et al. 2020, Algorithm 1): a candidate differs from the best point in a square
 * window and takes its place when the margin rises. Where an example's windows lie depends on no other example, and
 * every pixel can be reached.
 */
export const square = defineAttack<Static<typeof SquareOptions>>({
  name: 'square',
  title: 'Square attack',
  source: 'Andriushchenko et al. 2020',
  options: SquareOptions,
  losses: ['margin'],
  norms: Object.keys(searches),
  label: ({ queries, p }) =>
    `Square-${queries}${p === SquareOptions.properties.p.default ? '' : ` (p ${p})`}`,
  random: () => true,
  cost: ({ queries }) => ({ gradient: 0, forward: queries + 1 }),
  *run(subject, { queries, p }): Trajectory {
    const search = searches[subject.norm.name]!(subject);
    let { loss: highest } = yield { kind: 'forward', pixels: search.start, step: 0 };
    for (let query = 0; query < queries; query++) {
      const candidate = search.propose(windowShare(p, query, queries));
      // The point it came from: its answer is known.
      if (!candidate) continue;
      const { loss } = yield { kind: 'forward', pixels: candidate, step: query + 1 };
      search.settle(loss > highest);
      highest = Math.max(highest, loss);
    }
  },
});
