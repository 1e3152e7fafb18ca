import type { LayerSite } from '../site.js';
import type { Value } from '../value.js';

/** One row of the layer table. */
export interface LayerRow {
  /** As configurations name it. */
  className: string;
  /** Writes the layer's nodes and returns what it puts out. Weights are asked for in the order Keras makes them. */
  apply(site: LayerSite): Value;
  /** Does nothing outside training. */
  trainingOnly?: true;
}
