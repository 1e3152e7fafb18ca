import type { TObject } from '../config/type.js';
import type { Graph } from '../graph/graph.js';
import type { ImageShape } from './image-shape.js';
import type { Network } from './network.js';
import type { Normaliser } from './views.js';
import type { StoredImages, Weights } from './weights.js';

/** A card's `architecture`, checked for its own keys only when the row is known. */
export interface ArchitectureChoice {
  name: string;
  /** Which of several sets of weights in the file: `ema`. Default: the trained ones. */
  stateDict?: string;
  /** Beginnings of names that the network does not use. */
  ignore?: string[];
  [option: string]: unknown;
}

/** Settings between which the weights do not decide. */
export interface Choices {
  /** The card's keys that decide. */
  keys: readonly string[];
  /** What leaves it open. Default: several networks have these weights. */
  message?: string;
  /** What was asked of them. */
  why: string;
  /** As a card's `architecture` says them; the most usual first, perhaps not all. Empty when none fits. */
  options: readonly Readonly<Record<string, unknown>>[];
  /** How many fit; never one. */
  total: number;
}

/** What names and shapes of weights tell. */
export interface Recognition {
  /** Options as read off the weights: a card may repeat them but not contradict them. */
  facts: Readonly<Record<string, unknown>>;
  /** Options that weights do not tell, with what is usual. A card may say otherwise. */
  guesses?: Readonly<Record<string, unknown>>;
  /** What else was taken as is usual, where no option of the card's `architecture` is called so. */
  assumed?: Readonly<Record<string, unknown>>;
  /** Options that nothing tells and that have no usual value, with what to write: the card must say them. */
  missing?: Readonly<Record<string, string>>;
  /** Several settings fit, or none does: the card must say one. */
  choices?: Choices;
  /** The size of an image where the weights fix it, or the usual one. */
  image: ImageShape;
  /** What the network was trained on, where its code always does the same. */
  range?: readonly [number, number];
  /** The same where its code standardises pixels in [0, 1], and where that is known from. */
  normaliser?: Normaliser;
  /** Whose code names weights like this. */
  layout: string;
  /** For the user: what was guessed, what else is in the file. */
  notes: readonly string[];
}

/** One row of the registry: a family of networks whose weights are known by their names. */
export interface Architecture {
  name: string;
  /** For people. */
  title: string;
  /** The card's keys beside those that all have. */
  options: TObject;
  /** What the schema of the options cannot say. Errors: `config-invalid`, `unknown-name`. */
  check?(given: Readonly<Record<string, unknown>>, file: string): void;
  /**
   * Undefined when the weights are another network's.
   * @param given the card's `architecture`, checked
   * @param shape the card's `input.shape`
   */
  recognise(
    weights: Weights,
    given: Readonly<Record<string, unknown>>,
    shape?: ImageShape,
  ): Recognition | undefined;
  /** Writes the network, from its input to its outputs. Errors: `shape-mismatch`, `model-invalid`. */
  build(network: Network, options: Readonly<Record<string, unknown>>): void;
}

/** A graph made from weights, and what is known about it. */
export interface BuiltNetwork {
  graph: Graph;
  /** As a card's `architecture` says it. */
  architecture: ArchitectureChoice;
  /** Those of its options that the weights do not tell: said by the card, or assumed. */
  open: Readonly<Record<string, unknown>>;
  title: string;
  layout: string;
  image: ImageShape;
  range?: readonly [number, number];
  /** Mean and standard deviation of pixels in [0, 1], as the file keeps them or its code has them. */
  normaliser?: Normaliser;
  /** What the file keeps beside the network, for people. */
  leftOut?: string;
  notes: readonly string[];
  replayBuffer?: StoredImages;
}
