import type { Passes } from './system.js';

/** Adds passes up, in place. */
export function addTo(total: Passes, { forward, gradient }: Passes): void {
  total.forward += forward;
  total.gradient += gradient;
}
