import {
  type AttackingOptions,
  attackingOptions,
  optionsOfEveryAttack,
  type ResolvedAttack,
  resolveAttack,
} from '../../src/attack.js';
import {
  type AttackRows,
  attackRequest,
  classifiedOf,
  type OutputRows,
  type PerturbedRows,
  perturbedRequest,
} from '../../src/measurements.js';
import {
  type Classified,
  drawnBinSums,
  type Estimate,
  ece,
  equalWidth,
  jointBootstrap,
  meanOfDraws,
  signedGap,
} from '../../src/metrics.js';
import {
  type Catalogue,
  type CollectedRows,
  type DatasetInfo,
  labelledTestSets,
  type Measure,
  measure,
  type NotApplicable,
  type Request,
  type SuiteContext,
  type SystemInfo,
  Type,
} from '../../src/suite.js';

/** Its rows. */
export const SHEET = 'calibration-under-attack';

/** Attacks whose images the calibration is measured on, with the options of the suite attack. */
export const underOption = (catalogue: Catalogue) =>
  Type.Array(
    Type.Unsafe<AttackingOptions>(
      Type.Object(
        { ...attackingOptions(catalogue).properties, ...optionsOfEveryAttack(catalogue) },
        { additionalProperties: false },
      ),
    ),
    {
      default: [],
      description:
        'attacks on whose images calibration is measured too, with the options of the suite attack; what it has stored with the same ones is used',
    },
  );

/** What is asked of one system on one data set, for one attack. */
interface Asked {
  system: SystemInfo;
  dataset: DatasetInfo;
  planned: ResolvedAttack;
  /** In words: told apart from the other attacks by it. */
  attack: string;
  attacked: Request<AttackRows>;
  shown: Request<PerturbedRows>;
}

const attackable = ({ offers }: SystemInfo) => offers.includes('inputGradient');

function asked(context: SuiteContext, { under }: { under: AttackingOptions[] }): Asked[] {
  return labelledTestSets(context).flatMap((dataset) =>
    context.systems.filter(attackable).flatMap((system) => {
      const resolved = under.map((options) => resolveAttack(options, system, context.catalogue));
      const names = told(resolved.map((planned, i) => inWords(planned, under[i]!)));
      return under.map((options, i) => {
        const planned = resolved[i]!;
        const attacked = attackRequest(system.name, dataset.name, planned.params, options.examples);
        const looking = { norm: planned.params.norm, draws: Math.max(1, planned.params.confirm) };
        const shown = perturbedRequest(system, attacked, looking);
        return { system, dataset, planned, attack: names[i]!, attacked, shown };
      });
    }),
  );
}

const inWords = ({ label, params: { norm, epsilons } }: ResolvedAttack, { keep }: AttackingOptions): string =>
  [label, norm, epsilons.at(-1), keep].filter((part) => part !== undefined).join(' ');

/** Names that differ in nothing they say are numbered. */
const told = (names: readonly string[]): string[] =>
  names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length;
    return before === 0 ? name : `${name} (${before + 1})`;
  });

export const attackRequests = (context: SuiteContext, options: { under: AttackingOptions[] }): Request[] =>
  asked(context, options).flatMap(({ attacked, shown }) => [attacked, shown]);

/** Predictions of attacked images, and how calibrated they are. */
export interface UnderAttack extends Pick<Asked, 'system' | 'dataset' | 'planned' | 'attack'> {
  indices: ArrayLike<number>;
  classified: Classified;
  estimates: Record<'ece' | 'nll' | 'signed-gap', Estimate>;
}

export function underAttack(
  context: SuiteContext,
  options: { under: AttackingOptions[]; bins: number; resamples: number },
  collected: CollectedRows,
): UnderAttack[] {
  return asked(context, options).flatMap(({ system, dataset, planned, attack, shown }) => {
    const rows = collected.get(shown as Request<OutputRows>);
    if (!rows) return [];
    const classified = classifiedOf(rows);
    const { confidence, correct, n } = classified;
    const sumsOf = drawnBinSums(equalWidth(confidence, options.bins), confidence, correct);
    const nll = meanOfDraws(classified.nll);
    const estimates = jointBootstrap(
      n,
      [
        {
          of: (times: Uint8Array) => {
            const sums = sumsOf(times);
            return { ece: ece(sums), 'signed-gap': signedGap(sums), nll: nll(times) };
          },
          centred: ['ece'],
          gaps: { ece: 1 },
          within: [0, 1] as const,
        },
      ],
      { seed: context.seed, resamples: options.resamples },
    );
    return [{ system, dataset, planned, attack, indices: rows.indices, classified, estimates }];
  });
}

const MEASURES = [
  { key: 'ece', title: 'ECE', format: 'percent', better: 'lower' },
  { key: 'nll', title: 'NLL (nats)', format: 'number', better: 'lower' },
  { key: 'signed-gap', title: 'Confidence - accuracy', format: 'percent', better: 'none' },
] as const;

export const UNDER_ATTACK = MEASURES.map(({ key }) => `${key}-under-attack`);

export function underAttackMeasures(suite: string, results: readonly UnderAttack[], bins: number): Measure[] {
  return results.flatMap(({ system, dataset, planned, attack, estimates }) =>
    MEASURES.map(({ key, title, format, better }) => {
      const epsilon = planned.params.epsilons.at(-1);
      const binned: Measure['params'] = key === 'nll' ? {} : { bins };
      return measure(
        {
          suite,
          measure: `${key}-under-attack`,
          title: `${title} under ${attack}`,
          model: system.name,
          dataset: dataset.name,
          params: { ...binned, ...planned.about, ...(epsilon !== undefined && { epsilon }), attack },
          format,
          better,
          rows: {
            sheet: SHEET,
            where: { model: system.name, dataset: dataset.name, attack },
            ...(key === 'nll'
              ? { statistic: 'mean', columns: { value: 'nll' } }
              : {
                  statistic: key,
                  columns: { confidence: 'confidence', outcome: 'correct' },
                  options: { bins },
                }),
          },
        },
        estimates[key],
      );
    }),
  );
}

/** Systems that cannot be attacked, where it was asked for. */
export function notAttackable(
  suite: string,
  { systems }: SuiteContext,
  { under }: { under: AttackingOptions[] },
): NotApplicable[] {
  if (under.length === 0) return [];
  return systems
    .filter((system) => !attackable(system))
    .map(({ name, lacks }) => ({
      suite,
      model: name,
      what: 'under attack',
      reason: lacks.inputGradient ?? 'it has no input gradient',
    }));
}
