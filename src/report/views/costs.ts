import type { Results } from '../../suites/results.js';
import { formatNumber, formatParams } from '../format.js';
import type { Colours } from './colours.js';

type Cost = Results['costs'][number];
type Sums = Pick<Cost, 'examples' | 'units' | 'forward' | 'gradient' | 'seconds'>;

/** Costs per measurement and system, each in full, and their total. */
export function costsView(costs: readonly Cost[], colours: Colours) {
  const named = ({ measurement, model }: Cost) => ({
    measurement,
    model,
    colour: colours.get(model) ?? '',
  });
  const groups = new Map<string, Cost[]>();
  for (const cost of costs) {
    const key = JSON.stringify([cost.measurement, cost.model]);
    groups.set(key, [...(groups.get(key) ?? []), cost]);
  }
  return {
    summary: [...groups.values()].map((group) => ({ ...named(group[0]!), ...formatted(sum(group)) })),
    rows: costs.map((cost) => ({
      ...named(cost),
      dataset: cost.dataset,
      params: formatParams(cost.params),
      ...formatted(cost),
    })),
    total: formatted(sum(costs)),
  };
}

function sum(costs: readonly Cost[]): Sums {
  const of = (key: keyof Sums) => costs.reduce((total, cost) => total + cost[key], 0);
  return {
    examples: of('examples'),
    units: of('units'),
    forward: of('forward'),
    gradient: of('gradient'),
    seconds: of('seconds'),
  };
}

const formatted = ({ examples, units, forward, gradient, seconds }: Sums) => ({
  examples: formatNumber(examples),
  units: formatNumber(units),
  forward: formatNumber(forward),
  gradient: formatNumber(gradient),
  seconds: seconds.toFixed(2),
});
