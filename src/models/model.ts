import { gradientGraph } from '../autodiff/differentiate.js';
import type { Engine, Program, Value } from '../engines/engine.js';
import { AssayError } from '../errors.js';
import { GraphBuilder } from '../graph/build.js';
import type { Graph } from '../graph/graph.js';
import type { Contract } from './contract.js';
import { refuseNotFinite } from './finite.js';
import { emitLoss, lossUnavailable, needsLabels } from './heads.js';
import { noiseImages, type Prepared, pixelValue } from './prepare.js';
import type { Batch, Gradients, LossName, Outputs, System, SystemInfo } from './system.js';

/** What a model is made of. `openModel` makes these from a card; tests may make them by hand. */
export interface ModelParts {
  engine: Engine;
  prepared: Prepared;
  contract: Contract;
  info: SystemInfo;
  batchSize: number;
}

interface GradientProgram {
  program: Program;
  /** Names of the labels' input and of outputs. */
  oneHot: string | undefined;
  loss: string;
  gradient: string;
}

/** Engine calls kept waiting beyond those that run: enough to keep every session busy. */
const QUEUED = 2;

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
  private readonly gradients = new Map<string, Promise<GradientProgram>>();

  private constructor(
    private readonly parts: ModelParts,
    private readonly program: Program,
  ) {
    this.info = parts.info;
    this.batchSize = parts.prepared.fixedBatch ?? parts.batchSize;
    this.concurrency = parts.engine.concurrency;
    this.size = this.info.shape.reduce((a, b) => a * b, 1);
  }

  static async create(parts: ModelParts): Promise<Model> {
    return new Model(parts, await parts.engine.compile(parts.prepared.graph));
  }

  /** Errors: `model-invalid` when an output is NaN or infinite, naming the example. */
  async forward(batch: Batch): Promise<Outputs> {
    this.checkBatch(batch);
    const outputs = this.emptyOutputs(batch.n);
    outputs.passes.forward = batch.n;
    await this.inChunks(batch.n, async (start, end) => {
      const result = await this.program.run(this.pixelFeed(batch, start, end));
      this.collect(outputs, result, batch, start, end);
    });
    return outputs;
  }

  /**
   * Errors: `model-invalid` as `forward`; `op-unsupported` when the model lacks gradients or what the loss needs;
   * `data-invalid` for missing labels or labels out of range.
   */
  async gradient(batch: Batch, loss: LossName): Promise<Gradients> {
    this.checkBatch(batch);
    this.refuseLoss(loss);
    const oneHot = needsLabels(loss) ? this.oneHot(batch) : undefined;
    const result = await this.differentiated(loss, batch, oneHot);
    refuseNotFinite(this.info.name, `the loss ${loss}`, result.loss, 1, batch);
    return result;
  }

  /**
   * Gradient of the weighted sum of the logits, for losses of functions of several images' logits (the mean over
   * draws of a randomised defence): by the chain rule, `weights` is d loss / d logits.
   * @param weights (n, classes)
   * Returns the gradient (n, C, H, W); `loss` is the weighted sum per image.
   */
  async pullBack(batch: Batch, weights: Float32Array): Promise<Gradients> {
    this.checkBatch(batch);
    this.refuseLoss('logit');
    return this.differentiated('logit', batch, weights);
  }

  async close(): Promise<void> {
    await this.program.release();
    const compiled = await Promise.allSettled(this.gradients.values());
    this.gradients.clear();
    for (const made of compiled) if (made.status === 'fulfilled') await made.value.program.release();
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
      throw new AssayError('op-unsupported', `"${name}" has no gradient of the loss "${loss}": ${why}`);
  }

  private async differentiated(
    loss: LossName,
    batch: Batch,
    oneHot: Float32Array | undefined,
  ): Promise<Gradients> {
    const compiled = await this.gradientProgram(loss);
    const result: Gradients = {
      ...this.emptyOutputs(batch.n),
      loss: new Float32Array(batch.n),
      gradient: new Float32Array(batch.n * this.size),
    };
    result.passes.gradient = batch.n;
    await this.inChunks(batch.n, async (start, end) => {
      const feeds = this.pixelFeed(batch, start, end);
      if (oneHot && compiled.oneHot)
        feeds[compiled.oneHot] = this.rowsFeed(oneHot, start, end, this.info.classes.length);
      const outputs = await compiled.program.run(feeds);
      this.collect(result, outputs, batch, start, end);
      place(result.loss, outputs[compiled.loss], start, end, 1);
      place(result.gradient, outputs[compiled.gradient], start, end, this.size);
    });
    refuseNotFinite(this.info.name, `the gradient of ${loss}`, result.gradient, this.size, batch);
    return result;
  }

  private gradientProgram(loss: LossName): Promise<GradientProgram> {
    const known = this.gradients.get(loss);
    if (known) return known;
    const made = compileGradient(this.parts, loss);
    this.gradients.set(loss, made);
    return made;
  }

  private emptyOutputs(n: number): Outputs {
    const { offers, classes } = this.info;
    return {
      ...(offers.includes('logits') && { logits: new Float32Array(n * classes.length) }),
      ...(offers.includes('logPx') && { logPx: new Float32Array(n) }),
      passes: { forward: 0, gradient: 0 },
    };
  }

  private collect(
    into: Outputs,
    result: Record<string, Value>,
    batch: Batch,
    start: number,
    end: number,
  ): void {
    const names = this.parts.prepared.outputs;
    const classes = this.info.classes.length;
    const part = {
      ...batch,
      n: end - start,
      pixels: batch.pixels.subarray(start * this.size, end * this.size),
    };
    if (into.logits && names.logits) {
      place(into.logits, result[names.logits], start, end, classes);
      const rows = into.logits.subarray(start * classes, end * classes);
      refuseNotFinite(this.info.name, 'the logits', rows, classes, part, start);
    }
    if (into.logPx && names.logPx) {
      place(into.logPx, result[names.logPx], start, end, 1);
      refuseNotFinite(this.info.name, 'log p(x)', into.logPx.subarray(start, end), 1, part, start);
    }
  }

  /** Calls `work` for ranges of at most a batch, a few at a time. */
  private async inChunks(n: number, work: (start: number, end: number) => Promise<void>): Promise<void> {
    const fixed = this.parts.prepared.fixedBatch;
    const chunks = Math.ceil(n / this.batchSize);
    const step = fixed ?? Math.ceil(n / Math.max(1, chunks));
    let next = 0;
    const lane = async () => {
      while (next < n) {
        const start = next;
        next = Math.min(n, start + step);
        await work(start, next);
      }
    };
    const lanes = Math.min(chunks, this.concurrency * QUEUED);
    await Promise.all(Array.from({ length: lanes }, lane));
  }

  private pixelFeed(batch: Batch, start: number, end: number): Record<string, Value> {
    const rows = this.paddedRows(batch.pixels, start, end, this.size);
    const n = rows.length / this.size;
    return { [this.parts.prepared.pixels]: pixelValue(rows, n, this.info.shape) };
  }

  private rowsFeed(values: Float32Array, start: number, end: number, width: number): Value {
    const data = this.paddedRows(values, start, end, width);
    return { type: 'float32', dims: [data.length / width, width], data };
  }

  /** Rows start to end; a network of a fixed batch gets its last row repeated. */
  private paddedRows(values: Float32Array, start: number, end: number, width: number): Float32Array {
    const rows = values.subarray(start * width, end * width);
    const fixed = this.parts.prepared.fixedBatch ?? end - start;
    if (fixed === end - start) return rows;
    const padded = new Float32Array(fixed * width);
    padded.set(rows);
    const last = rows.subarray(rows.length - width);
    for (let i = end - start; i < fixed; i++) padded.set(last, i * width);
    return padded;
  }

  private checkBatch({ n, pixels }: Batch): void {
    if (Number.isInteger(n) && n >= 0 && pixels.length === n * this.size) return;
    throw new AssayError('shape-mismatch', `a batch does not fit the model "${this.info.name}"`, {
      expected: `${n} x [${this.info.shape.join(', ')}] = ${n * this.size} pixels`,
      found: `${pixels.length} pixels`,
      hint: 'compare the data set with input.shape in the model card',
    });
  }

  private oneHot({ n, labels }: Batch): Float32Array {
    const classes = this.info.classes.length;
    if (labels?.length !== n)
      throw new AssayError('data-invalid', 'this loss needs a label for every example', {
        expected: `${n} labels`,
        found: labels ? `${labels.length}` : 'none',
        hint: 'use a labelled data set',
      });
    const rows = new Float32Array(n * classes);
    labels.forEach((label, i) => {
      if (label < 0 || label >= classes)
        throw new AssayError('data-invalid', `a label is out of range for the model "${this.info.name}"`, {
          path: `example ${i} of the batch`,
          expected: `0 to ${classes - 1}`,
          found: String(label),
          hint: 'compare the labels with `classes` in the model card',
        });
      rows[i * classes + label] = 1;
    });
    return rows;
  }
}

/** Writes the rows of an engine's output where they belong; rows that only pad a fixed batch are dropped. */
function place(into: Float32Array, value: Value, start: number, end: number, width: number): void {
  into.set((value.data as Float32Array).subarray(0, (end - start) * width), start * width);
}

/** Head, gradient graph, program. Errors: `op-unsupported` names op and node. */
async function compileGradient(parts: ModelParts, loss: LossName): Promise<GradientProgram> {
  const { graph, ...names } = await lossGradient(parts, loss);
  return { program: await parts.engine.compile(graph), ...names };
}

/** The graph of a loss and its gradient with respect to the pixels. Errors: `op-unsupported`. */
export async function lossGradient(
  { engine, prepared, contract }: Pick<ModelParts, 'engine' | 'prepared' | 'contract'>,
  loss: LossName,
): Promise<Omit<GradientProgram, 'program'> & { graph: Graph }> {
  const b = new GraphBuilder(prepared.graph);
  const { logits, logPx } = prepared.outputs;
  const oneHot = needsLabels(loss) ? b.input('one_hot', 'float32', ['N', contract.classes]) : undefined;
  const value = emitLoss(loss, { b, logits, logPx, oneHot, energy: contract.energy.kind });
  const of = b.outputAs(value, 'loss', 'float32', ['N']);
  const n = prepared.fixedBatch ?? 2;
  const feeds: Record<string, Value> = {
    [prepared.pixels]: pixelValue(noiseImages(n, contract.shape), n, contract.shape),
  };
  if (oneHot) {
    const data = new Float32Array(n * contract.classes).map((_, i) => (i % contract.classes === 0 ? 1 : 0));
    feeds[oneHot] = { type: 'float32', dims: [n, contract.classes], data };
  }
  const { graph, gradients } = await gradientGraph(engine, b.build(), feeds, { of, wrt: [prepared.pixels] });
  return { graph, oneHot, loss: of, gradient: gradients[prepared.pixels] };
}
