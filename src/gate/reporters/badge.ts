import { outcome } from './outcome.js';
import type { Reporter } from './reporter.js';

const colours = { passed: 'brightgreen', warned: 'yellow', failed: 'red', broken: 'red', none: 'lightgrey' };

/** A badge for a README, as https://shields.io/badges/endpoint-badge reads it. */
export const badge: Reporter = {
  name: 'badge',
  description: 'JSON of a badge, for the endpoint of shields.io',
  render(judged) {
    const { kind, words } = outcome(judged);
    const json = { schemaVersion: 1, label: 'assay', message: words, color: colours[kind] };
    return `${JSON.stringify(json, null, 2)}\n`;
  },
};
