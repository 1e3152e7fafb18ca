import { describe, expect, it } from 'vitest';
import { check } from '../../src/config/validate.js';
import type { System } from '../../src/models/system.js';
import { LiveUnit } from '../../src/runs/measuring/live-unit.js';
import { measureUnit } from '../../src/runs/measuring/measure-unit.js';
import { PassMeter } from '../../src/runs/measuring/pass-meter.js';
import { SharedClock } from '../../src/runs/measuring/shared-clock.js';
import { planRun } from '../../src/runs/plan/plan.js';
import { ReferenceRows } from '../../src/runs/rows/reference-rows.js';
import { FolderStore } from '../../src/runs/units/store.js';
import { builtinCatalogue } from '../../src/suites/catalogue.js';
import { optionsOf } from '../../src/suites/contract.js';
import { analyticSystem, noiseImages } from '../attacks/helpers/analytic-system.js';
import { entryOf, evaluationOf, folder } from '../runs/small-run.js';
import { everySuite } from './helpers/every-suite.js';
import { memoryDataset } from './helpers/memory-dataset.js';

const analytic = analyticSystem({
  name: 'jem',
  weights: [
    [3, -1, 2, 0.5],
    [-1, 2, -0.5, 1.5],
    [0.5, 0.5, -2, -1],
  ],
  squash: 2,
});
/** With bounds that prove nothing, at the price of those that do. */
const system: System = {
  ...analytic,
  info: { ...analytic.info, offers: [...analytic.info.offers, 'marginBounds'] },
  marginBounds: async ({ n }) => ({
    margin: new Float64Array(n).fill(-1),
    rounding: new Float64Array(n),
    passes: { forward: 3 * n, gradient: (analytic.info.classes.length - 1) * n },
  }),
};

/** n noise images; a third of them are labelled as the model sees them. */
function images(name: string, n: number, role: 'test' | 'validation' | 'ood') {
  const pixels = noiseImages(n, 4);
  const rows = Array.from({ length: n }, (_, i) => [...pixels.subarray(i * 4, i * 4 + 4)]);
  return memoryDataset({ name, role, images: rows, labels: rows.map((_, i) => i % 3) });
}

const options: Record<string, object> = {
  jem: { model: 'jem', published: 'jem' },
  energy: { resamples: 100, permutations: 99, traces: { chains: 5, steps: [2, 6] } },
  attack: {
    norm: 'Linf',
    method: 'pgd',
    steps: 5,
    restarts: 2,
    epsilons: ['0.02', '0.1'],
    certify: 'crown-ibp',
  },
  transfer: { norm: 'Linf', method: 'pgd', steps: 5, epsilon: '0.1' },
  'robust-ood': { norm: 'Linf', method: 'pgd', steps: 5, epsilons: ['0.1'] },
  purification: {
    steps: [1, 5],
    chains: 3,
    epsilon: 0.1,
    attackSteps: 4,
    ladder: ['transfer', 'bpda', 'full', 'apgd-margin', 'fixed-seed'],
    draws: 25,
    adaptive: { steps: 5, eot: 2, confirm: 3, examples: 8 },
  },
  corruptions: { corruptions: ['contrast', 'brightness'], severities: [1, 3], resamples: 100 },
  consistency: { frames: 3, resamples: 100 },
  smoothing: { sigma: ['0.25', '0.5'], n0: 3, n: 40, stop: 'radii' },
  spatial: { angles: 3, shifts: 3, draws: 2 },
  samples: { images: 5, steps: 4, neighbours: 'val', distal: { images: 3, steps: 4 } },
};

describe('what measurements say of their passes', () => {
  it.each(everySuite.map((suite) => [suite.name, suite] as const))(
    '%s: every pass expected is made or spared',
    async (name, suite) => {
      const sets = [images('test', 12, 'test'), images('val', 12, 'validation'), images('noise', 12, 'ood')];
      const evaluation = evaluationOf([system], sets);
      const settled = check(optionsOf(suite, builtinCatalogue), options[name] ?? {}, { what: name });
      const { jobs } = planRun([{ ...entryOf(suite), options: settled }], evaluation);
      expect(jobs.length).toBeGreaterThan(0);
      const store = await FolderStore.open(folder());
      const reference = new ReferenceRows(store);
      const environment = { ...evaluation, store, reference, signal: new AbortController().signal };
      for (const job of jobs) {
        const { measurement, params } = job.request;
        const plain = measurement.passes?.(params, system.info, builtinCatalogue);
        for (const unit of job.units) {
          const live = new LiveUnit(new PassMeter(), new SharedClock().start(), new SharedClock().start());
          await store.write({ ...(await measureUnit(job, unit, environment, live)), seconds: 0 });
          const { passes, spared, begun } = live;
          const n = unit.end - unit.start;
          expect(begun ?? n, measurement.name).toBe(n);
          const accounted = [passes.forward + spared.forward, passes.gradient + spared.gradient];
          const expected = [plain?.forward, plain?.gradient].map((each = Number.NaN) => n * each);
          // Verdicts are confirmed by forward passes that no schedule holds; behind a purification, those hold gradients.
          const [forward, gradient] = accounted.map((passes, kind) => passes - expected[kind]!);
          expect(forward, measurement.name).toBeGreaterThanOrEqual(0);
          if (measurement.name === 'adaptive-attack') expect(gradient).toBeGreaterThanOrEqual(0);
          else expect(gradient, measurement.name).toBe(0);
        }
      }
    },
  );
});
