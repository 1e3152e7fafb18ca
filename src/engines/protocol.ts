import type { ErrorCode, ErrorDetails } from '../errors.js';
import type { Differentiation, Value } from './engine.js';
import type { HeldModel } from './held-model.js';

/** Where a simplified model is written, its large weights into another file of the same folder. */
export interface Simplified {
  file: string;
  weights: string;
}

/** Asks a worker to say when it can work: its library has to be loaded first. Answered by `LOADED`, in front of all replies. */
export interface Hello {
  kind: 'hello';
}
export const LOADED = 'loaded';

/** What the pool asks of a worker. `call` is answered by exactly one reply. */
export type Order =
  /** Makes the model known; its session is created when first needed. No reply. */
  | {
      kind: 'register';
      program: number;
      model: HeldModel;
      gradient: Differentiation | undefined;
    }
  /** Creates the session now, so that errors surface at compile time. */
  | { kind: 'prepare'; call: number; program: number }
  | {
      kind: 'run';
      call: number;
      program: number;
      feeds: Record<string, Value>;
      fetches: readonly string[] | undefined;
      /** The reply of a guarded process tells what it held. */
      peak?: true;
    }
  /** Frees the session. No reply. */
  | { kind: 'release'; program: number }
  /** Writes the model as simplified by onnxruntime's `basic` level. */
  | { kind: 'simplify'; call: number; model: HeldModel; into: Simplified }
  /** Ends the thread after the current order. No reply. */
  | { kind: 'close' };

/** What went wrong in a worker. Without a code it is the library's own words. */
export interface Failure {
  message: string;
  code?: ErrorCode;
  details?: Omit<ErrorDetails, 'cause'>;
}

/** With outputs the memory that the feeds came in is given back. `peak`: the most bytes that the process held. */
export type Reply =
  | { call: number; outputs: Record<string, Value>; spent: ArrayBuffer[]; peak?: number }
  | { call: number; error: Failure };
