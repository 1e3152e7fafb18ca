import type { Passes } from './system.js';

/** Whom a measurement tells what became of the passes it was expected to make. Decides the time left, never a result. */
export interface Outlook {
  /** So many more examples were begun: each is expected to take what it takes when nothing ends early. Never told, all are. */
  begin(examples: number): void;
  /** Passes expected of examples that were begun, and that will not be made: they ended early. */
  spare(passes: Passes): void;
}
