import type { SystemInfo } from '../../models/system.js';
import { float32, type NdArray, type RowsIn } from '../columns.js';
import { defineMeasurement, type MeasureContext, type Request, request } from '../contract.js';
import { eachBatch } from './batches.js';
import { outputColumns } from './clean.js';

/** Rows that hold one image an example, (n, C, H, W), or several, (n, looks, C, H, W), which are then what is looked at. */
type Drawn = {
  readonly pixels: NdArray<Float32Array>;
  readonly looks?: NdArray<Float32Array> | undefined;
};

export interface OutputsOnSamplesParams {
  /** Looks of each chain; 0: where it ends. */
  looks: number;
}

const columns = (system: SystemInfo, { looks }: OutputsOnSamplesParams) => {
  const { logits, logPx } = outputColumns(system);
  const several = (shape: readonly number[]) => float32(...(looks > 0 ? [looks] : []), ...shape);
  return {
    logits: logits && several(logits.shape),
    logPx: logPx && several(logPx.shape),
    features:
      looks === 0 && system.offers.includes('features') ? float32(system.featureWidth ?? 0) : undefined,
  };
};

export type OutputsOnSamplesRows = RowsIn<ReturnType<typeof columns>>;

/**
 * What a system says of samples, its own or another's: of where each chain ends, or of every look at it. Rows: `logits` (n,
 * classes), `logPx` (n) and `features` (n, width), where the system has them; with looks `logits` (n, looks, classes) and
 * `logPx` (n, looks).
 */
export const outputsOnSamples = defineMeasurement({
  name: 'outputs-on-samples',
  version: 1,
  needs: [],
  unitSize: 256,
  passes: ({ looks }) => ({ forward: Math.max(1, looks), gradient: 0 }),
  columns,
  async measure(context: MeasureContext<[Drawn]>, { looks }: OutputsOnSamplesParams) {
    const { system, examples, inputs } = context;
    const { offers, classes, featureWidth = 0 } = system.info;
    const each = Math.max(1, looks);
    const total = examples.n * each;
    const images = {
      n: total,
      pixels: (looks > 0 ? inputs[0].looks?.data : undefined) ?? inputs[0].pixels.data,
      // A stochastic system draws the same for all looks of a chain: what differs between them is the chain's.
      indices: Int32Array.from({ length: total }, (_, row) => examples.indices[Math.floor(row / each)]!),
    };
    const widths = { logits: classes.length, logPx: 1, features: featureWidth };
    const names = (['logits', 'logPx', 'features'] as const).filter(
      (name) => offers.includes(name) && (name !== 'features' || looks === 0),
    );
    const outputs = names.map((name) => [name, new Float32Array(total * widths[name])] as const);
    await eachBatch({ ...context, examples: images }, 'samples', async (batch, start) => {
      const { values } = await system.evaluate(batch, names);
      for (const [name, data] of outputs) data.set(values[name] ?? [], start * widths[name]);
    });
    return Object.fromEntries(outputs);
  },
});

/** What `system` says of samples. */
export const outputsOnSamplesRequest = (
  { name }: Pick<SystemInfo, 'name'>,
  drawn: Request<Drawn>,
  params: OutputsOnSamplesParams = { looks: 0 },
): Request<OutputsOnSamplesRows> =>
  request({
    measurement: outputsOnSamples,
    system: name,
    dataset: drawn.dataset,
    params,
    inputs: [drawn],
    first: drawn.first,
  });
