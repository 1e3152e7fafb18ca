import { createHash } from 'node:crypto';
import { AssayError } from '../errors.js';
import { capabilityTitles } from './capabilities.js';
import { PROBABILITIES } from './card/contract.js';
import type {
  Batch,
  Evaluated,
  Gradients,
  LossName,
  Outputs,
  QuantityName,
  System,
  SystemInfo,
} from './system.js';

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
  /** Measurements whose rows can be made of what was predicted. */
  recorded: readonly string[];
}

/**
 * A system of which only predictions are there: what was recorded of it stands for what would be measured, and nothing can
 * be asked of it. It offers logits, and their logsumexp as log p(x) unless they are log-probabilities.
 */
export class PredictedSystem implements System {
  readonly info: SystemInfo;
  readonly batchSize = 1;
  readonly concurrency = 1;

  constructor({ name, models, position, classes, recorded, ...options }: PredictedOptions) {
    const noLogPx = options.probabilities ? PROBABILITIES : options.normalised ? NORMALISED : undefined;
    this.info = {
      name,
      model: name,
      defence: '',
      shape: [0, 0, 0],
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
      recorded,
      // The rows themselves are what data sets are hashed by.
      identity: createHash('sha256')
        .update(JSON.stringify(['assay predictions 1', position, models, classes.length, noLogPx ?? '']))
        .digest('hex'),
      inputScale: [],
    };
  }

  /** Errors: `op-unsupported`, always. */
  async evaluate(_: Batch, [first]: readonly QuantityName[], loss?: LossName): Promise<Evaluated> {
    throw this.unasked(loss === undefined && first ? capabilityTitles[first] : 'gradients');
  }

  /** Errors: `op-unsupported`, always. */
  async forward(): Promise<Outputs> {
    throw this.unasked('logits');
  }

  /** Errors: `op-unsupported`, always. */
  async gradient(): Promise<Gradients> {
    throw this.unasked('gradients');
  }

  private unasked(what: string): AssayError {
    return new AssayError('op-unsupported', `"${this.info.name}" cannot be asked for ${what}`, {
      found: ONLY_PREDICTIONS,
      hint: 'give the model itself to `assay run`, or leave out what needs it',
    });
  }
}

const NOT_DIFFERENTIABLE = 'there are only its predictions, and no model to differentiate';
const ONLY_PREDICTIONS = 'there are only its predictions, and no model to look into';
const NORMALISED =
  'the logsumexp of its logits is 0 for every example: they are log-probabilities; save the logits before the log-softmax';
