import type { Reply } from '../protocol.js';
import type { Excess, Limits } from './limits.js';

/** The first message to a guarded process; orders of a pool follow. */
export interface Start {
  /** The worker's compiled file, and what it is started with. */
  file: string;
  options: unknown;
  limits: Limits;
}

/** What a guarded process says. */
export type Said = Reply | { over: Excess } | { crashed: string };
