import type { SystemInfo } from '../../models/system.js';
import type { Results } from '../../suites/results.js';

/**
 * What results say of a system, named one by one: what else is known of it matters to measurements only, and its notes are
 * among the warnings.
 */
export function systemSummary(info: SystemInfo): Results['systems'][number] {
  const { name, model, defence, shape, input, classes, offers, lacks } = info;
  const { stochastic, energy, identity, inputScale } = info;
  return {
    ...{ name, model, defence, shape: [...shape] },
    ...(input !== undefined && { input }),
    classes: [...classes],
    offers: [...offers],
    lacks: Object.fromEntries(Object.entries(lacks).filter(([, why]) => why !== undefined)),
    ...{ stochastic, energy, identity, inputScale: [...inputScale] },
  };
}
