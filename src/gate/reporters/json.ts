import type { Reporter } from './reporter.js';

/** The verdicts as they stand in results.json. */
export const json: Reporter = {
  name: 'json',
  description: 'the verdicts as results.json has them',
  render: ({ gates }) => `${JSON.stringify(gates, null, 2)}\n`,
};
