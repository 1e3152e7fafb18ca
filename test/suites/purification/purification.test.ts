import type { TSchema } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { check } from '../../../src/config/validate.js';
import { PurifiedSystem } from '../../../src/models/defences/purification.js';
import type { System } from '../../../src/models/system.js';
import { builtinCatalogue } from '../../../src/suites/catalogue.js';
import { optionsOf } from '../../../src/suites/contract.js';
import { attack } from '../../../suites/attack/index.js';
import { purification } from '../../../suites/purification/index.js';
import { type AnalyticOptions, analyticSystem, noiseImages } from '../../attacks/helpers/analytic-system.js';
import { gaussian } from '../../sampling/helpers/gaussian-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, runSuite, sheetOf } from '../helpers/run-suite.js';

const weights = [
  [3, -1, 2, 0.5],
  [-1, 2, -0.5, 1.5],
  [0.5, 0.5, -2, -1],
];
const model = (more: Partial<AnalyticOptions> = {}) =>
  analyticSystem({ name: 'jem', weights, squash: 2, ...more });

/** Noise images with the labels that the model gives them. */
async function labelled(n = 20) {
  const pixels = noiseImages(n, 4);
  const { logits = new Float32Array(0) } = await model().forward({ n, pixels });
  const labels = Array.from({ length: n }, (_, i) => {
    const row = logits.subarray(i * 3, i * 3 + 3);
    return row.indexOf(Math.max(...row));
  });
  return memoryDataset({
    images: Array.from({ length: n }, (_, i) => [...pixels.subarray(i * 4, i * 4 + 4)]),
    labels,
  });
}

const options = {
  steps: [5, 1],
  stepSize: 0.02,
  noise: 0.01,
  inputNoise: 0.02,
  chains: 3,
  epsilon: 0.1,
  attackSteps: 10,
  adaptive: { steps: 5, eot: 2, confirm: 3, examples: 8 },
};

describe('the purification suite', () => {
  it('measures cost, transfer and the attack on the whole, at every number of steps', async () => {
    const outcome = await runSuite(purification, {
      systems: [model()],
      datasets: [await labelled()],
      options,
    });
    for (const steps of [1, 5]) {
      expect(measureOf(outcome, 'purified-accuracy', { steps }).n).toBe(20);
      expect(measureOf(outcome, 'transfer-accuracy', { steps, epsilon: '0.1' }).n).toBe(20);
      expect(measureOf(outcome, 'adaptive-robust-accuracy', { steps }).n).toBe(8);
      expect(measureOf(outcome, 'log-px-change', { steps }).value).not.toBeNull();
    }
    expect(codes(outcome)).toContain('purification-upper-bound');
  });

  it('without noise and steps nothing changes', async () => {
    const still = { ...options, steps: [0], noise: 0, inputNoise: 0 };
    const outcome = await runSuite(purification, {
      systems: [model()],
      datasets: [await labelled()],
      options: still,
    });
    expect(measureOf(outcome, 'purified-accuracy').value).toBe(1);
    expect(measureOf(outcome, 'log-px-change').value).toBeCloseTo(0, 6);
    const rows = outcome.summary.tables?.[0]?.rows ?? [];
    expect(rows.map(({ steps }) => steps)).toEqual(['none', '0']);
    // The images kept by the attack are those that broke the bare model: accuracy on them is its robust accuracy.
    expect(rows[1]!.transferred).toEqual(rows[0]!.transferred);
  });

  it('energy falls where chains climb without noise', async () => {
    const climb = { ...options, noise: 0, inputNoise: 0, steps: [0, 1, 10] };
    const outcome = await runSuite(purification, {
      systems: [model()],
      datasets: [await labelled()],
      options: climb,
    });
    const [none, one, ten] = [0, 1, 10].map(
      (steps) => measureOf(outcome, 'log-px-change', { steps }).value ?? 0,
    ) as [number, number, number];
    expect(none).toBeCloseTo(0, 6);
    expect(one).toBeGreaterThan(0);
    expect(ten).toBeGreaterThan(one);
    expect(codes(outcome)).not.toContain('purification-descends');
  });

  it('says so when noise drowns the climb', async () => {
    const peak = gaussian(0.5, 0.01, 1);
    const loud = { ...options, by: 'gaussian', stepSize: 0, noise: 0.6, inputNoise: 0 };
    const outcome = await runSuite(purification, {
      systems: [model({ shape: [1, 2, 2] }), peak],
      datasets: [await labelled()],
      options: loud,
    });
    expect(measureOf(outcome, 'log-px-change', { steps: 5 }).value).toBeLessThan(0);
    expect(codes(outcome)).toContain('purification-descends');
  });

  it('asking for more steps does not change those that were asked for', async () => {
    const datasets = [await labelled()];
    const accuracies = async (steps: number[]) => {
      const outcome = await runSuite(purification, {
        systems: [model()],
        datasets,
        options: { ...options, steps },
      });
      return sheetOf(outcome).filter((row) => row.steps === 2);
    };
    expect(await accuracies([2, 4])).toEqual(await accuracies([2]));
  });

  it('the size of units changes nothing', async () => {
    const given = { systems: [model()], datasets: [await labelled()], options };
    const [small, large] = [
      await runSuite(purification, { ...given, chunk: 3 }),
      await runSuite(purification, { ...given, chunk: 100 }),
    ];
    expect(small.summary.measures).toEqual(large.summary.measures);
  });

  it('another model may purify, an unconditional one too', async () => {
    const energy = model({ name: 'ebm', weights: [[1, 1, 1, 1]] });
    const ebm: System = {
      ...energy,
      info: { ...energy.info, classes: [], offers: ['logPx', 'inputGradient'] },
    };
    const outcome = await runSuite(purification, {
      systems: [model(), ebm],
      datasets: [await labelled()],
      options: { ...options, by: 'ebm' },
    });
    expect(measureOf(outcome, 'purified-accuracy', { steps: 1 }).params.by).toBe('ebm');
  });

  it('systems that cannot are not applicable, with the reason', async () => {
    const bare = model();
    const mute: System = {
      ...bare,
      info: {
        ...bare.info,
        name: 'mute',
        offers: ['logits', 'inputGradient'],
        lacks: { logPx: 'energy: none' },
      },
    };
    const pure = new PurifiedSystem(
      bare,
      bare,
      {
        by: 'jem',
        steps: 1,
        stepSize: 0.1,
        noise: 0,
        inputNoise: 0.1,
        chains: 2,
        clamp: 'none',
        gradient: 'straight-through',
        seed: 'fresh',
      },
      'pure',
    );
    const outcome = await runSuite(purification, {
      systems: [mute, pure],
      datasets: [await labelled()],
      options,
    });
    expect(outcome.requests).toEqual([]);
    expect(outcome.summary.notApplicable?.map(({ model, reason }) => [model, reason])).toEqual([
      ['mute', 'energy: none'],
      ['pure', 'it stands behind a defence already'],
    ]);
  });

  it('shares its attack with the attack suite when that asks for the same', async () => {
    const datasets = [await labelled()];
    const given = { systems: [model()], datasets };
    const theirs = await runSuite(attack, {
      ...given,
      options: { epsilons: [0.1], steps: 10, keep: 'strongest', examples: 64, checks: false },
    });
    const ours = await runSuite(purification, { ...given, options });
    const attacks = [theirs, ours].map(({ requests }) =>
      requests.find(({ measurement }) => measurement.name === 'attack'),
    );
    expect(JSON.stringify(attacks[0])).toBe(JSON.stringify(attacks[1]));
  });

  it('an attack on the whole that finds less than transfer did is called too weak', async () => {
    const datasets = [await labelled(40)];
    const adaptive = { steps: 10, eot: 1, confirm: 1, examples: 40 };
    const given = { ...options, noise: 0, inputNoise: 0, stepSize: 0, epsilon: 0.2, adaptive };
    // Gradients of the whole are masked, those of the bare model are not.
    const masked: System = { ...model(), groupedGradient: model({ gradientScale: 0 }).groupedGradient };
    const run = async (system: System) =>
      codes(await runSuite(purification, { systems: [system], datasets, options: given }));
    expect(await run(model())).not.toContain('adaptive-weaker-than-transfer');
    expect(await run(masked)).toContain('adaptive-weaker-than-transfer');
  });

  it('the attack on the whole can be left out', async () => {
    const outcome = await runSuite(purification, {
      systems: [model()],
      datasets: [await labelled()],
      options: { ...options, adaptive: { steps: 0 } },
    });
    expect(outcome.summary.measures.some(({ measure }) => measure === 'adaptive-robust-accuracy')).toBe(
      false,
    );
  });
});

describe('a purified system is a system', () => {
  it('the attack suite runs on it', async () => {
    const bare = model();
    const attacked = { gradient: 'straight-through', seed: 'fresh' } as const;
    const chain = { by: 'jem', steps: 2, stepSize: 0.02, noise: 0.01, inputNoise: 0.05, chains: 2 };
    const pure = new PurifiedSystem(bare, bare, { ...chain, clamp: 'none', ...attacked }, 'pure');
    const outcome = await runSuite(attack, {
      systems: [bare, pure],
      datasets: [await labelled()],
      options: { epsilons: [0.05, 0.3], steps: 5, eot: 2, confirm: 2 },
    });
    expect(measureOf(outcome, 'robust-accuracy', { model: 'pure', epsilon: '0.3' }).value).toBeLessThan(0.9);
    expect(codes(outcome)).toContain('stochastic-verdict');
  });
});

describe('options as the run file has them', () => {
  const thing = { file: 'run.yaml', what: 'options' };

  it('are checked and filled in', () => {
    expect(check(optionsOf(attack, builtinCatalogue), { stepSize: '2/255', steps: 40 }, thing)).toMatchObject(
      {
        method: 'pgd',
        steps: 40,
        confirm: 8,
      },
    );
    expect(check(optionsOf(purification, builtinCatalogue), {}, thing)).toMatchObject({
      steps: [1, 10],
      chains: 5,
      ladder: ['transfer', 'bpda'],
      adaptive: { examples: 32 },
    });
  });

  it.each<[TSchema, object, RegExp]>([
    [optionsOf(attack, builtinCatalogue), { epsilon: '8/255' }, /epsilons/],
    [optionsOf(attack, builtinCatalogue), { norm: 'Linff' }, /norm/],
    [optionsOf(purification, builtinCatalogue), { chain: 3 }, /chains/],
    [optionsOf(purification, builtinCatalogue), { steps: 3 }, /steps/],
  ])('mistakes are named', (schema, given, message) => {
    try {
      check(schema, given, thing);
    } catch (error) {
      expect(JSON.stringify(error)).toMatch(message);
      return;
    }
    throw new Error('nothing was refused');
  });
});
