import { describe, expect, it } from 'vitest';
import type { System } from '../../../src/models/system.js';
import { attack } from '../../../suites/attack/index.js';
import { type AnalyticOptions, analyticSystem } from '../../attacks/helpers/analytic-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, runSuite, sheetOf } from '../helpers/run-suite.js';

/** Class 1 where the mean of the two pixels is above one half: an image is broken at its distance from there. */
const weights = [
  [0, 0],
  [4, 4],
];
const bias = [4, 0];
/** Distance from the boundary in Linf: 0.05, 0.1, 0.2, 0.3, and one that is labelled wrongly. */
const images = [
  [0.45, 0.45],
  [0.6, 0.6],
  [0.3, 0.3],
  [0.8, 0.8],
  [0.9, 0.9],
];
const labels = [0, 1, 0, 1, 0];
const dataset = memoryDataset({ images, labels, indices: [10, 11, 12, 13, 14] });
const linear = (more: Partial<AnalyticOptions> = {}) => analyticSystem({ weights, bias, ...more });
const options = { method: 'fgsm', epsilons: ['0.08', '0.12', 0.25], checks: false };

describe('known answers', () => {
  it.each([
    ['fgsm', 'Linf', {}, [3, 2, 1]],
    ['pgd', 'Linf', { steps: 10 }, [3, 2, 1]],
    // In L2 the boundary is sqrt(2) times as far.
    ['pgd', 'L2', { steps: 30 }, [3, 3, 2]],
  ])('%s %s', async (method, norm, own, robust) => {
    const given = { ...options, method, norm, ...own };
    const outcome = await runSuite(attack, { systems: [linear()], datasets: [dataset], options: given });
    ['0.08', '0.12', '0.25'].forEach((epsilon, k) => {
      const found = measureOf(outcome, 'robust-accuracy', { epsilon, method, norm });
      expect(found.value).toBe(robust[k]! / 5);
      expect(found.n).toBe(5);
      expect(found.interval?.[0]).toBeLessThan(robust[k]! / 5);
      expect(found.method).toBe('wilson');
    });
    expect(measureOf(outcome, 'verification-disagreements').value).toBe(0);
  });

  it('the curve begins with the clean accuracy and never rises', async () => {
    const outcome = await runSuite(attack, { systems: [linear()], datasets: [dataset], options });
    const curve = outcome.summary.figures?.find(({ kind }) => kind === 'lines');
    if (curve?.kind !== 'lines') throw new Error('no curve');
    const { points } = curve.series[0]!;
    expect(points.map(({ x }) => x)).toEqual([0, 0.08, 0.12, 0.25]);
    expect(points.map(({ y }) => y)).toEqual([0.8, 0.6, 0.4, 0.2]);
    expect(curve.xTicks?.map(({ label }) => label)).toEqual(['0', '0.08', '0.12', '0.25']);
  });

  it('the sheet has what the measures rest on', async () => {
    const outcome = await runSuite(attack, { systems: [linear()], datasets: [dataset], options });
    const rows = sheetOf(outcome);
    expect(rows.map((row) => row.index)).toEqual([10, 11, 12, 13, 14]);
    expect(rows.map((row) => row.clean_prediction)).toEqual([0, 1, 0, 1, 1]);
    expect(rows.map((row) => row['broken_at_0.12'])).toEqual([true, true, false, false, false]);
    expect(rows.map((row) => row.confirmed)).toEqual([true, true, true, null, null]);
    expect(rows[4]!.gradient_passes).toBe(0);
    expect(rows[0]!.distance).toBeCloseTo(0.08, 6);
  });

  it('shows clean, perturbed and difference of broken examples only', async () => {
    const outcome = await runSuite(attack, {
      systems: [linear()],
      datasets: [dataset],
      options: { ...options, pictures: 2 },
    });
    const grid = outcome.summary.figures?.find(({ kind }) => kind === 'images');
    if (grid?.kind !== 'images') throw new Error('no pictures');
    expect(grid.rows.map(({ label }) => label)).toEqual(['10, broken at 0.08', '11, broken at 0.12']);
    const [clean, perturbed, difference] = grid.rows[0]!.cells;
    expect([clean?.caption, perturbed?.caption]).toEqual(['class 0', 'class 1']);
    expect(Array.from(clean?.pixels ?? [])).toEqual([Math.fround(0.45), Math.fround(0.45)]);
    expect(perturbed?.pixels?.[0]).toBeCloseTo(0.53, 6);
    expect(Array.from(difference?.pixels ?? [])).toEqual([1, 1]);
  });

  it('passes are fewer than a plain schedule makes, and both are told', async () => {
    const given = { ...options, method: 'pgd', steps: 20 };
    const outcome = await runSuite(attack, { systems: [linear()], datasets: [dataset], options: given });
    const spent = measureOf(outcome, 'gradient-passes');
    // Four of five are attacked; at the radii above the one that broke it a plain schedule runs once more.
    expect(measureOf(outcome, 'naive-gradient-passes').value).toBe((20 * 3 * 4) / 5);
    expect(spent.value).toBeLessThan(40);
    expect(spent.note).toContain('48');
  });
});

describe('what is asked for', () => {
  const plan = (more: Record<string, unknown>, systems: System[] = [linear()]) =>
    runSuite(attack, { systems, datasets: [dataset], options: { ...options, ...more } });

  it('two attacks of one run have different ids and parameters', async () => {
    const [one, two] = [await plan({}), await plan({ method: 'pgd', steps: 5 })];
    const ids = [one, two].flatMap(({ summary }) => [...(summary.tables ?? []), ...(summary.figures ?? [])]);
    expect(new Set(ids.map(({ id }) => id)).size).toBe(ids.length);
    expect(measureOf(two, 'robust-accuracy', { epsilon: '0.25' }).params).toMatchObject({
      method: 'pgd',
      steps: 5,
    });
  });

  it('draws do not count on deterministic systems: the request is the same', async () => {
    const params = async (eot: number) => (await plan({ eot })).requests.map((request) => request.params);
    expect(await params(1)).toEqual(await params(9));
  });

  it('only so many examples', async () => {
    const outcome = await plan({ examples: 3 });
    expect(measureOf(outcome, 'robust-accuracy', { epsilon: '0.25' })).toMatchObject({ n: 3, value: 0 });
  });

  it.each([
    [{ method: 'fgsm', steps: 3 }, /no option "steps"/],
    [{ epsilons: ['8/0'] }, /not a positive number/],
    [{ epsilons: ['8'] }, /larger than the range/],
    [{ method: 'pgd', stepSize: '2/0' }, /not a positive number/],
    [{ stepsize: '2/255' }, /options/],
  ])('refuses %o', async (wrong, message) => {
    await expect(plan(wrong)).rejects.toThrowError(message);
  });

  it('systems without gradients, and sets without labels, are not applicable', async () => {
    const blind = linear();
    const unlabelled = memoryDataset({ name: 'plain', images });
    const outcome = await runSuite(attack, {
      systems: [{ ...blind, info: { ...blind.info, offers: ['logits'] } }],
      datasets: [unlabelled],
      options,
    });
    expect(outcome.requests).toEqual([]);
    const labelled = await runSuite(attack, { systems: [linear()], datasets: [unlabelled], options });
    expect(labelled.summary.notApplicable).toHaveLength(1);
  });
});

describe('signs of masked gradients', () => {
  it('zero gradients', async () => {
    const outcome = await runSuite(attack, {
      systems: [linear({ gradientScale: 0 })],
      datasets: [dataset],
      options: { method: 'pgd', steps: 3, randomStart: false, epsilons: [0.1] },
    });
    expect(codes(outcome)).toContain('zero-gradient');
    expect(measureOf(outcome, 'zero-gradient').value).toBe(1);
  });

  it('survivors at a radius where nothing can survive', async () => {
    const many = memoryDataset({
      images: Array.from({ length: 60 }, (_, i) => [i / 200, i / 200]),
      labels: Array.from({ length: 60 }, () => 0),
    });
    const run = (gradientScale: number) =>
      runSuite(attack, {
        systems: [linear({ gradientScale })],
        datasets: [many],
        options: { method: 'pgd', steps: 3, epsilons: [0.01] },
      });
    expect(codes(await run(0))).toContain('large-epsilon-survivors');
    expect(codes(await run(1))).toEqual(['few-examples']);
  });

  it('one step that finds more than many', async () => {
    const outcome = await runSuite(attack, {
      systems: [linear()],
      datasets: [dataset],
      options: { method: 'pgd', steps: 1, stepSize: 0.001, randomStart: false, epsilons: [0.25] },
    });
    expect(codes(outcome)).toContain('single-step-beats-iterative');
  });

  it('an honest attack on an honest model raises none', async () => {
    const outcome = await runSuite(attack, {
      systems: [linear()],
      datasets: [dataset],
      options: { method: 'pgd', epsilons: [0.08, 0.25] },
    });
    expect(codes(outcome)).toEqual(['few-examples']);
  });

  it('a stored image that is not adversarial in a fresh pass', async () => {
    const system = linear();
    // Gradient passes see another bias than forward passes do, as a model with a bug would.
    const other = linear({ bias: [3, 0] });
    const outcome = await runSuite(attack, {
      systems: [{ ...system, gradient: other.gradient }],
      datasets: [memoryDataset({ images: [[0.45, 0.45]], labels: [0] })],
      options: { method: 'pgd', steps: 5, epsilons: [0.001], checks: false },
    });
    expect(measureOf(outcome, 'verification-disagreements')).toMatchObject({ value: 1, n: 1 });
    const found = outcome.summary.warnings?.find(({ code }) => code === 'not-reproduced');
    expect(found?.severity).toBe('serious');
    const robust = measureOf(outcome, 'robust-accuracy', { epsilon: '0.001' });
    expect(robust.value).toBeNull();
    expect(robust.note).toMatch(/failed: 1 of 1/);
  });

  it('DLR needs three classes; with two the margin is attacked, and that is said', async () => {
    const outcome = await runSuite(attack, {
      systems: [linear()],
      datasets: [dataset],
      options: { ...options, loss: 'dlr' },
    });
    expect(codes(outcome)).toContain('loss-replaced');
    expect(measureOf(outcome, 'robust-accuracy', { epsilon: '0.25' }).value).toBe(0.2);
  });

  it('a stochastic system says how it was judged', async () => {
    const outcome = await runSuite(attack, {
      systems: [linear({ noise: 0.01 })],
      datasets: [dataset],
      options: { ...options, eot: 3, confirm: 5 },
    });
    expect(codes(outcome)).toEqual(['few-examples', 'single-draw', 'stochastic-verdict']);
    expect(measureOf(outcome, 'robust-accuracy', { epsilon: '0.25' }).note).toContain('3 draws');
  });
});

describe('several attacks as one', () => {
  const custom = (attacks: unknown[], more: Record<string, unknown> = {}) => ({
    ...options,
    method: 'autoattack',
    attacks,
    ...more,
  });

  it('counts who broke what first, and the worst case is the headline', async () => {
    // One short step breaks only what lies near; the second attack meets what is left.
    const attacks = [{ method: 'pgd', steps: 1, stepSize: 0.06, randomStart: false }, 'fgsm'];
    const outcome = await runSuite(attack, {
      systems: [linear()],
      datasets: [dataset],
      options: custom(attacks),
    });
    const alone = await runSuite(attack, { systems: [linear()], datasets: [dataset], options });
    for (const epsilon of options.epsilons) {
      const at = { epsilon: String(epsilon) };
      expect(measureOf(outcome, 'robust-accuracy', at).value).toBe(
        measureOf(alone, 'robust-accuracy', at).value,
      );
    }
    const first = (name: string) => measureOf(outcome, 'broken-first', { attack: name });
    expect(first('pgd').value).toBe(1 / 5);
    expect(first('fgsm').value).toBe(2 / 5);
    expect(measureOf(outcome, 'robust-accuracy', { epsilon: '0.25' })).toMatchObject({
      headline: true,
      params: { method: 'autoattack', version: 'custom' },
    });
    const table = outcome.summary.tables?.find(({ id }) => id.includes('by-attack'));
    expect(table?.rows.map(({ attack: name }) => name)).toEqual(['PGD-1', 'FGSM']);
    // What FGSM broke in a smaller ball is gone at 0.25 before PGD begins there.
    expect(table?.rows.map((row) => row['at 0.25'])).toMatchObject([{ value: 0.4 }, { value: 0.2 }]);
    expect(sheetOf(outcome).map(({ broken_by }) => broken_by)).toEqual(['PGD-1', 'FGSM', 'FGSM', null, null]);
  });

  it('passes by attack add up, and none exceeds its plain schedule', async () => {
    const outcome = await runSuite(attack, {
      systems: [linear()],
      datasets: [dataset],
      options: custom(['fgsm', { method: 'pgd', steps: 5 }]),
    });
    const total = outcome.summary.measures.find(
      ({ measure, params }) => measure === 'gradient-passes' && params.attack === undefined,
    );
    const passesOf = (name: string) => ({
      spent: measureOf(outcome, 'gradient-passes', { attack: name }).value ?? Number.NaN,
      plain: measureOf(outcome, 'naive-gradient-passes', { attack: name }).value ?? Number.NaN,
    });
    const [one, two] = [passesOf('fgsm'), passesOf('pgd')];
    expect(one.spent + two.spent).toBeCloseTo(total?.value ?? 0, 12);
    expect(one.spent).toBeLessThanOrEqual(one.plain);
    expect(two.spent).toBeLessThanOrEqual(two.plain);
  });

  it.each([
    [{ method: 'autoattack', steps: 3 }, /no option "steps"/],
    [{ method: 'autoattack', restarts: 3 }, /no option "restarts"/],
    [{ method: 'autoattack', version: 'custom' }, /needs a list/],
    [{ method: 'autoattack', version: 'rand', attacks: ['fgsm'] }, /says itself what it runs/],
    [{ method: 'pgd', version: 'standard' }, /belongs to the method autoattack/],
    [{ method: 'autoattack', attacks: [{ method: 'fgsm', steps: 2 }] }, /no option "steps"/],
    [{ method: 'autoattack', attacks: ['fgsmm'] }, /a value in the options/],
  ])('refuses %o', async (wrong, message) => {
    const given = { epsilons: [0.1], ...wrong };
    await expect(
      runSuite(attack, { systems: [linear()], datasets: [dataset], options: given }),
    ).rejects.toThrowError(message);
  });
});

describe('evidence', () => {
  it('stores what was found, a row for every row of the sheet', async () => {
    const outcome = await runSuite(attack, { systems: [linear()], datasets: [dataset], options });
    const { name, array } = outcome.summary.arrays![0]!;
    expect(name).toBe('attack-fgsm-linf-test-analytic');
    expect(array.shape).toEqual([5, 1, 1, 2]);
    expect(array.data[0]).toBeCloseTo(0.45 + 0.08, 6);
    expect(array.data[8]).toBeCloseTo(0.9, 6);
  });

  it('keeping the nearest point gives distances: known ones, with an interval of order statistics', async () => {
    const many = Array.from({ length: 40 }, (_, i) => [i / 100, i / 100]);
    const outcome = await runSuite(attack, {
      systems: [linear()],
      datasets: [memoryDataset({ images: many, labels: many.map(() => 0) })],
      // One step of every length up to the radius: the first that crosses is within a step of the nearest.
      options: {
        method: 'pgd',
        steps: 300,
        stepSize: 0.002,
        randomStart: false,
        epsilons: [0.3, 0.6],
        keep: 'nearest',
        checks: false,
      },
    });
    const median = measureOf(outcome, 'median-distance');
    // Distances are 0.5 - i / 100: the middle of 0.11 to 0.5.
    expect(median.value).toBeCloseTo(0.3, 2);
    expect(median.interval?.[0]).toBeLessThan(0.3);
    expect(median.interval?.[1]).toBeGreaterThan(0.3);
    expect(median.method).toBe('order-statistics');
    expect(measureOf(outcome, 'adversarial-found').value).toBe(1);
    expect(measureOf(outcome, 'robust-accuracy', { epsilon: '0.3' }).value).toBeCloseTo(0.5, 1);
    expect(measureOf(outcome, 'robust-accuracy', { epsilon: '0.6' }).value).toBe(0);
  });
});

describe('the validity panel', () => {
  const many = memoryDataset({
    images: Array.from({ length: 60 }, (_, i) => [i / 200, i / 200]),
    labels: Array.from({ length: 60 }, () => 0),
  });
  const usual = { method: 'pgd', steps: 3, epsilons: [0.01, 0.02] };
  const flagsOf = async (system: System, more: Record<string, unknown> = {}, data = many) => {
    const outcome = await runSuite(attack, {
      systems: [system],
      datasets: [data],
      options: { ...usual, ...more },
    });
    const flags = outcome.summary.measures.filter(({ measure }) => measure === 'validity-flag');
    const raised = flags.filter(({ value }) => value === 1).map(({ params }) => params.flag);
    expect(measureOf(outcome, 'validity-flags-raised').value).toBe(raised.length);
    const panel = outcome.summary.tables?.find(({ id }) => id.includes('validity'));
    expect(panel?.rows.map(({ flag }) => flag)).toEqual(flags.map(({ params }) => params.flag));
    for (const flag of raised) expect(codes(outcome)).toContain(flag);
    return { raised, panel, outcome };
  };

  it('nothing is raised on an honest model, and what was not looked at says so', async () => {
    const { raised, panel, outcome } = await flagsOf(linear());
    expect(raised).toEqual([]);
    expect(panel?.folded).toBe(true);
    const square = measureOf(outcome, 'validity-flag', { flag: 'square-beats-white-box' });
    expect(square).toMatchObject({ value: null, note: 'Square is not among the attacks' });
  });

  const wavering = (): System => {
    const system = linear();
    let call = 0;
    return {
      ...system,
      forward: async (batch) => {
        const found = await system.forward(batch);
        call++;
        return { ...found, logits: found.logits?.map((z, i) => z + 0.01 * Math.sin(call + i)) };
      },
    };
  };
  const probabilities = (): System => {
    const system = linear();
    return {
      ...system,
      forward: async (batch) => ({
        ...(await system.forward(batch)),
        logits: Float32Array.from({ length: batch.n * 2 }, (_, i) => (i % 2 === 0 ? 0.75 : 0.25)),
      }),
    };
  };
  const dynamic = (): System => {
    const system = linear({ noise: 1e-6 });
    return {
      ...system,
      forward: async (batch) => {
        const found = await system.forward(batch);
        return { ...found, passes: { forward: batch.n, gradient: 10 * batch.n } };
      },
    };
  };
  /** Gradients that lead astray once the image is far from where it began: larger balls are searched worse. */
  const misleading = (): System => {
    const system = linear();
    return {
      ...system,
      gradient: async (batch, loss) => {
        const found = await system.gradient(batch, loss);
        return { ...found, gradient: found.gradient.map((g, j) => (batch.pixels[j]! > 0.31 ? -g : g)) };
      },
    };
  };

  it.each<[string, () => System, Record<string, unknown>]>([
    ['randomized', wavering, {}],
    ['softmax-output', probabilities, {}],
    ['zero-gradient', () => linear({ gradientScale: 0 }), { randomStart: false }],
    ['large-epsilon-survivors', () => linear({ gradientScale: 0 }), {}],
    [
      'single-step-beats-iterative',
      linear,
      { steps: 1, stepSize: 0.001, randomStart: false, epsilons: [0.4] },
    ],
    ['not-classified', () => linear({ bias: [-4, 0] }), {}],
    ['dynamic', dynamic, {}],
    ['large-epsilon-survivors', misleading, {}],
  ])('%s', async (flag, system, more) => {
    const { raised, panel } = await flagsOf(system(), more);
    expect(raised).toContain(flag);
    expect(panel?.folded).toBe(true);
    expect(panel?.caption).toMatch(new RegExp(`clear; [1-9]\\d* raised: .*${flag} \\(`));
  });

  it('not monotone: a larger ball in which less is found', async () => {
    const near = memoryDataset({
      images: Array.from({ length: 30 }, () => [0.46, 0.46]),
      labels: Array.from({ length: 30 }, () => 0),
    });
    const system = linear();
    const hole: System = {
      ...system,
      // Beyond 0.53 the label is right again: the steps of a large ball jump over the gap.
      forward: async (batch) => patched(await system.forward(batch), batch.pixels),
      gradient: async (batch, loss) => patched(await system.gradient(batch, loss), batch.pixels),
    };
    const patched = <T extends { logits?: Float32Array }>(found: T, pixels: Float32Array): T => ({
      ...found,
      logits: found.logits?.map((z, i) => (i % 2 === 0 && pixels[i]! > 0.53 ? z + 9 : z)),
    });
    const { raised } = await flagsOf(
      hole,
      { method: 'fgsm', steps: undefined, epsilons: [0.06, 0.4], checks: true },
      near,
    );
    expect(raised).toContain('not-monotone');
  });
});
