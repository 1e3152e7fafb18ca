import { type Static, Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import type { LiveUnit, UnitProgress } from '../measuring/live-unit.js';

const amount = Type.Number({ minimum: 0, maximum: 2 ** 53 });
const Passes = Type.Object({ forward: amount, gradient: amount });

/** How far a unit is, as a worker tells. */
const LiveReport = Type.Object({
  passes: Passes,
  spared: Passes,
  begun: Type.Union([amount, Type.Null()]),
});

export const reportOf = ({ passes, spared, begun }: UnitProgress): Static<typeof LiveReport> => ({
  passes: { ...passes },
  spared: { ...spared },
  begun: begun ?? null,
});

/** Shows a unit as far as the worker says it is; what is no report is not heeded. */
export function follow(live: LiveUnit, data: unknown): void {
  try {
    const { passes, spared, begun } = check(LiveReport, data, { what: 'report' });
    Object.assign(live.passes, passes);
    Object.assign(live.spared, spared);
    live.begun = begun ?? undefined;
  } catch {
    // Whoever can write to the queue can send anything.
  }
}
