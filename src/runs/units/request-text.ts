import type { Request } from '../../suites/contract.js';

/** What is measured, as users are told of it. */
export const requestText = ({
  measurement,
  system,
  dataset,
}: Pick<Request, 'measurement' | 'system' | 'dataset'>): string =>
  `${measurement.name} of ${system} on ${dataset}`;
