import type { SystemInfo, Warning } from '../../src/suite.js';
import type { JemOptions } from './options.js';
import type { Cast } from './requests.js';
import type { Robustness } from './robustness.js';

/** What must not be read into the numbers. */
export function jemWarnings(
  suite: string,
  { model, refined, test }: Cast,
  robustness: readonly Robustness[],
  { steps, searches, examples }: JemOptions,
): Warning[] {
  const bound = refined.filter(({ system, full }) => full === undefined && passesSampler(system));
  const shorter = [
    ...(steps < 40 ? [`${steps} steps in place of 40`] : []),
    ...(searches < 20 ? [`${searches} searches in place of 20`] : []),
    ...(examples < 300 ? [`${examples} images in place of 300`] : []),
  ];
  return [
    ...(bound.length > 0
      ? [
          {
            suite,
            code: 'purification-upper-bound',
            severity: 'note' as const,
            message: `robust accuracies of ${bound.map(({ system }) => `"${system.name}"`).join(', ')} are upper bounds: gradients pass the sampler as if it were not there`,
            why: 'gradients through the whole chain are stronger',
            fix: 'name a system with the full gradient: `refined: [{ system: ..., full: ... }]`',
          },
        ]
      : []),
    ...(robustness.length > 0 && shorter.length > 0
      ? [
          {
            suite,
            model: model.name,
            dataset: test.name,
            code: 'shortened-attack',
            severity: 'note' as const,
            message: `the published search was run with ${shorter.join(', ')}`,
            why: 'its curve is then not the one that the paper would have had of this checkpoint',
            fix: 'leave `steps`, `searches` and `examples` at their defaults for numbers to compare with the paper',
          },
        ]
      : []),
  ];
}

/** Whether attacks take the chains of a system for the identity. */
const passesSampler = ({ purified }: SystemInfo): boolean =>
  purified !== undefined && purified.steps > 0 && purified.gradient === 'straight-through';
