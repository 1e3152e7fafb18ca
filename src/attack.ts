/** `assay/attack`: what attacks, norms and losses are written with. */
export { Type } from '@sinclair/typebox';
export {
  type Answer,
  type Attack,
  defineAttack,
  type Query,
  type Subject,
  type Trajectory,
} from './attacks/attack.js';
export { type Epsilon, parseEpsilon } from './attacks/epsilon.js';
export type { Norm } from './attacks/norms.js';
export type { GraphBuilder } from './graph/build.js';
export type { ExampleArguments, Loss, LossSite } from './losses/loss.js';
export type { Passes } from './models/system.js';
export type { Stream } from './random/stream.js';
