import { BoundPrograms } from '../bounds/certify.js';
import type { Program, Value } from '../engines/engine.js';
import { floatsOf, outputOf } from '../engines/outputs.js';
import { AssayError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { lossUnavailable } from '../losses/emit.js';
import { logSumExp } from '../metrics/softmax.js';
import { checkPixels, imageSize, inChunks, rowsOf } from './batching.js';
import { capabilityTitles } from './capabilities.js';
import { changedMaps, compileBefore, compileRest } from './changed-maps.js';
import { refuseNotFinite } from './finite.js';
import { type Prepared, pixelValue } from './graph/prepare.js';
import { groupedGradient, type LogitLoss } from './grouped.js';
import type { InnerMap } from './inner-maps.js';
import type { Differentiable } from './programs/differentiable.js';
import {
  compileGradient,
  compileLogitLoss,
  compileQuantities,
  type GradientProgram,
  gradientGraphOf,
  type QuantityProgram,
  quantityGraph,
} from './programs/gradient-program.js';
import { guardOf } from './programs/guarded.js';
import { hessianProduct } from './programs/hessian-product.js';
import { fittedHessian, type HessianProgram } from './programs/hessian-program.js';
import { type LossArgumentRows, lossArgumentRows, lossFeeds } from './programs/loss-feeds.js';
import { marginBounds } from './programs/margin-bounds.js';
import { notFiniteOrigin } from './programs/not-finite-origin.js';
import { quantityNamed } from './quantities.js';
import type {
  Batch,
  BoundQuestion,
  Capability,
  ChangedMaps,
  Draws,
  Evaluated,
  Gradients,
  HessianProducts,
  LastLayer,
  LossArguments,
  LossName,
  MapChange,
  MarginBounds,
  Outputs,
  QuantityName,
  System,
  SystemInfo,
} from './system.js';
import { forwardOf, gradientOf, usualQuantities } from './usual.js';

/** What a model is made of: `modelOf` and `openModel` make these from a card. */
export interface ModelParts extends Differentiable {
  info: SystemInfo;
  batchSize: number;
  /** Numbers that all values of the network hold for an image. */
  activations: number;
  /** Where `info.maps` are in the graph. */
  maps?: readonly InnerMap[];
  lastLayer?: (() => LastLayer) | undefined;
  storedChains?: (() => Promise<Float32Array>) | undefined;
  /** The network with batch normalisation in training mode, not folded. */
  training?: () => Prepared;
  /** A batch is never divided: what an image gets depends on those beside it. */
  undivided?: true;
}

type RowOrigin = NonNullable<Parameters<typeof refuseNotFinite>[5]>;

/**
 * A network behind its card: pixels in [0, 1] to logits, log p(x) and gradients of losses. Gradient programs are
 * made when first asked for. Calls may overlap. What an image gets does not depend on its batch, but for the
 * rounding of float32.
 */
export class Model implements System {
  readonly info: SystemInfo;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly storedChains?: () => Promise<Float32Array>;
  private readonly size: number;
  private layer: LastLayer | undefined;
  private readonly usual: QuantityProgram;
  private readonly programs = new Map<string, Promise<QuantityProgram>>();
  private readonly gradients = new Map<string, Promise<GradientProgram>>();
  private readonly hessians = new Map<string, Promise<HessianProgram & { batchSize: number }>>();
  private readonly cuts = new Map<string, Promise<{ program: Program }>>();
  private training: Promise<Model> | undefined;
  private bounds: Promise<BoundPrograms> | undefined;

  /** @param program of the prepared graph; it is released with the model */
  constructor(
    program: Program,
    private readonly parts: ModelParts,
  ) {
    this.usual = { program, added: new Map() };
    this.info = parts.info;
    this.batchSize = parts.batchSize;
    this.concurrency = parts.engine.concurrency;
    if (parts.storedChains) this.storedChains = parts.storedChains;
    this.size = imageSize(parts.info);
  }

  get lastLayer(): LastLayer | undefined {
    this.layer ??= this.parts.lastLayer?.();
    return this.layer;
  }

  /**
   * Errors: `model-invalid` when an output is NaN or infinite, naming the example; `op-unsupported` for what the model
   * lacks, gradients and what a loss needs among it; `data-invalid` for missing labels or labels out of range.
   */
  async evaluate(batch: Batch, quantities: readonly QuantityName[], loss?: LossName): Promise<Evaluated> {
    checkPixels(batch, this.info);
    for (const name of quantities) this.refuseQuantity(name);
    if (loss === undefined) return this.evaluated(batch, quantities);
    this.refuseLoss(loss);
    return this.evaluated(batch, quantities, {
      loss,
      aims: lossArgumentRows(this.parts.losses.named(loss), batch.n, batch, this.info),
    });
  }

  /** Errors: as `evaluate`. */
  forward(batch: Batch): Promise<Outputs> {
    return forwardOf(this, batch);
  }

  /** Errors: as `evaluate`. */
  gradient(batch: Batch, loss: LossName): Promise<Gradients> {
    return gradientOf(this, batch, loss);
  }

  groupedGradient(draws: Draws, loss: LossName): Promise<Gradients> {
    return groupedGradient(this, draws, loss);
  }

  /** Errors: as `evaluate`, and for a direction that does not fit. */
  async hessianProduct(
    batch: Batch,
    direction: Float32Array,
    loss: LossName = 'log-px',
  ): Promise<HessianProducts> {
    this.refuseLacking('hessianProduct');
    this.refuseLoss(loss);
    const { parts, concurrency } = this;
    const program = await remembered(this.hessians, loss, () =>
      fittedHessian({ ...parts, name: this.info.name }, loss),
    );
    const runner = { ...parts, batchSize: program.batchSize, concurrency };
    return hessianProduct(runner, program, parts.losses.named(loss), batch, direction);
  }

  /** Errors: as `evaluate`, and `op-unsupported` where it has fewer maps. */
  async changedMaps(batch: Batch, count: number, change: MapChange): Promise<ChangedMaps> {
    const { engine, prepared, maps: all = [] } = this.parts;
    const maps = all.slice(0, count);
    if (maps.length < count)
      throw new AssayError('op-unsupported', `"${this.info.name}" has no ${count} maps that can be changed`, {
        found: this.info.maps?.why ?? `${maps.length}`,
        hint: 'leave out what needs them',
      });
    const before = await remembered(this.cuts, `${count}`, () => compileBefore(engine, prepared, maps));
    const rests = await Promise.all(
      maps.map((map) => remembered(this.cuts, map.value, () => compileRest(engine, prepared, map))),
    );
    const cut = { ...this.parts, concurrency: this.concurrency, maps, before: before.program };
    return changedMaps({ ...cut, rests: rests.map(({ program }) => program) }, batch, change);
  }

  /** Errors: as `evaluate`, and `op-unsupported` naming the operator that cannot be bounded. */
  async marginBounds(batch: Batch, question: BoundQuestion): Promise<MarginBounds> {
    checkPixels(batch, this.info);
    this.refuseLacking('marginBounds');
    const { engine, prepared, batchSize } = this.parts;
    this.bounds ??= BoundPrograms.of(engine, {
      graph: prepared.graph,
      pixels: prepared.pixels,
      shape: this.info.shape,
      logits: prepared.outputs.logits ?? '',
    });
    return marginBounds(
      await this.bounds,
      { info: this.info, batchSize, concurrency: this.concurrency },
      batch,
      question,
    );
  }

  get inTrainingMode(): System['inTrainingMode'] {
    const { training } = this.parts;
    if (!training) return undefined;
    return () => {
      this.training ??= this.compileTraining(training());
      return this.training;
    };
  }

  private async compileTraining(training: Prepared): Promise<Model> {
    const { engine, contract, losses, batchSize, activations } = this.parts;
    const { batchNorms: _, featureWidth: __, storedChains: ___, maps: ____, ...info } = this.info;
    const prepared = { ...training, graph: await guardOf(engine).fold(training.graph) };
    return new Model(await engine.compile(prepared.graph), {
      engine,
      contract,
      losses,
      batchSize,
      activations,
      prepared,
      info: {
        ...info,
        offers: info.offers.filter(
          (one) => one !== 'features' && one !== 'lastLayer' && one !== 'marginBounds',
        ),
      },
      undivided: true,
    });
  }

  /**
   * A loss of logits (n, classes) that are given, and its gradient with respect to them; no pass through the
   * network. Errors: `op-unsupported` for losses of log p(x) when that is no function of the logits.
   */
  async logitLoss(loss: LossName, logits: Float32Array, aims: LossArguments = {}): Promise<LogitLoss> {
    this.refuseLoss(loss);
    const classes = this.info.classes.length;
    const n = logits.length / classes;
    this.checkLogits(n, logits);
    const compiled = await remembered(this.gradients, `logits/${loss}`, () =>
      compileLogitLoss(this.parts, loss),
    );
    const feeds: Record<string, Value> = {
      logits: { type: 'float32', dims: [n, classes], data: logits },
      ...lossFeeds(
        compiled.aims,
        lossArgumentRows(this.parts.losses.named(loss), n, aims, this.info),
        { start: 0, end: n, fixed: n },
        this.info,
      ),
    };
    const outputs = await compiled.program.run(feeds);
    return {
      loss: floatsOf(outputs, compiled.loss),
      gradient: floatsOf(outputs, compiled.gradient),
    };
  }

  async close(): Promise<void> {
    await (await this.training?.catch(() => undefined))?.close();
    await (await this.bounds?.catch(() => undefined))?.close();
    const made = [this.programs, this.gradients, this.hessians, this.cuts];
    const compiled = await Promise.allSettled(made.flatMap((programs) => [...programs.values()]));
    for (const programs of made) programs.clear();
    await this.usual.program.release();
    for (const one of compiled) if (one.status === 'fulfilled') await one.value.program.release();
  }

  private async evaluated(
    batch: Batch,
    quantities: readonly QuantityName[],
    of?: { loss: LossName; aims: LossArgumentRows },
  ): Promise<Evaluated> {
    const usual = usualQuantities(this.info);
    const names = quantities.filter((name) => !usual.includes(name)).sort();
    const forward = of ? undefined : await this.quantityProgram(names);
    const backward = of && (await this.gradientProgram(of.loss, names));
    const { program, added } = backward ?? forward ?? this.usual;
    const values: Evaluated['values'] = {};
    for (const name of new Set([...usual, ...names]))
      values[name] = new Float32Array(batch.n * this.widthOf(name));
    const { fixedBatch } = this.parts.prepared;
    const undivided = this.parts.undivided ?? false;
    // The gradient of a batch that is one call is not copied.
    const single = undivided || batch.n <= (fixedBatch ?? this.batchSize);
    const fed = (start: number, end: number) =>
      of && backward ? lossFeeds(backward.aims, of.aims, { start, end, fixed: fixedBatch }, this.info) : {};
    const loss = new Float32Array(of ? batch.n : 0);
    let gradient = new Float32Array(of && !single ? batch.n * this.size : 0);
    await this.inChunks(batch.n, async (start, end) => {
      const feeds = {
        ...this.pixelFeed(batch, start, end),
        ...fed(start, end),
      };
      const result = await program.run(feeds);
      this.collect(values, result, start, end);
      for (const [name, output] of added)
        place(values[name] ?? NONE, outputOf(result, output), start, end, this.widthOf(name));
      if (!backward) return;
      place(loss, outputOf(result, backward.loss), start, end, 1);
      const { gradient: name } = backward;
      if (single)
        gradient = (floatsOf(result, name) as Float32Array<ArrayBuffer>).subarray(0, batch.n * this.size);
      else place(gradient, outputOf(result, name), start, end, this.size);
    });
    const origin = this.origin(
      batch,
      async () => (of ? gradientGraphOf(this.guarded(), of.loss) : quantityGraph(this.parts, names).graph),
      (row) => fed(row, row + 1),
    );
    const { name: model } = this.info;
    for (const name of quantities) {
      const { title } = quantityNamed(name);
      refuseNotFinite(model, title, values[name] ?? NONE, this.widthOf(name), batch, origin);
    }
    const asked = Object.fromEntries(quantities.map((name) => [name, values[name]]));
    if (!of) return { values: asked, passes: { forward: batch.n, gradient: 0 } };
    refuseNotFinite(model, `the loss ${of.loss}`, loss, 1, batch, origin);
    refuseNotFinite(model, `the gradient of ${of.loss}`, gradient, this.size, batch, origin);
    return { values: asked, loss, gradient, passes: { forward: 0, gradient: batch.n } };
  }

  private widthOf(name: QuantityName): number {
    return quantityNamed(name).width({ info: this.info, features: this.parts.features });
  }

  private quantityProgram(names: readonly QuantityName[]): Promise<QuantityProgram> | QuantityProgram {
    if (names.length === 0) return this.usual;
    return remembered(this.programs, names.join(), () => compileQuantities(this.parts, names));
  }

  private gradientProgram(loss: LossName, names: readonly QuantityName[]): Promise<GradientProgram> {
    return remembered(this.gradients, [loss, ...names].join(), () =>
      compileGradient(this.parts, loss, names),
    );
  }

  /** Errors: `op-unsupported`; `unknown-name`. */
  private refuseQuantity(quantity: QuantityName): void {
    quantityNamed(quantity);
    this.refuseLacking(quantity);
  }

  private refuseLacking(capability: Capability): void {
    const { name, offers, lacks } = this.info;
    if (offers.includes(capability)) return;
    throw new AssayError('op-unsupported', `"${name}" has no ${capabilityTitles[capability]}`, {
      found: lacks[capability] ?? 'it does not offer it',
      hint: 'leave out what needs it',
    });
  }

  private refuseLoss(loss: LossName): void {
    const { offers, lacks, classes, name } = this.info;
    const why = offers.includes('inputGradient')
      ? lossUnavailable(this.parts.losses.named(loss), {
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

  /** What the prepared network puts out by itself. */
  private collect(
    into: Evaluated['values'],
    result: Record<string, Value>,
    start: number,
    end: number,
  ): void {
    const { logits, logPx } = this.parts.prepared.outputs;
    if (into.logits && logits)
      place(into.logits, outputOf(result, logits), start, end, this.info.classes.length);
    if (!into.logPx || !logPx) return;
    if (into.logits && this.info.energy === 'logsumexp') {
      // An engine adds classes up in float32 and in an order of its own, which splits ties by rounding.
      const classes = this.info.classes.length;
      const data = into.logits.subarray(start * classes, end * classes);
      into.logPx.set(logSumExp({ n: end - start, classes, data }), start);
    } else place(into.logPx, outputOf(result, logPx), start, end, 1);
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
    if (this.parts.undivided) return work(0, n);
    return inChunks(n, { batchSize, fixed: this.parts.prepared.fixedBatch, concurrency }, work);
  }

  private pixelFeed({ pixels }: Batch, start: number, end: number): Record<string, Value> {
    const { prepared } = this.parts;
    const rows = rowsOf(pixels, start, end, this.size, prepared.fixedBatch);
    return { [prepared.pixels]: pixelValue(rows, rows.length / this.size, this.info.shape) };
  }
}

const NONE = new Float32Array(0);

/** What was made under that key, or is now. */
function remembered<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const made = known.get(key) ?? make();
  known.set(key, made);
  return made;
}

/** Writes the rows of an engine's output where they belong; rows that only pad a fixed batch are dropped. */
function place(into: Float32Array, value: Value, start: number, end: number, width: number): void {
  into.set((value.data as Float32Array).subarray(0, (end - start) * width), start * width);
}
