import type { StreamKey } from '../../random/stream.js';
import type { Probe } from '../../scores/probe.js';
import type { Score, ScoreOptions } from '../../scores/score.js';
import type { Catalogue } from '../catalogue.js';
import { float32, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { distinctOptions, optionsNamed, placeAmong } from '../distinct-options.js';
import { eachBatch } from './batches.js';
import { sized } from './sized.js';
import { chosenOf, type TunedRows } from './tuned-options.js';

export interface ProbeParams {
  /** Name of a probe: scores that ask the same share its rows. */
  probe: string;
  /** Those that it depends on. */
  options: ScoreOptions;
  /** Where they are chosen, those of the whole grid. */
  grid?: readonly ScoreOptions[];
}

export type ProbeRows = RowsIn<Record<string, ReturnType<typeof float32>>>;

function probeNamed(name: string, { scores }: Catalogue): Probe<ScoreOptions> {
  const { probe } = [...scores].find((score) => score.probe?.name === name) ?? {};
  if (probe) return probe;
  throw new Error(`no score has a probe called "${name}"`);
}

/** What a score asks a system itself about each image: the columns that its probe declares. */
export const probe = defineMeasurement({
  name: 'probe',
  version: 1,
  needs: [],
  // As `features` and `clean`: what scores are fitted to is read unit by unit.
  unitSize: 512,
  passes: ({ probe: name, options }: ProbeParams, system, catalogue) =>
    probeNamed(name, catalogue).passes(options, system),
  columns: (system, { probe: name }: ProbeParams, catalogue) =>
    Object.fromEntries(
      Object.entries(probeNamed(name, catalogue).finds(system)).map(([column, width]) => [
        column,
        float32(width),
      ]),
    ),
  async measure(context: MeasureContext<[], [TunedRows?]>, { probe: name, options, grid }: ProbeParams) {
    const { system, examples, seed, catalogue, signal, fail } = context;
    const row = probeNamed(name, catalogue);
    const own = grid?.[chosenOf(context.reference)] ?? options;
    const purpose = `probe/${name}`;
    const widths = Object.entries(row.finds(system.info));
    const columns = Object.fromEntries(
      widths.map(([column, width]) => [column, new Float32Array(examples.n * width)]),
    );
    await eachBatch(context, purpose, async ({ labels: _, ...batch }, start) => {
      const indices = examples.indices.subarray(start, start + batch.n);
      const keys = Array.from(indices, (example): StreamKey => ({ seed, purpose, example }));
      const lost = (at: number, error: Parameters<NonNullable<typeof fail>>[1]) => {
        if (!fail) throw error;
        fail(start + at, error);
      };
      const probed = await row.ask({ system, batch, keys, fail: lost, signal }, own);
      for (const [column, width] of widths) {
        const message = `the probe "${name}" did not find "${column}" of "${system.info.name}"`;
        columns[column]!.set(sized(probed[column], batch.n * width, message), start * width);
      }
    });
    return columns;
  },
});

/** The options that a probe depends on, of these settings of a score: each once, and where those of a setting stand. */
export function probeOptions({ options: names }: Pick<AnyProbe, 'options'>, among: readonly ScoreOptions[]) {
  const all = distinctOptions(among.map((one) => optionsNamed(names, one)));
  return { all, placeOf: (settings: ScoreOptions) => placeAmong(optionsNamed(names, settings), all) };
}

type AnyProbe = NonNullable<Score['probe']>;
type On = Pick<Request, 'system' | 'dataset'>;

/** A request for each of the options that a probe depends on, of these settings of a score. */
export const probeRequests = (
  probed: Pick<AnyProbe, 'name' | 'options'>,
  among: readonly ScoreOptions[],
  on: On,
): Request<ProbeRows>[] =>
  probeOptions(probed, among).all.map((options) =>
    request({ measurement: probe, ...on, params: { probe: probed.name, options } }),
  );

/**
 * @param among settings of the score; the first is the default
 * @param tuned which of them is taken, where there are several
 */
export function probeRequest(
  { name, options: names }: AnyProbe,
  among: readonly ScoreOptions[],
  on: On,
  tuned?: Request<TunedRows>,
): Request<ProbeRows> {
  const grid = among.map((all) => optionsNamed(names, all));
  const options = grid[0]!;
  if (!tuned || distinctOptions(grid).length === 1)
    return request({ measurement: probe, ...on, params: { probe: name, options } });
  return request({ measurement: probe, ...on, params: { probe: name, options, grid }, reference: [tuned] });
}
