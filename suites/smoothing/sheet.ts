import type { Epsilon } from '../../src/attack.js';
import type { ExampleSheet } from '../../src/suite.js';
import { SUITE } from './measures.js';
import { isCertified, isUndecided, type SmoothedResult } from './result.js';

/** Of each radius. */
const flags = (all: readonly boolean[]) => all.map((is) => (is ? 1 : 0)).join(' ');

/** A row an image, model and sigma; `certified`, `known`, `survived` and `undecided` have a number for every radius. */
export function smoothingSheet(results: readonly SmoothedResult[], radii: readonly Epsilon[]): ExampleSheet {
  return {
    name: SUITE,
    columns: [
      ...['model', 'dataset', 'sigma', 'index', 'label', 'selected', 'count', 'draws', 'p_lower'],
      ...[
        'radius',
        'abstained',
        'radius_if_right',
        'certified',
        'known',
        'prediction',
        'right',
        'survived',
        'undecided',
      ],
    ],
    rows: {
      *[Symbol.iterator]() {
        for (const { system, dataset, sigma, images } of results)
          for (const image of images) {
            const { index, label, selected, count, pLower, radius, radiusIfRight, prediction } = image;
            const { draws } = image;
            yield [
              ...[system.name, dataset.name, sigma.text, index, label, selected, count, draws, pLower],
              ...[radius ?? null, radius === undefined, radiusIfRight],
              flags(radii.map(({ value }) => isCertified(image, value))),
              image.known ? flags(image.known) : null,
              ...[prediction ?? null, prediction === label],
              image.survived ? flags(image.survived) : null,
              image.survived ? flags(radii.map(({ value }, k) => isUndecided(image, k, value))) : null,
            ];
          }
      },
    },
  };
}
