import { sgld } from '../../sampling/sgld.js';
import { addTo } from '../passes.js';
import type {
  Batch,
  Evaluated,
  Gradients,
  LastLayer,
  LossName,
  Outputs,
  Passes,
  QuantityName,
  System,
  SystemInfo,
} from '../system.js';
import { forwardOf, gradientOf } from '../usual.js';
import { keysOfVisit, overChains } from './chains.js';
import { describePurified } from './describe-purified.js';
import type { PurifyOptions } from './purify-options.js';
import { chainsOf, gradientThroughChains, type PurifiedParts } from './through-chains.js';

/**
 * A classifier behind SGLD purification. Logits are the mean over chains, as in JEM's refinement; log p(x) is the
 * mean over chains of the classifier's log p at the purified images, and so are the features, of which the logits
 * remain the same linear function. Gradients are of the loss of the mean logits: straight-through or full, as the
 * options say (see `gradientThroughChains`).
 */
export class PurifiedSystem implements System {
  readonly info: SystemInfo;
  readonly batchSize: number;
  readonly concurrency: number;
  private readonly parts: PurifiedParts;

  constructor(classifier: System, by: System, options: PurifyOptions, name: string) {
    const differentiable = classifier.groupedGradient !== undefined;
    this.parts = { classifier, by, options };
    this.info = describePurified(classifier, by, options, name, differentiable);
    this.batchSize = Math.max(1, Math.ceil(classifier.batchSize / options.chains));
    this.concurrency = classifier.concurrency;
  }

  get lastLayer(): LastLayer | undefined {
    return this.parts.classifier.lastLayer;
  }

  async evaluate(batch: Batch, quantities: readonly QuantityName[], loss?: LossName): Promise<Evaluated> {
    const { by, options } = this.parts;
    if (loss === undefined) {
      const state = chainsOf(this.parts, batch, this.info.name);
      const passes = await sgld(by, state, { ...options, signal: batch.signal });
      const { values, passes: own } = await this.averaged(batch, state.pixels, quantities);
      addTo(passes, own);
      return { values, passes };
    }
    const gradients = await gradientThroughChains(this.parts, batch, loss, this.info.name);
    const { logits, logPx, purified, passes } = gradients;
    const known: Evaluated['values'] = { ...(logits && { logits }), ...(logPx && { logPx }) };
    const more = quantities.filter((name) => !known[name]);
    const others = more.length > 0 ? await this.averaged(batch, purified, more) : undefined;
    if (others) addTo(passes, others.passes);
    const values = { ...known, ...others?.values };
    return {
      values: Object.fromEntries(quantities.map((name) => [name, values[name]])),
      loss: gradients.loss,
      gradient: gradients.gradient,
      passes,
    };
  }

  forward(batch: Batch): Promise<Outputs> {
    return forwardOf(this, batch);
  }

  gradient(batch: Batch, loss: LossName): Promise<Gradients> {
    return gradientOf(this, batch, loss);
  }

  /** Means over the chains of an image: of its logits, of log p(x), of its features. */
  private async averaged(
    { n, keys: given = [] }: Batch,
    pixels: Float32Array,
    quantities: readonly QuantityName[],
  ): Promise<{ values: Evaluated['values']; passes: Passes }> {
    const { classifier, options } = this.parts;
    const { chains, seed } = options;
    // A defence may stand before another one, which then draws for itself.
    const keys = classifier.info.stochastic
      ? keysOfVisit(given, seed).flatMap((key) =>
          Array.from({ length: chains }, (_, chain) => ({
            ...key,
            purpose: `${key.purpose}/behind/chain-${chain}`,
          })),
        )
      : undefined;
    const of = { n: n * chains, pixels, ...(keys && { keys }) };
    const { values, passes } = await classifier.evaluate(of, quantities);
    const means = Object.entries(values).map(([name, all]) => [name, overChains(all, n, chains, chains)]);
    return { values: Object.fromEntries(means), passes };
  }
}
