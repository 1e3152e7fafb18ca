import type { SystemInfo, Warning } from '../../src/suite.js';
import type { Compared } from './deviation.js';
import type { JemOptions } from './options.js';
import type { Cast } from './requests.js';
import type { Robustness } from './robustness.js';

/** What must not be read into the numbers. */
export function jemWarnings(
  suite: string,
  { model, published, trainMode, refined, test }: Cast,
  robustness: readonly Robustness[],
  { steps, searches, examples }: JemOptions,
  compared: readonly Compared[],
): Warning[] {
  const bound = refined.filter(({ system, full }) => full === undefined && passesSampler(system));
  const shorter = [
    ...(steps < 40 ? [`${steps} steps in place of 40`] : []),
    ...(searches < 20 ? [`${searches} searches in place of 20`] : []),
    ...(examples < 300 ? [`${examples} images in place of 300`] : []),
  ];
  const inTraining = trainMode && worthOfTraining(compared);
  return [
    ...(inTraining
      ? [
          {
            suite,
            model: published.name,
            dataset: test.name,
            code: 'train-mode-batch-norm',
            severity: 'warning' as const,
            message: `"${published.name}" is evaluated as the JEM code does it, with batch normalisation in training mode: ${inTraining} in evaluation mode${robustness.length > 0 ? '; attacks are in evaluation mode, as in the public code' : ''}`,
            why: 'an image is then normalised by the 100 of its batch: its scores depend on the images beside it, and an OOD set is told apart as a whole',
            fix: 'quote the column "as it should be"; for a checkpoint whose own code calls `eval()`, as that of SADA-JEM, set `trainMode: false`',
          },
        ]
      : []),
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

/** Both accuracies. */
function worthOfTraining(compared: readonly Compared[]): string | undefined {
  const { deviations = [] } = compared.find(({ params }) => params.quantity === 'accuracy') ?? {};
  const found = deviations.find(({ name }) => name === 'train-mode-batch-norm');
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return found && `accuracy is ${percent(found.with)} there, and ${percent(found.without)}`;
}

/** Whether attacks take the chains of a system for the identity. */
const passesSampler = ({ purified }: SystemInfo): boolean =>
  purified !== undefined && purified.steps > 0 && purified.gradient === 'straight-through';
