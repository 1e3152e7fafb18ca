import type { Program, Value } from '../engines/engine.js';
import { AssayError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { logSumExp } from '../metrics/softmax.js';
import { checkPixels, imageSize, inChunks, oneHotRows, rowsOf } from './batching.js';
import { refuseNotFinite } from './finite.js';
import {
  compileGradient,
  compileLogitLoss,
  type Differentiable,
  type GradientProgram,
  gradientGraphOf,
} from './gradient-program.js';
import { groupedGradient } from './grouped.js';
import { guardOf } from './guarded.js';
import { type AimName, aimsOf, lossUnavailable } from './heads.js';
import { notFiniteOrigin } from './not-finite-origin.js';
import { pixelValue } from './prepare.js';
import type { Aims, Batch, Draws, Gradients, LossName, Outputs, System, SystemInfo } from './system.js';

/** What a model is made of: `modelOf` and `openModel` make these from a card. */
export interface ModelParts extends Differentiable {
  info: SystemInfo;
  batchSize: number;
}

/** What a loss is about, as a program takes it: labels and targets (n, classes), threshold (1). */
type AimRows = Partial<Record<AimName, Float32Array>>;

type RowOrigin = NonNullable<Parameters<typeof refuseNotFinite>[5]>;

/** A loss of given logits. */
export interface LogitLoss {
  /** (n) */
  loss: Float32Array;
  /** (n, classes): d loss / d logits. */
  gradient: Float32Array;
}

/**
 * A network behind its card: pixels in [0, 1] to logits, log p(x) and gradients of losses. Gradient programs are
 * made when first asked for. Calls may overlap. What an image gets does not depend on its batch, but for the
 * rounding of float32.
 */
export class Model implements System {
  readonly info: SystemInfo;
  readonly batchSize: number;
  readonly concurrency: number;
  private readonly size: number;
  private readonly programs = new Map<string, Promise<GradientProgram>>();

  private constructor(
    private readonly parts: ModelParts,
    private readonly program: Program,
  ) {
    this.info = parts.info;
    this.batchSize = parts.batchSize;
    this.concurrency = parts.engine.concurrency;
    this.size = imageSize(parts.info);
  }

  static async create(parts: ModelParts): Promise<Model> {
    return new Model(parts, await parts.engine.compile(parts.prepared.graph));
  }

  /** Errors: `model-invalid` when an output is NaN or infinite, naming the example. */
  async forward(batch: Batch): Promise<Outputs> {
    checkPixels(batch, this.info);
    const outputs = this.emptyOutputs(batch.n);
    outputs.passes.forward = batch.n;
    await this.inChunks(batch.n, async (start, end) => {
      const result = await this.program.run(this.pixelFeed(batch, start, end));
      this.collect(outputs, result, start, end);
    });
    this.refuseNotFinite(
      outputs,
      batch,
      this.origin(batch, async () => this.parts.prepared.graph),
    );
    return outputs;
  }

  /**
   * Errors: `model-invalid` as `forward`; `op-unsupported` when the model lacks gradients or what the loss needs;
   * `data-invalid` for missing labels or labels out of range.
   */
  async gradient(batch: Batch, loss: LossName): Promise<Gradients> {
    checkPixels(batch, this.info);
    this.refuseLoss(loss);
    return this.differentiated(loss, batch, this.aimRows(loss, batch.n, batch));
  }

  groupedGradient(draws: Draws, loss: LossName): Promise<Gradients> {
    return groupedGradient(this, draws, loss);
  }

  /**
   * The gradient (n, C, H, W) of the weighted sum of an image's logits: with `weights` (n, classes) = d loss / d
   * logits it continues the chain rule from a loss of several images' logits down to their pixels. `loss` is the
   * weighted sum. Errors: as `gradient`.
   */
  async pullBack(batch: Batch, weights: Float32Array): Promise<Gradients> {
    checkPixels(batch, this.info);
    this.refuseLoss('logit');
    this.checkLogits(batch.n, weights);
    return this.differentiated('logit', batch, { labels: weights });
  }

  /**
   * A loss of logits (n, classes) that are given, and its gradient with respect to them; no pass through the
   * network. Errors: `op-unsupported` for losses of log p(x) when that is no function of the logits.
   */
  async logitLoss(loss: LossName, logits: Float32Array, aims: Aims = {}): Promise<LogitLoss> {
    this.refuseLoss(loss);
    const classes = this.info.classes.length;
    const n = logits.length / classes;
    this.checkLogits(n, logits);
    const compiled = await this.compiled(`logits/${loss}`, () => compileLogitLoss(this.parts, loss));
    const feeds: Record<string, Value> = {
      logits: { type: 'float32', dims: [n, classes], data: logits },
      ...this.aimFeeds(compiled, this.aimRows(loss, n, aims), 0, n, n),
    };
    const outputs = await compiled.program.run(feeds);
    return {
      loss: outputs[compiled.loss].data as Float32Array,
      gradient: outputs[compiled.gradient].data as Float32Array,
    };
  }

  async close(): Promise<void> {
    const compiled = await Promise.allSettled(this.programs.values());
    this.programs.clear();
    await this.program.release();
    for (const made of compiled) if (made.status === 'fulfilled') await made.value.program.release();
  }

  private async differentiated(loss: LossName, batch: Batch, aims: AimRows): Promise<Gradients> {
    const compiled = await this.compiled(loss, () => compileGradient(this.parts, loss));
    const { fixedBatch } = this.parts.prepared;
    // The gradient of a batch that is one call is not copied.
    const single = batch.n <= (fixedBatch ?? this.batchSize);
    const result: Gradients = {
      ...this.emptyOutputs(batch.n),
      loss: new Float32Array(batch.n),
      gradient: new Float32Array(single ? 0 : batch.n * this.size),
    };
    result.passes.gradient = batch.n;
    await this.inChunks(batch.n, async (start, end) => {
      const feeds = {
        ...this.pixelFeed(batch, start, end),
        ...this.aimFeeds(compiled, aims, start, end, fixedBatch),
      };
      const outputs = await compiled.program.run(feeds);
      this.collect(result, outputs, start, end);
      place(result.loss, outputs[compiled.loss], start, end, 1);
      const { data } = outputs[compiled.gradient];
      if (single) result.gradient = (data as Float32Array).subarray(0, batch.n * this.size);
      else place(result.gradient, outputs[compiled.gradient], start, end, this.size);
    });
    const origin = this.origin(
      batch,
      () => gradientGraphOf(this.guarded(), loss),
      (row) => this.aimFeeds(compiled, aims, row, row + 1, fixedBatch),
    );
    this.refuseNotFinite(result, batch, origin);
    refuseNotFinite(this.info.name, `the loss ${loss}`, result.loss, 1, batch, origin);
    refuseNotFinite(this.info.name, `the gradient of ${loss}`, result.gradient, this.size, batch, origin);
    return result;
  }

  private aimRows(loss: LossName, n: number, { labels, targets, threshold }: Aims): AimRows {
    const wanted = aimsOf(loss);
    if (wanted.includes('threshold') && threshold === undefined)
      throw new AssayError('data-invalid', `the loss "${loss}" needs a threshold`, {
        hint: 'say what the score must reach',
      });
    return {
      ...(wanted.includes('labels') && { labels: oneHotRows(n, labels, this.info, 'label') }),
      ...(wanted.includes('targets') && { targets: oneHotRows(n, targets, this.info, 'target') }),
      ...(wanted.includes('threshold') && { threshold: Float32Array.of(threshold ?? 0) }),
    };
  }

  private aimFeeds(
    { aims }: GradientProgram,
    rows: AimRows,
    start: number,
    end: number,
    fixed: number | undefined,
  ): Record<string, Value> {
    const classes = this.info.classes.length;
    const feeds: Record<string, Value> = {};
    for (const aim of ['labels', 'targets'] as const) {
      const [name, all] = [aims[aim], rows[aim]];
      if (!name || !all) continue;
      const data = rowsOf(all, start, end, classes, fixed);
      feeds[name] = { type: 'float32', dims: [data.length / classes, classes], data };
    }
    if (aims.threshold && rows.threshold)
      feeds[aims.threshold] = { type: 'float32', dims: [1], data: rows.threshold };
    return feeds;
  }

  private compiled(key: string, make: () => Promise<GradientProgram>): Promise<GradientProgram> {
    const program = this.programs.get(key) ?? make();
    this.programs.set(key, program);
    return program;
  }

  private refuseLoss(loss: LossName): void {
    const { offers, lacks, classes, name } = this.info;
    const why = offers.includes('inputGradient')
      ? lossUnavailable(loss, {
          logits: offers.includes('logits'),
          logPx: offers.includes('logPx'),
          classes: classes.length,
        })
      : (lacks.inputGradient ?? 'it has no input gradient');
    if (why)
      throw new AssayError('op-unsupported', `"${name}" has no gradient of the loss "${loss}": ${why}`, {
        hint: 'choose another loss, or leave out what needs it',
      });
  }

  private checkLogits(n: number, rows: Float32Array): void {
    const classes = this.info.classes.length;
    if (Number.isInteger(n) && rows.length === n * classes) return;
    throw new AssayError('shape-mismatch', `rows do not fit the classes of "${this.info.name}"`, {
      expected: `${n} x ${classes} numbers`,
      found: `${rows.length}`,
    });
  }

  private emptyOutputs(n: number): Outputs {
    const { offers, classes } = this.info;
    return {
      ...(offers.includes('logits') && { logits: new Float32Array(n * classes.length) }),
      ...(offers.includes('logPx') && { logPx: new Float32Array(n) }),
      passes: { forward: 0, gradient: 0 },
    };
  }

  private collect(into: Outputs, result: Record<string, Value>, start: number, end: number): void {
    const { logits, logPx } = this.parts.prepared.outputs;
    if (into.logits && logits) place(into.logits, result[logits], start, end, this.info.classes.length);
    if (!into.logPx || !logPx) return;
    if (into.logits && this.info.energy === 'logsumexp') {
      // An engine adds classes up in float32 and in an order of its own, which splits ties by rounding.
      const classes = this.info.classes.length;
      const data = into.logits.subarray(start * classes, end * classes);
      into.logPx.set(logSumExp({ n: end - start, classes, data }), start);
    } else place(into.logPx, result[logPx], start, end, 1);
  }

  private refuseNotFinite({ logits, logPx }: Outputs, batch: Batch, origin: RowOrigin): void {
    const { name, classes } = this.info;
    if (logits) refuseNotFinite(name, 'a logit', logits, classes.length, batch, origin);
    if (logPx) refuseNotFinite(name, 'log p(x)', logPx, 1, batch, origin);
  }

  /** For a row of a batch, how to find where in a graph what is not finite begins. Batches are reused: rows are kept. */
  private origin(
    batch: Batch,
    graph: () => Promise<Graph>,
    more: (row: number) => Record<string, Value> = () => ({}),
  ): RowOrigin {
    return (row) => {
      const feeds = structuredClone({ ...this.pixelFeed(batch, row, row + 1), ...more(row) });
      return async () => notFiniteOrigin(this.guarded().engine, await graph(), feeds);
    };
  }

  /** The parts on an engine that an unusual run may bring down. */
  private guarded(): ModelParts {
    return { ...this.parts, engine: guardOf(this.parts.engine) };
  }

  private inChunks(n: number, work: (start: number, end: number) => Promise<void>): Promise<void> {
    const { batchSize, concurrency } = this;
    return inChunks(n, { batchSize, fixed: this.parts.prepared.fixedBatch, concurrency }, work);
  }

  private pixelFeed({ pixels }: Batch, start: number, end: number): Record<string, Value> {
    const { prepared } = this.parts;
    const rows = rowsOf(pixels, start, end, this.size, prepared.fixedBatch);
    return { [prepared.pixels]: pixelValue(rows, rows.length / this.size, this.info.shape) };
  }
}

/** Writes the rows of an engine's output where they belong; rows that only pad a fixed batch are dropped. */
function place(into: Float32Array, value: Value, start: number, end: number, width: number): void {
  into.set((value.data as Float32Array).subarray(0, (end - start) * width), start * width);
}
