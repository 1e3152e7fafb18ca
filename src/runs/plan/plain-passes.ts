import type { SystemInfo } from '../../models/system.js';
import type { Catalogue } from '../../suites/catalogue.js';
import type { Job } from './plan.js';

/** What a measurement says of the passes of an example. An estimate that fails is not worth a run. */
export function plainPasses(
  { request }: Job,
  infoOf: (system: string) => SystemInfo | undefined,
  catalogue: Catalogue,
) {
  const info = infoOf(request.system);
  try {
    return info && request.measurement.passes?.(request.params, info, catalogue);
  } catch {
    return undefined;
  }
}

/** What jobs share whose examples take alike many passes. */
export const kindOf = ({ request: { measurement, params } }: Job): string =>
  JSON.stringify([measurement.name, params]);
