import {
  type AttackRows,
  attackRequest,
  evadeRequest,
  type OutputRows,
  type PerturbedRows,
  perturbedRequest,
  unperturbedRequest,
} from '../../src/measurements.js';
import { lackOf, type Score, scoresNamed } from '../../src/score.js';
import type { DatasetInfo, Request, SuiteContext, SystemInfo } from '../../src/suite.js';
import { type DetectorAttack, type RobustOodOptions, resolveDetectorAttack } from './options.js';

/** OOD images led to look familiar to one detector: an attack of its own at every radius. */
export interface RaiseRequests {
  system: SystemInfo;
  planned: DetectorAttack;
  score: Score;
  id: DatasetInfo;
  ood: DatasetInfo;
  cleanId: Request<OutputRows>;
  cleanOod: Request<OutputRows>;
  /** By radius. */
  raised: readonly { attacked: Request<AttackRows>; shown: Request<PerturbedRows> }[];
}

/** Images led to be misclassified and accepted by one detector, beside a plain attack. */
export interface EvadeRequests {
  system: SystemInfo;
  planned: DetectorAttack;
  score: Score;
  id: DatasetInfo;
  /** What the threshold is taken from. */
  reference: DatasetInfo;
  accepted: Request<OutputRows>;
  /** All of the test set, and the examples that are attacked. */
  cleanId: Request<OutputRows>;
  clean: Request<OutputRows>;
  plain: Request<AttackRows>;
  plainShown: Request<PerturbedRows>;
  evaded: Request<AttackRows>;
  evadedShown: Request<PerturbedRows>;
}

export const testSets = ({ datasets }: Pick<SuiteContext, 'datasets'>) =>
  datasets.filter(({ role }) => role === 'test');
export const oodSets = ({ datasets }: Pick<SuiteContext, 'datasets'>) =>
  datasets.filter(({ role }) => role === 'ood');

/** Held-out images where the run has some, and otherwise the test set itself. */
export const referenceOf = ({ datasets }: Pick<SuiteContext, 'datasets'>, id: DatasetInfo): DatasetInfo =>
  datasets.find(({ role }) => role === 'validation') ?? id;

/** The scores that a system supports. */
const supported = (system: SystemInfo, { scores }: RobustOodOptions, { datasets, catalogue }: SuiteContext) =>
  scoresNamed(scores, catalogue).filter((score) => !lackOf(system, score, datasets));

export function raiseRequestsFor(context: SuiteContext, options: RobustOodOptions): RaiseRequests[] {
  return context.systems.flatMap((system) => {
    const plan = resolveDetectorAttack(options, system, context.catalogue);
    const look = { norm: options.norm, draws: options.confirm };
    const clean = ({ name }: DatasetInfo, first?: number) => unperturbedRequest(system, name, look, first);
    return testSets(context).flatMap((id) =>
      oodSets(context).flatMap((ood) =>
        supported(system, options, context).map((score) => ({
          system,
          planned: plan,
          score,
          id,
          ood,
          cleanId: clean(id),
          cleanOod: clean(ood, options.examples),
          raised: plan.params.epsilons.map((epsilon) => {
            const params = {
              ...plan.params,
              epsilons: [epsilon],
              goal: { kind: 'raise', score: score.id } as const,
              keep: 'strongest' as const,
            };
            const attacked = attackRequest(system.name, ood.name, params, options.examples);
            return { attacked, shown: perturbedRequest(system, attacked, look) };
          }),
        })),
      ),
    );
  });
}

export function evadeRequestsFor(context: SuiteContext, options: RobustOodOptions): EvadeRequests[] {
  return context.systems.flatMap((system) => {
    const plan = resolveDetectorAttack(options, system, context.catalogue);
    const look = { norm: options.norm, draws: options.confirm };
    return testSets(context)
      .filter(({ labelled }) => labelled)
      .flatMap((id) => {
        const reference = referenceOf(context, id);
        const accepted = unperturbedRequest(system, reference.name, look);
        const clean = unperturbedRequest(system, id.name, look, options.examples);
        const attack = { ...plan.params, keep: 'first' as const };
        const plain = attackRequest(
          system.name,
          id.name,
          { ...attack, goal: { kind: 'mistake' } },
          options.examples,
        );
        return supported(system, options, context).map((score) => {
          const evaded = evadeRequest({ attack, score: score.id }, clean, accepted);
          return {
            system,
            planned: plan,
            score,
            id,
            reference,
            accepted,
            cleanId: unperturbedRequest(system, id.name, look),
            clean,
            plain,
            plainShown: perturbedRequest(system, plain, look),
            evaded,
            evadedShown: perturbedRequest(system, evaded, look),
          };
        });
      });
  });
}
