/**
 * `assay/attack`: what attacks, norms and losses are written with; and for suites that attack, the options of their run
 * files and what these come to (`assay/measurements` has the passes).
 */

export {
  type Answer,
  type Attack,
  defineAttack,
  type Query,
  type Subject,
  type Trajectory,
} from './attacks/attack.js';
export type { AttackPlan } from './attacks/attack-plan.js';
export { type Epsilon, epsilonSchema, parseEpsilon, parseEpsilons } from './attacks/epsilon.js';
export { attackedScores } from './attacks/goals.js';
export { definedLoss } from './attacks/losses.js';
export type { Norm } from './attacks/norms.js';
export { Type } from './config/type.js';
export type { GraphBuilder } from './graph/build.js';
export type { ExampleArguments, Loss, LossSite } from './losses/loss.js';
export type { Passes } from './models/system.js';
export type { Stream } from './random/stream.js';
export { CHANCE } from './suites/attacking/chance.js';
export { type Contradicted, refuseContradiction } from './suites/attacking/contradiction.js';
export {
  type DetectorAttack,
  type DetectorAttackOptions,
  detectorAttackOptions,
  detectorScores,
  optionsOfDetectorAttacks,
  resolveDetectorAttack,
} from './suites/attacking/detector-attack.js';
export {
  type AttackingOptions,
  attackingOptions,
  optionsOfAttacks,
  optionsOfEveryAttack,
  type SharedOptions,
} from './suites/attacking/options.js';
export { attackLabel, type ResolvedAttack, resolveAttack } from './suites/attacking/resolve-attack.js';
export { attackPasses, attackPlanOf, settledStage } from './suites/measurements/attack.js';
