import { parseEpsilon } from '../../src/attack.js';
import { type AttackPathRows, attackPath } from '../../src/measurements.js';
import { type Estimate, meanOf } from '../../src/metrics.js';
import {
  type Collected,
  type CollectedRows,
  cell,
  type ExampleSheet,
  type LineFigure,
  type Measure,
  measure,
  onceFor,
  point,
  type Request,
  request,
  type SystemInfo,
  type Table,
} from '../../src/suite.js';
import { NAME } from './measures.js';
import type { EnergyOptions } from './options.js';
import type { Sets } from './sets.js';

const SHEET = 'energy-paths';

/** What is followed along the attack, as the change since the image itself. */
const followed = [
  { id: 'log-px', column: 'log_px_change', title: 'log p(x)', of: 'logPx' },
  { id: 'log-pxy', column: 'log_pxy_change', title: 'log p(x, y) of the label', of: 'logPxy' },
  { id: 'log-pxt', column: 'log_pxt_change', title: 'log p(x, t) of the target', of: 'logPxt' },
] as const;
type Followed = (typeof followed)[number];

/** Images of one system on their way through one attack. */
export interface Path {
  system: SystemInfo;
  dataset: string;
  targeted: boolean;
  options: EnergyOptions['path'];
  collected: Collected<AttackPathRows>;
}

/** Why there are none; undefined where there are. */
export function pathless(
  { stochastic, offers, lacks, classes }: SystemInfo,
  { reference }: Sets,
): string | undefined {
  if (stochastic) return 'it is stochastic: the paths are those of the bare model';
  if (!offers.includes('logits')) return lacks.logits ?? 'it does not classify';
  if (classes.length < 2) return 'it does not classify';
  if (!offers.includes('inputGradient')) return lacks.inputGradient ?? 'it has no gradient';
  return reference.labelled ? undefined : `"${reference.name}" has no labels`;
}

/** Untargeted, then targeted. */
export function pathRequests(
  system: SystemInfo,
  sets: Sets,
  { path: { examples, norm, epsilon, steps } }: EnergyOptions,
): Request<AttackPathRows>[] {
  if (examples === 0 || pathless(system, sets)) return [];
  const { text } = parseEpsilon(epsilon, 'path.epsilon');
  return [false, true].map((targeted) =>
    request({
      measurement: attackPath,
      system: system.name,
      dataset: sets.reference.name,
      params: { norm, epsilons: [text], steps, targeted },
      first: examples,
    }),
  );
}

export function pathsOf(
  system: SystemInfo,
  sets: Sets,
  options: EnergyOptions,
  collected: CollectedRows,
): Path[] {
  return pathRequests(system, sets, options).flatMap((request, i): Path[] => {
    const paths = collected.get(request);
    const { path } = options;
    const on = { system, dataset: sets.reference.name, targeted: i === 1, options: path };
    return paths && paths.indices.length > 0 ? [{ ...on, collected: paths }] : [];
  });
}

/** (n) by how much it has changed after some steps. */
function changes({ collected, options }: Path, { of }: Followed, step: number): Float64Array {
  const { data } = collected.rows[of];
  const width = options.steps + 1;
  return Float64Array.from(collected.indices, (_, i) => data[i * width + step]! - data[i * width]!);
}

const shown = (path: Path) => followed.filter(({ id }) => path.targeted || id !== 'log-pxt');

/** `untargeted`, `targeted`: how it is told in parameters and rows. */
const kindOf = ({ targeted }: Path) => (targeted ? 'targeted' : 'untargeted');

/** The mean change of each number at the last step. */
const ends = onceFor(
  (path: Path) =>
    new Map<Followed, Estimate>(
      shown(path).map((one) => [one, meanOf(changes(path, one, path.options.steps))]),
    ),
);

export function pathMeasures(path: Path): Measure[] {
  const { system, dataset, options } = path;
  const { norm, steps } = options;
  const { text } = parseEpsilon(options.epsilon, 'path.epsilon');
  const attack = kindOf(path);
  return Array.from(ends(path), ([one, change]) =>
    measure(
      {
        suite: NAME,
        measure: `path-${one.id}-change`,
        title: `Change of ${one.title} along ${attack} PGD-${steps}, ${norm} ${text}`,
        model: system.name,
        dataset,
        params: { attack, norm, epsilon: text, steps, examples: path.collected.indices.length },
        better: 'none',
        format: 'number',
        rows: {
          sheet: SHEET,
          where: { model: system.name, dataset, attack, step: steps },
          statistic: 'mean',
          columns: { value: one.column },
        },
      },
      change,
    ),
  );
}

/** A row per system, attack, image and step. */
export function pathSheet(all: readonly Path[]): ExampleSheet {
  return {
    name: SHEET,
    columns: ['model', 'dataset', 'attack', 'index', 'step', 'target', 'prediction', 'log_px'].concat(
      followed.map(({ column }) => column),
    ),
    rows: {
      *[Symbol.iterator]() {
        for (const path of all) {
          const { system, dataset, collected, options } = path;
          const { rows, indices } = collected;
          const width = options.steps + 1;
          for (let step = 0; step < width; step++) {
            const values = followed.map((one) =>
              shown(path).includes(one) ? changes(path, one, step) : null,
            );
            for (const [i, index] of indices.entries()) {
              const [target, prediction] = [rows.target.data[i]!, rows.prediction.data[i * width + step]!];
              yield [
                system.name,
                dataset,
                kindOf(path),
                index,
                step,
                target < 0 ? null : target,
                prediction,
                rows.logPx.data[i * width + step]!,
                ...values.map((of) => of?.[i] ?? null),
              ];
            }
          }
        }
      },
    },
  };
}

export function pathFigures(all: readonly Path[]): LineFigure[] {
  if (all.length === 0) return [];
  const { norm, epsilon, steps } = all[0]!.options;
  return followed.map((one) => ({
    kind: 'lines',
    id: `path-${one.id}`,
    title: `Along an attack: ${one.title}`,
    caption: `Mean change since the image itself, with t intervals; PGD-${steps}, ${norm} ${parseEpsilon(epsilon).text}${one.id === 'log-pxt' ? ', towards another class' : ''}. The energy is minus this.`,
    xLabel: 'attack step',
    yLabel: `change of ${one.title}`,
    yFormat: 'number',
    series: all
      .filter((path) => shown(path).includes(one))
      .map((path) => ({
        name: path.system.name,
        ...(path.targeted && one.id !== 'log-pxt' && { variant: 'towards another class', dashed: true }),
        points: Array.from({ length: steps + 1 }, (_, x) => point(x, meanOf(changes(path, one, x)))),
      })),
  }));
}

export function pathTable(all: readonly Path[]): Table {
  const { norm, epsilon, steps } = all[0]!.options;
  return {
    id: 'paths',
    title: 'log p along attacks',
    caption: `Mean change from the image to the last point of PGD-${steps}, ${norm} ${parseEpsilon(epsilon).text}, from the image itself and never stopped. Untargeted attacks often raise log p(x), which is to lower the energy, and targeted ones lower it (Mirza et al. 2024).`,
    columns: [
      { key: 'model', title: 'Model', format: 'text' },
      { key: 'attack', title: 'Attack', format: 'text' },
      { key: 'n', title: 'n', format: 'text' },
      ...followed.map(({ id: key, title }) => ({ key, title, format: 'number' as const })),
    ],
    rows: all.map((path) => ({
      model: path.system.name,
      attack: kindOf(path),
      n: String(path.collected.indices.length),
      ...Object.fromEntries(
        followed.map((one) => {
          const change = ends(path).get(one);
          return [one.id, change ? cell(change) : null];
        }),
      ),
    })),
  };
}
