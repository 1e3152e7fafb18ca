import type { Request } from '../../suites/contract.js';
import type { NotApplicable } from '../../suites/results.js';
import { builtinRunCatalogue } from '../asked/run-catalogue.js';
import type { Inventory } from './inventory.js';

/**
 * What a request, or one whose rows it reads, would ask of a system of which there are recorded rows only: the name of
 * that measurement. A measurement that does not say how many passes it makes may need none, and is let through.
 */
export function asksUnrecorded(
  request: Request,
  inventory: Pick<Inventory, 'systems' | 'catalogue'>,
): string | undefined {
  const { measurement, system, params, inputs = [], reference = [] } = request;
  const info = inventory.systems.get(system)?.info;
  if (info?.recorded && !info.recorded.includes(measurement.name)) {
    const passes = measurement.passes?.(params, info, inventory.catalogue ?? builtinRunCatalogue);
    if (passes && passes.forward + passes.gradient > 0) return measurement.name;
  }
  for (const read of [...inputs, ...reference]) {
    const asks = asksUnrecorded(read, inventory);
    if (asks) return asks;
  }
  return undefined;
}

export const unrecorded = (suite: string, model: string, measurement: string): NotApplicable => ({
  suite,
  model,
  what: measurement,
  reason: 'there are only its predictions, and no model to show other images to',
});
