import { expect, it } from 'vitest';
import { check } from '../../../src/config/validate.js';
import type { SuiteEntry } from '../../../src/runs/asked/suite-entries.js';
import { runEvaluation } from '../../../src/runs/run-evaluation.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import { optionsOf, type Suite } from '../../../src/suites/contract.js';
import { samples } from '../../../suites/samples/index.js';
import { analyticSystem } from '../../attacks/helpers/analytic-system.js';
import { memoryDataset } from '../../suites/helpers/memory-dataset.js';
import { entryOf, evaluationOf, folder } from '../small-run.js';

it('a replay buffer of nothing but NaN is told, and the chains from noise are judged', async () => {
  const shape = [1, 2, 2] as const;
  const plain = analyticSystem({
    ...{ name: 'jem', shape, squash: 2 },
    weights: [
      [3, -1, 2, 0.5],
      [-1, 2, -0.5, 1.5],
    ],
  });
  const system = {
    ...plain,
    info: { ...plain.info, identity: 'jem', storedChains: 6 },
    storedChains: async () => new Float32Array(6 * 4).fill(Number.NaN),
  };
  const images = Array.from({ length: 8 }, (_, i) => [0.1 * i, 0.5, 0.2, 0.9]);
  const test = memoryDataset({
    name: 'test',
    role: 'test',
    shape,
    images,
    labels: images.map((_, i) => i % 2),
  });
  const given = { images: 6, steps: 4, strips: 2, resamples: 0, distal: { images: 0 } };
  const options = check(optionsOf(samples as Suite, builtinCatalogue), given, { what: 'options' });
  const out = folder();
  const spec = {
    ...{ title: 'small', file: 'small.run.yaml', directory: out, config: {} },
    evaluation: evaluationOf([system], [test]),
    entries: [{ ...entryOf(samples as Suite), options } as SuiteEntry],
    ...{ gates: [], expectations: [], partial: new Set<string>(), warnings: [] },
  };
  const { results } = await runEvaluation(spec, {
    ...{ out, signal: new AbortController().signal, notify: () => undefined },
  });
  const { status, errors, measures, warnings } = results;
  expect([status, errors]).toEqual(['complete', []]);
  const drawn = measures.filter(({ measure }) => measure === 'sample-log-px');
  expect(drawn.map(({ params, n }) => [params.samples, n])).toEqual([
    ['unconditional', 6],
    ['conditional', 6],
  ]);
  expect(warnings.map(({ code, message }) => `${code}: ${message}`)).toEqual([
    expect.stringMatching(
      /^failed-examples: .* the image of the replay buffer of "jem" .* holds NaN or infinity$/,
    ),
  ]);
});
