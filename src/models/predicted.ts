import { createHash } from 'node:crypto';
import { AssayError } from '../errors.js';
import { logSumExp } from '../metrics/softmax.js';
import { capabilityTitles } from './capabilities.js';
import { PROBABILITIES } from './contract.js';
import type {
  Batch,
  Capability,
  Evaluated,
  Gradients,
  LossName,
  Outputs,
  QuantityName,
  System,
  SystemInfo,
} from './system.js';
import { forwardOf, gradientOf } from './usual.js';

/** Rows per call: nothing is computed but a logsumexp. */
const BATCH = 512;

export interface PredictedOptions {
  name: string;
  /** Which of the models whose rows the data sets hold, and how many there are. */
  position: number;
  models: number;
  classes: readonly string[];
  /** The rows hold logarithms of probabilities. */
  probabilities: boolean;
  /** The logsumexp of every row is 0, on every data set. */
  normalised: boolean;
}

/**
 * A system of which only predictions are there. Its "images" are rows of logits, (models, 1, classes), as
 * `openPredictions` reads them; its logits are those of its own row. log p(x) is their logsumexp, unless they hold
 * probabilities. It makes no passes and has no gradients.
 */
export class PredictedSystem implements System {
  readonly info: SystemInfo;
  readonly batchSize = BATCH;
  readonly concurrency = 1;

  constructor(private readonly options: PredictedOptions) {
    const { name, models, position, classes, probabilities } = options;
    const noLogPx = probabilities ? PROBABILITIES : options.normalised ? NORMALISED : undefined;
    this.info = {
      name,
      model: name,
      defence: '',
      shape: [models, 1, classes.length],
      classes,
      offers: noLogPx ? ['logits'] : ['logits', 'logPx'],
      lacks: {
        ...(noLogPx && { logPx: noLogPx }),
        inputGradient: NOT_DIFFERENTIABLE,
        hessianProduct: NOT_DIFFERENTIABLE,
        features: ONLY_PREDICTIONS,
        lastLayer: ONLY_PREDICTIONS,
      },
      maps: { shapes: [], why: ONLY_PREDICTIONS },
      stochastic: false,
      energy: noLogPx ? 'none' : 'logsumexp',
      input: 'predictions',
      // The rows themselves are what data sets are hashed by.
      identity: createHash('sha256')
        .update(JSON.stringify(['assay predictions 1', position, models, classes.length, noLogPx ?? '']))
        .digest('hex'),
      inputScale: Array<number>(models).fill(1),
    };
  }

  /** Errors: `op-unsupported` for a loss and for what it does not offer. */
  async evaluate(batch: Batch, wanted: readonly QuantityName[], loss?: LossName): Promise<Evaluated> {
    const asked = loss === undefined ? wanted : (['inputGradient'] as const);
    const lacking = asked.find((name) => !this.info.offers.includes(name));
    if (lacking) throw this.lacks(lacking);
    const logits = this.logitsOf(batch);
    const classes = this.info.classes.length;
    const values = {
      logits,
      ...(wanted.includes('logPx') && {
        logPx: Float32Array.from(logSumExp({ n: batch.n, classes, data: logits })),
      }),
    };
    return { values, passes: { forward: 0, gradient: 0 } };
  }

  forward(batch: Batch): Promise<Outputs> {
    return forwardOf(this, batch);
  }

  /** Errors: `op-unsupported`, always. */
  gradient(batch: Batch, loss: LossName): Promise<Gradients> {
    return gradientOf(this, batch, loss);
  }

  private logitsOf({ n, pixels }: Batch): Float32Array {
    const { models, position } = this.options;
    const classes = this.info.classes.length;
    const width = models * classes;
    if (pixels.length !== n * width)
      throw new AssayError('shape-mismatch', `a batch does not fit the predictions of "${this.info.name}"`, {
        expected: `${n} x ${models} x ${classes} numbers`,
        found: `${pixels.length}`,
      });
    const logits = new Float32Array(n * classes);
    for (let i = 0; i < n; i++) {
      const from = i * width + position * classes;
      logits.set(pixels.subarray(from, from + classes), i * classes);
    }
    return logits;
  }

  private lacks(name: Capability): AssayError {
    return new AssayError('op-unsupported', `"${this.info.name}" has no ${capabilityTitles[name]}`, {
      found: this.info.lacks[name],
      hint: 'give the model itself to `assay run`, or leave out what needs it',
    });
  }
}

const NOT_DIFFERENTIABLE = 'there are only its predictions, and no model to differentiate';
const ONLY_PREDICTIONS = 'there are only its predictions, and no model to look into';
const NORMALISED =
  'the logsumexp of its logits is 0 for every example: they are log-probabilities; save the logits before the log-softmax';
