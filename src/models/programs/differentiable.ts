import type { Engine } from '../../engines/engine.js';
import type { Loss } from '../../losses/loss.js';
import type { Registry } from '../../registry.js';
import type { Contract } from '../card/contract.js';
import type { Prepared } from '../graph/prepare.js';
import type { FeaturePlace } from '../last-layer.js';

/** What quantities and losses are put on and compiled with. */
export interface Differentiable {
  engine: Engine;
  prepared: Prepared;
  contract: Contract;
  features?: FeaturePlace | undefined;
  /** What can be differentiated, by name. */
  losses: Registry<Loss>;
}
