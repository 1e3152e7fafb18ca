import { describe, expect, it } from 'vitest';
import type { System } from '../../src/models/system.js';
import { attack } from '../../suites/attack.js';
import { type AnalyticOptions, analyticSystem } from '../attacks/helpers/analytic-system.js';
import { memoryDataset } from './helpers/memory-dataset.js';
import { codes, measureOf, runSuite, sheetOf } from './helpers/run-suite.js';

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
      expect(found.value).toBe(robust[k] / 5);
      expect(found.n).toBe(5);
      expect(found.interval?.[0]).toBeLessThan(robust[k] / 5);
      expect(found.method).toBe('wilson');
    });
    expect(measureOf(outcome, 'verification-disagreements').value).toBe(0);
  });

  it('the curve begins with the clean accuracy and never rises', async () => {
    const outcome = await runSuite(attack, { systems: [linear()], datasets: [dataset], options });
    const curve = outcome.summary.figures?.find(({ kind }) => kind === 'lines');
    if (curve?.kind !== 'lines') throw new Error('no curve');
    const [{ points }] = curve.series;
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
    expect(rows[4].gradient_passes).toBe(0);
    expect(rows[0].distance).toBeCloseTo(0.08, 6);
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
    const [clean, perturbed, difference] = grid.rows[0].cells;
    expect([clean?.caption, perturbed?.caption]).toEqual(['class 0', 'class 1']);
    expect(Array.from(clean?.pixels ?? [])).toEqual([Math.fround(0.45), Math.fround(0.45)]);
    expect(perturbed?.pixels?.[0]).toBeCloseTo(0.53, 6);
    expect(Array.from(difference?.pixels ?? [])).toEqual([1, 1]);
  });

  it('passes are fewer than a plain schedule makes, and both are told', async () => {
    const given = { ...options, method: 'pgd', steps: 20 };
    const outcome = await runSuite(attack, { systems: [linear()], datasets: [dataset], options: given });
    const spent = measureOf(outcome, 'gradient-passes');
    expect(measureOf(outcome, 'naive-gradient-passes').value).toBe(60);
    expect(spent.value).toBeLessThan(40);
    expect(spent.note).toContain('60');
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
    const found = outcome.summary.warnings?.find(({ code }) => code === 'verification-disagreement');
    expect(found?.severity).toBe('serious');
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
