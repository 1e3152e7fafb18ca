import type { Nameable, NameableSuite } from '../../gate/names.js';
import type { Request } from '../../suites/contract.js';
import type { Results } from '../../suites/results.js';
import { warningCodes } from '../../suites/warning-codes.js';
import type { Inventory } from '../inventory/inventory.js';
import type { Plan } from '../plan/plan.js';
import { FAILED_EXAMPLES } from '../rows/failed-summary.js';

/** What gates may name before anything is measured. A suite with nothing to measure gives no measures. */
export function nameableInPlan({ suites }: Plan, { systems, datasets }: Inventory): Nameable {
  return {
    models: [...systems.keys()],
    datasets: [...datasets.keys()],
    suites: suites.map(({ entry: { suite }, wanted }): NameableSuite => {
      const { name, measures } = suite;
      if (measures === undefined) return { suite: name };
      if (wanted.length === 0) return { suite: name, measures: [] };
      const epsilons = radiiOf(wanted.map(({ request }) => request));
      return { suite: name, measures: [...measures, FAILED_EXAMPLES], epsilons };
    }),
  };
}

/** What gates may name in results. Partial ones may lack measures and radii that a gate waits for. */
export function nameableInResults(results: Results): Nameable {
  const { systems, datasets, suites, measures, status, config } = results;
  const { plugins = [] } = (config ?? {}) as { plugins?: readonly unknown[] };
  return {
    ...(plugins.length === 0 && { warnings: warningCodes }),
    models: systems.map(({ name }) => name),
    datasets: datasets.map(({ name }) => name),
    suites: [...new Set(suites.map(({ suite }) => suite))].map((suite) => ({
      suite,
      ...(status === 'complete' && {
        measures: [
          ...new Set(measures.filter((m) => m.suite === suite).map(({ measure }) => measure)),
        ].sort(),
        epsilons: measures.flatMap((m) =>
          m.suite === suite && m.params.epsilon !== undefined ? [String(m.params.epsilon)] : [],
        ),
      }),
    })),
  };
}

/** Radii that requests name in their parameters, as written, and that of the clean image; none without attacks. */
export function radiiOf(requests: readonly Request[]): string[] {
  const radii = new Set(requests.flatMap(({ params }) => epsilonsWithin(params)));
  return radii.size > 0 ? ['0', ...radii] : [];
}

function epsilonsWithin(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'epsilons' && Array.isArray(inner) ? inner.map(String) : epsilonsWithin(inner),
  );
}
