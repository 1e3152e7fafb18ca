import { type TunedRows, tunedRequest } from '../../src/measurements.js';
import { type ChosenScore, fittedTo, lackOf } from '../../src/score.js';
import type {
  Collected,
  CollectedRows,
  Request,
  SuiteContext,
  SystemInfo,
  Table,
  Warning,
} from '../../src/suite.js';
import type { Scored } from './scored.js';

/** Options of a score that were chosen for a system. */
export interface Tuned {
  system: SystemInfo;
  score: ChosenScore & Required<Pick<ChosenScore, 'tuning'>>;
  /** Place in the grid. */
  chosen: number;
  /** Of every place. */
  auroc: Float64Array;
  nId: number;
  nOod: number;
  /** Of the pair, which examples it was chosen on. */
  on: readonly Collected[];
}

type Context = Pick<SuiteContext, 'systems' | 'datasets'>;

/** What chooses options: for every system and every score whose options are to be chosen. */
function choices({ systems, datasets }: Context, scores: readonly ChosenScore[]) {
  return systems.flatMap((system) =>
    scores.flatMap((score) => {
      const { tuning, fit, row } = score;
      if (!tuning || lackOf(system, score, datasets)) return [];
      const to = fit && fittedTo(fit, datasets);
      return [
        { system, score: { ...score, tuning }, asked: tunedRequest(system, { ...score, id: row }, to) },
      ];
    }),
  );
}

/** The scores of both sets of the pair, with every setting. */
const pairOf = ({ reference = [] }: Request) => reference;

export const tuneRequests = (context: Context, scores: readonly ChosenScore[]): Request[] =>
  choices(context, scores).flatMap(({ asked }) => [asked, ...pairOf(asked)]);

export function tunedResults(
  collected: CollectedRows,
  context: Context,
  scores: readonly ChosenScore[],
): Tuned[] {
  return choices(context, scores).flatMap(({ system, score, asked }): Tuned[] => {
    const rows: Collected<TunedRows>['rows'] | undefined = collected.get(asked)?.rows;
    if (!rows || rows.chosen.data.length === 0) return [];
    const [chosen, nId, nOod] = [rows.chosen.data[0]!, rows.nId.data[0]!, rows.nOod.data[0]!];
    const on = pairOf(asked).flatMap((request) => collected.get(request) ?? []);
    return [{ system, score, chosen, auroc: Float64Array.from(rows.auroc.data), nId, nOod, on }];
  });
}

const text = (options: Readonly<Record<string, unknown>>, names: readonly string[]) =>
  names.map((name) => `${name} ${options[name]}`).join(', ');

/** Names of options that differ within a grid. */
export const variedIn = (grid: Tuned['score']['tuning']['grid']): string[] =>
  Object.keys(grid[0]!).filter((name) => new Set(grid.map((options) => options[name])).size > 1);

/** A setting that gave no number for some image of the pair. */
const isImpossible = ({ auroc, nId, nOod }: Tuned, at: number) =>
  nId > 0 && nOod > 0 && Number.isNaN(auroc[at]);

const impossibleOf = (one: Tuned): string[] =>
  one.score.tuning.grid.flatMap((options, at) =>
    isImpossible(one, at) ? [text(options, variedIn(one.score.tuning.grid))] : [],
  );

/** What was chosen, on what, from which grid; and which scores keep the options that they were given. */
export function tunedTable(tuned: readonly Tuned[], scores: readonly ChosenScore[]): Table[] {
  if (tuned.length === 0) return [];
  const kept = scores.filter(({ grid, given }) => grid && given.length > 0).map(({ title }) => title);
  const { score, nId, nOod } = tuned[0]!;
  const { id, ood } = score.tuning;
  return [
    {
      id: 'tuned-options',
      title: `Options chosen on ${id.name} against ${ood.name}`,
      caption: `By the AUROC of ${nId} images of ${id.name} and ${nOod} of ${ood.name}, of which nothing else is reported; ties go to the published default. AUROC here is the largest of a grid, and no estimate of how well a score detects.${kept.length > 0 ? ` As they were given, and not chosen: the options of ${kept.join(', ')}.` : ''}`,
      folded: true,
      columns: [
        { key: 'model', title: 'Model', format: 'text' },
        { key: 'score', title: 'Score', format: 'text' },
        { key: 'chosen', title: 'Chosen', format: 'text' },
        { key: 'auroc', title: `AUROC on ${ood.name}`, format: 'number' },
        { key: 'default', title: 'Default', format: 'text' },
        { key: 'before', title: 'AUROC of the default', format: 'number' },
        { key: 'grid', title: 'Grid', format: 'text' },
      ],
      rows: tuned.map((one) => {
        const names = variedIn(one.score.tuning.grid);
        const { grid } = one.score.tuning;
        const impossible = impossibleOf(one);
        return {
          model: one.system.name,
          score: one.score.title,
          chosen: text(grid[one.chosen]!, names),
          auroc: finite(one.auroc[one.chosen]!),
          default: text(grid[0]!, names),
          before: finite(one.auroc[0]!),
          grid: [
            ...names.map(
              (name) => `${name}: ${[...new Set(grid.map((options) => String(options[name])))].join(', ')}`,
            ),
            ...(impossible.length > 0 ? [`impossible: ${impossible.join(' and ')}`] : []),
          ].join('; '),
        };
      }),
    },
  ];
}

const finite = (value: number) => (Number.isFinite(value) ? value : null);

/** Said where options were chosen among fewer than the grid has. */
export const impossibleSettings = (suite: string, tuned: readonly Tuned[]): Warning[] =>
  tuned.flatMap((one) => {
    const impossible = impossibleOf(one);
    if (impossible.length === 0) return [];
    const { id, ood, grid } = one.score.tuning;
    return [
      {
        suite,
        model: one.system.name,
        code: 'settings-impossible',
        severity: 'note',
        message: `${one.score.title} was chosen among ${grid.length - impossible.length} of ${grid.length} settings: ${impossible.join(' and ')} gave no number for some image of "${id.name}" or "${ood.name}"`,
        why: 'a setting may ask for more than there is, such as more neighbours than training images that are kept',
        fix: `nothing, if the others will do; a score that is named with such options is told why it cannot be computed`,
      },
    ];
  });

/** Said where reported images are among those that options were chosen on. */
export function tunedWarnings(suite: string, tuned: readonly Tuned[], scored: readonly Scored[]): Warning[] {
  const [first] = tuned;
  if (!first) return [];
  const { id, ood } = first.score.tuning;
  const reported = new Map(scored.map(({ dataset, indices }) => [dataset, indices]));
  return [...reported].flatMap(([dataset, indices]) =>
    first.on.flatMap((chosenOn): Warning[] => {
      const pair = chosenOn.request.dataset === id.name ? id : ood;
      if (pair.path !== dataset.path || pair.part !== dataset.part) return [];
      const known = new Set(chosenOn.indices);
      const shared = indices.filter((index) => known.has(index)).length;
      if (shared === 0) return [];
      return [
        {
          suite,
          dataset: dataset.name,
          code: 'tuned-on-reported-images',
          severity: 'serious',
          message: `${shared} images of "${dataset.name}" are also in "${pair.name}", on which options were chosen`,
          why: 'what options were chosen on looks better than other images would',
          fix: 'give the two sets different files, or `offset` and `limit` that do not overlap',
        },
      ];
    }),
  );
}
