import { expect, it } from 'vitest';
import { check } from '../../../src/config/validate.js';
import type { SystemInfo } from '../../../src/models/system.js';
import { systemSummary } from '../../../src/runs/concluding/system-summary.js';
import { SystemSummary } from '../../../src/suites/results.js';
import { analyticSystem } from '../../attacks/helpers/analytic-system.js';

const bare = analyticSystem({ name: 'm', weights: [[1], [-1]], shape: [1, 1, 1] }).info;

/** With all that is known of some system. */
const everything: Required<SystemInfo> = {
  ...bare,
  input: 'predictions',
  recorded: ['clean'],
  lacks: { features: 'it has none', lastLayer: undefined },
  notes: [],
  network: 'a network',
  featureWidth: 4,
  maps: { shapes: [] },
  storedChains: 10,
  batchNorms: 3,
  purified: { steps: 1, gradient: 'full' },
  smoothed: { of: 'm', sigma: 0.25, n: 100 },
  callPasses: { forward: { forward: 1, gradient: 0 }, gradient: { forward: 0, gradient: 1 } },
};

it('a system is told as the schema of results has it, whatever else is known of it', () => {
  for (const info of [bare, everything]) {
    const told = systemSummary(info);
    expect(check(SystemSummary, told, { what: 'the system' })).toEqual(told);
    for (const key of Object.keys(SystemSummary.properties))
      if (key !== 'input' || info === everything) expect(told).toHaveProperty(key);
  }
  expect(systemSummary(everything).lacks).toEqual({ features: 'it has none' });
});
