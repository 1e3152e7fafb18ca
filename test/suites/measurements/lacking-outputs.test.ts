import { describe, expect, it } from 'vitest';
import type { System } from '../../../src/models/system.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import { settledScore } from '../../../src/suites/chosen-scores.js';
import { defineSuite, type Request, request } from '../../../src/suites/contract.js';
import { fittedScoreRequest } from '../../../src/suites/measurements/fitted-score.js';
import { sequenceClasses } from '../../../src/suites/measurements/sequence-classes.js';
import { spatialGrid } from '../../../src/suites/measurements/spatial-grid.js';
import { ood } from '../../../suites/ood/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { runSuite } from '../helpers/run-suite.js';

const linear = linearSystem({
  weights: [0, 1, 2].map((c) => Array.from({ length: 16 }, (_, j) => Math.sin(3 * c + 2 * j))),
  shape: [1, 4, 4],
});
/** Says that it offers logits, and gives those of the first image only, as a defence of a plug-in may. */
const lacking: System = {
  ...linear,
  async forward(batch) {
    const outputs = await linear.forward(batch);
    return { ...outputs, logits: outputs.logits?.slice(0, 3) };
  },
};
const dataset = memoryDataset({
  images: [0, 1, 2].map((i) => Array.from({ length: 16 }, (_, j) => 0.5 + 0.5 * Math.cos(i + j))),
  labels: [0, 1, 2],
  shape: [1, 4, 4],
});
const on = { system: linear.info.name, dataset: dataset.info.name };
const odin = builtinCatalogue.scores.named('odin');

const wanted: Record<string, Request> = {
  sequences: request({
    measurement: sequenceClasses,
    ...on,
    params: { sequence: 'brightness', frames: 2, padding: 'black' },
  }),
  'warped images': request({
    measurement: spatialGrid,
    ...on,
    params: { degrees: 0, angles: 1, shift: 0, shifts: 1, padding: 'black', draws: 0, whole: false },
  }),
  probes: fittedScoreRequest(linear.info, dataset.info, odin, settledScore(odin)),
};

describe('a system that gives fewer logits than it said', () => {
  it.each(Object.entries(wanted))('is refused in %s, and no class is made up', async (_, one) => {
    const suite = defineSuite({
      ...ood,
      options: {} as never,
      plan: () => [one],
      summarise: () => ({ measures: [] }),
    });
    await expect(runSuite(suite, { systems: [lacking], datasets: [dataset] })).rejects.toMatchObject({
      code: 'shape-mismatch',
      details: { found: '3' },
    });
  });
});
