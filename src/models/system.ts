import type { Method } from '../bounds/certify.js';
import type { BallNorm } from '../bounds/margins.js';
import type { Note } from '../graph/graph.js';
import type { StreamKey } from '../random/stream.js';

/** What a suite may ask of a system. */
export type Capability =
  /** logits (n, classes) */
  | 'logits'
  /** log p(x) up to a constant: logsumexp of the logits, or minus the energy */
  | 'logPx'
  /** gradients of losses with respect to the pixels */
  | 'inputGradient'
  /** Hessians of losses with respect to the pixels, times a direction */
  | 'hessianProduct'
  /** penultimate features (n, width): the input of the last linear layer, or what the model card names */
  | 'features'
  /** that layer: logits = W features + b */
  | 'lastLayer'
  /** what the margins of the logits are at least over a ball around an image */
  | 'marginBounds';

/** Name of something that a system says of every image: a row of `src/models/quantities.ts`, and a capability. */
export type QuantityName = Capability;

/** Name of a loss per example: a row of `src/losses/registry.ts`. */
export type LossName = string;

/** What losses are about, beside the images. */
export interface LossArguments {
  /** (n); needed by every loss but scores. */
  labels?: Int32Array;
  /** (n): classes t to be led to; needed by dlr-targeted and target-margin. */
  targets?: Int32Array;
  /** (n, classes) of the logits; needed by weighted-logits. */
  weights?: Float32Array;
  /** What a score must reach; needed by evade-*. */
  threshold?: number;
}

/** A batch of examples. */
export interface Batch extends LossArguments {
  n: number;
  /** (n, C, H, W) row-major, in [0, 1]. */
  pixels: Float32Array;
  /** (n): where a stochastic system draws its noise for each example. Ignored by deterministic systems. */
  keys?: readonly StreamKey[];
  /** Ends what takes many passes, such as the chains of a defence: the call then fails as `interrupted`. */
  signal?: AbortSignal;
}

/** Several draws of each example: what a randomised defence made of it. */
export interface Draws extends LossArguments {
  /** Examples. */
  n: number;
  /** Draws of each. */
  group: number;
  /** (n * group, C, H, W): the draws of an example stand together. */
  pixels: Float32Array;
  /**
   * What is averaged: logits, or probabilities, whose logarithms are then the logits of the whole (Salman et al. 2019, eq. 4).
   * Default: logits.
   */
  mean?: 'logits' | 'probabilities';
}

/** Passes through the network, counted per example: comparable across machines, which seconds are not. */
export interface Passes {
  forward: number;
  /** A gradient pass is one forward and one backward. */
  gradient: number;
}

/** Some quantities of the images of a batch. */
export interface Evaluated {
  /** By name: (n, width), or (n) for one number per image. */
  values: Partial<Record<QuantityName, Float32Array>>;
  passes: Passes;
  /** (n), where a loss was asked for. */
  loss?: Float32Array;
  /** (n, C, H, W), where a loss was asked for: d loss / d pixels. */
  gradient?: Float32Array;
}

/** The last linear layer: logits = W features + b. */
export interface LastLayer {
  /** Features of one image. */
  width: number;
  /** W (classes, width), row-major. */
  weight: Float32Array;
  /** b (classes) */
  bias: Float32Array;
}

/** (C, H, W) */
export type MapShape = readonly [channels: number, height: number, width: number];

/** Maps inside a network through which all goes that it knows of the image. */
export interface InnerMaps {
  /** What the global pooling reads, then the last of the stage before. */
  shapes: readonly MapShape[];
  /** Why there are no more, where there are fewer than two. */
  why?: string;
}

/** What becomes of the map of an image, row-major. */
export type MapChange = (map: Float32Array, shape: MapShape) => ArrayLike<number>;

export interface ChangedMaps {
  /** (n, classes), of each map. */
  logits: readonly Float32Array[];
  /** What follows a map counts as a pass of its own. */
  passes: Passes;
}

/** What is to be bounded: the margins of the labels over all images within `epsilon`, as far as they are images. */
export interface BoundQuestion {
  /** In units of pixels in [0, 1]. */
  epsilon: number;
  /** Default: Linf. */
  norm?: BallNorm;
  method: Method;
  /** Steps up of `alpha-crown`. Default: 20. */
  iterations?: number;
}

/** Lower bounds of margins: of f_y - f_j, the least over all other classes j. */
export interface MarginBounds {
  /** (n) No float32 evaluation of the network at an image of the ball has a smaller margin, whatever its order of summation. */
  margin: Float64Array;
  /** (n) What was taken off for rounding, in the last step. */
  rounding: Float64Array;
  /** A walk back from one margin counts as a gradient pass, intervals and magnitudes as three forward passes. */
  passes: Passes;
}

export interface Outputs {
  /** (n, classes); absent when the system does not classify. */
  logits?: Float32Array;
  /** (n) log p(x) up to a constant; absent when the model card says `energy: none`. */
  logPx?: Float32Array;
  passes: Passes;
}

export interface Gradients extends Outputs {
  /** (n) the loss per example. */
  loss: Float32Array;
  /** (n, C, H, W): d loss / d pixels. */
  gradient: Float32Array;
}

/** Hessians of a loss, times a direction. */
export interface HessianProducts {
  /** (n, C, H, W): d^2 loss / d pixels^2, times the direction, of each image. */
  product: Float32Array;
  /** Counted as two gradient passes: forwards and backwards, and the derivative of both. */
  passes: Passes;
}

/** What is known of a system without running it; kept in the run folder, so that summaries need no model. */
export interface SystemInfo {
  name: string;
  /** Name of the model that classifies (itself, when there is no defence). */
  model: string;
  /** One line for reports: `purified by jem: 10 steps, 5 chains`; empty for a bare model. */
  defence: string;
  /** Set behind chains of SGLD: how many steps, and what attacks follow through them. `identity` knows of it. */
  purified?: { steps: number; gradient: 'straight-through' | 'full' };
  /** Set behind randomised smoothing: of which system, sigma in units of pixels in [0, 1], and how many draws vote. */
  smoothed?: { of: string; sigma: number; n: number };
  /** Passes of the networks in it that a call takes for one example. Absent: one of its kind. For estimates only. */
  callPasses?: Record<keyof Passes, Passes>;
  /** (C, H, W) */
  shape: readonly [number, number, number];
  /** Set when there is no model, only what it predicted: it takes no images, and its shape is (0, 0, 0). */
  input?: 'predictions';
  /** Measurements whose rows are recorded, where there is no model: what would ask one is not applicable. */
  recorded?: readonly string[];
  /** Class names; empty when the system does not classify. */
  classes: readonly string[];
  offers: readonly Capability[];
  /** For each capability that is missing: why. */
  lacks: Partial<Record<Capability, string>>;
  stochastic: boolean;
  /** How the energy is defined: decides which caveats reports print. */
  energy: 'logsumexp' | 'output' | 'none';
  /** Hash of everything that decides the outputs (weights, card, defence). */
  identity: string;
  /** What a file of weights was taken for, and what of it the weights do not tell. */
  network?: string;
  /** What to know about how the network is used; reports show it. */
  notes?: readonly Note[];
  /** Features of one image, where it offers them. */
  featureWidth?: number;
  /** Maps that `changedMaps` can change. Absent where there is no telling. */
  maps?: InnerMaps;
  /** Images of its training's chains (a replay buffer) that the checkpoint keeps, where it keeps any. */
  storedChains?: number;
  /**
   * Layers of batch normalisation: public code that never calls `eval()` evaluates such a network in training mode.
   * Absent where there are none, or where the network takes a fixed number of images.
   */
  batchNorms?: number;
  /** d(model input) / d(pixel): gradient in the model's own input units = gradient / inputScale, per channel. */
  inputScale: readonly number[];
}

/**
 * What is evaluated: a model, or a model behind a defence.
 * Errors: `model-invalid` when an output is NaN or infinite (the example is named).
 */
export interface System {
  readonly info: SystemInfo;
  /** Examples per engine call that are efficient; callers may use any batch size. */
  readonly batchSize: number;
  /** How many calls make progress at once. */
  readonly concurrency: number;
  /**
   * The quantities wanted, of every image, and given a loss its value and its gradient with respect to the pixels. All
   * come from one pass. For a stochastic system: of one draw keyed by `batch.keys`; the caller averages (EOT).
   * Errors: `op-unsupported` for what `info.lacks`.
   */
  evaluate(batch: Batch, quantities: readonly QuantityName[], loss?: LossName): Promise<Evaluated>;
  /** Where `info.offers` it. A constant: it costs no pass. */
  readonly lastLayer?: LastLayer;
  /**
   * The images that `info.storedChains` counts, (n, C, H, W), as pixels; chains without a box may have left [0, 1].
   * Read anew by every call. Errors: as reading the checkpoint; `shape-mismatch` for images of another shape.
   */
  storedChains?(): Promise<Float32Array>;
  /**
   * The system with batch normalisation in training mode, where `info.batchNorms`: every batch that it is given is one
   * batch of the network, by whose mean and variance its images are normalised. Released with this system.
   */
  inTrainingMode?(): Promise<System>;
  /**
   * Logits where a map inside the network is changed before it goes on: of the first `count` of `info.maps`, each by
   * itself. Errors: `op-unsupported` where it has fewer.
   */
  changedMaps?(batch: Batch, count: number, change: MapChange): Promise<ChangedMaps>;
  /**
   * Lower bounds of margins over balls; where `info.offers` them. The batch needs labels.
   * Errors: `op-unsupported` names the operator that cannot be bounded; `data-invalid` for labels that are no class.
   */
  marginBounds?(batch: Batch, question: BoundQuestion): Promise<MarginBounds>;
  /** `evaluate` of the logits and log p(x), as far as they are offered. */
  forward(batch: Batch): Promise<Outputs>;
  /** The same with a loss and its gradient. */
  gradient(batch: Batch, loss: LossName): Promise<Gradients>;
  /**
   * Loss of what is averaged over the draws of each example, logits unless probabilities are asked for, and its gradient with respect to every draw:
   * `logits` (n, classes), `logPx` (n) and `loss` (n) are of the averages, `gradient` is (n * group, C, H, W).
   * Only deterministic systems have it; defences that average what they draw are differentiated with it.
   */
  groupedGradient?(draws: Draws, loss: LossName): Promise<Gradients>;
  /**
   * The Hessian of a loss at each image, times a direction (n, C, H, W); where `info.offers` it. The Hessian is symmetric.
   * @param loss default: log p(x)
   */
  hessianProduct?(batch: Batch, direction: Float32Array, loss?: LossName): Promise<HessianProducts>;
}
