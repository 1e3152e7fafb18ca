// @module-tag slow
import { describe, expect, it } from 'vitest';
import { compareScores } from '../../../src/metrics/ranking/ranking.js';
import { energy } from '../../../src/scores/energy.js';
import { odin } from '../../../src/scores/odin.js';
import { ood } from '../../../suites/ood/index.js';
import { linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, type Given, measureOf, runSuite, sheetOf } from '../helpers/run-suite.js';

const system = linearSystem({
  name: 'two',
  weights: [
    [9, 0],
    [0, 9],
  ],
});
type Point = [number, number];
const spread = (n: number, at: (i: number) => Point): Point[] => Array.from({ length: n }, (_, i) => at(i));
/** The largest logit tells these apart from the others, the sum of both does not. */
const id = spread(20, (i) => [0.9 - i / 100, 0.1 + i / 100]);
const odd = spread(12, (i) => [0.55 - i / 200, 0.5 + i / 150]);
const set = (name: string, role: 'test' | 'ood' | 'validation' | 'validation-ood', images: Point[]) =>
  memoryDataset({ name, role, images, fingerprint: name, path: `./${name}.npz` });
const sets = {
  test: set(
    'test',
    'test',
    spread(9, (i) => [0.8 - i / 90, 0.2]),
  ),
  far: set(
    'far',
    'ood',
    spread(7, (i) => [0.5, 0.45 + i / 90]),
  ),
  val: set('val', 'validation', id),
  valOod: set('val-ood', 'validation-ood', odd),
};
const run = (
  scores: readonly unknown[],
  more: Partial<Given> = {},
  tune: object = { id: 'val', ood: 'val-ood' },
) =>
  runSuite(ood, {
    systems: [system],
    datasets: Object.values(sets),
    options: { scores, tune, resamples: 100 },
    ...more,
  });

const logits = (images: readonly Point[]) => ({
  n: images.length,
  logits: { n: images.length, classes: 2, data: images.flat().map((x) => Math.fround(9 * Math.fround(x))) },
});
const auroc = (temperature: number) =>
  compareScores(energy.compute(logits(id), { temperature }), energy.compute(logits(odd), { temperature }))
    .auroc;

describe('options that are chosen on a validation pair', () => {
  it('are those of the largest AUROC, and the score is that of these options', async () => {
    const temperatures = [1, 10, 100, 1000];
    const best = temperatures.reduce((a, t) => (auroc(t) > auroc(a) ? t : a));
    expect(new Set(temperatures.map(auroc)).size).toBeGreaterThan(1);
    const outcome = await run(['energy'], {}, { id: 'val', ood: 'val-ood' });
    const table = outcome.summary.tables?.find(({ id: name }) => name === 'tuned-options');
    expect(table?.rows).toEqual([
      {
        model: 'two',
        score: 'energy (tuned)',
        chosen: `temperature ${best}`,
        auroc: auroc(best),
        default: 'temperature 1',
        before: auroc(1),
        grid: 'temperature: 1, 10, 100, 1000',
      },
    ]);
    const scoreRows = outcome.summary.tables?.find(({ id: name }) => name === 'ood-scores')?.rows;
    expect(scoreRows?.map(({ options }) => options)).toEqual(['temperature as chosen']);
    const images = [...spread(9, (i): Point => [0.8 - i / 90, 0.2])];
    const wanted = energy.compute(logits(images), { temperature: best });
    const rows = sheetOf(outcome).filter(({ dataset }) => dataset === 'test');
    rows.forEach((row, i) => {
      expect(row['energy(tuned)']).toBeCloseTo(wanted[i]!, 5);
    });
    expect(measureOf(outcome, 'auroc', { score: 'energy(tuned)' }).n).toBe(16);
  });

  it('stay the default where nothing in the grid is better', async () => {
    const same = {
      ...sets,
      valOod: set(
        'val-ood',
        'validation-ood',
        spread(3, () => [0.1, 0.05]),
      ),
    };
    const { summary } = await run(['energy'], { datasets: Object.values(same) });
    const [row] = summary.tables?.find(({ id: name }) => name === 'tuned-options')?.rows ?? [];
    expect(row).toMatchObject({ chosen: 'temperature 1', auroc: 1, before: 1 });
  });

  it('of a probe are asked with on the pair, and once on what is reported', async () => {
    const outcome = await run(['odin']);
    const probes = outcome.requests.filter(({ dataset }) => dataset === 'far' || dataset === 'test');
    const asked = probes
      .flatMap(({ inputs = [] }) => inputs)
      .filter(({ measurement }) => measurement.name === 'probe');
    expect(asked.map(({ dataset }) => dataset).sort()).toEqual(['far', 'test']);
    const row = outcome.summary.tables!.find(({ id: name }) => name === 'tuned-options')!.rows[0]!;
    const [, temperature, epsilon] = /temperature (\S+), epsilon (\S+)/.exec(String(row.chosen)) ?? [];
    const settings = { temperature: Number(temperature), epsilon: Number(epsilon), unit: 'input' as const };
    const pixels = Float32Array.from(spread(9, (i): Point => [0.8 - i / 90, 0.2]).flat());
    const site = { system, batch: { n: 9, pixels }, keys: [], fail: () => undefined };
    const probed = await odin.probe?.ask(site, settings);
    const wanted = odin.compute({ n: 9, probed }, settings);
    sheetOf(outcome)
      .filter(({ dataset }) => dataset === 'test')
      .forEach((one, i) => {
        expect(one['odin(tuned)']).toBeCloseTo(wanted[i]!, 9);
      });
  });

  it('leave scores that were given options, or have none to choose, as they are', async () => {
    const { summary } = await run(['energy', { energy: { temperature: 10 } }, 'max-logit']);
    const ids = new Set(summary.measures.map(({ params }) => params.score));
    expect([...ids].sort()).toEqual(['energy(temperature=10)', 'energy(tuned)', 'max-logit']);
  });

  it('are kept where they were given, be they the defaults, and this is said', async () => {
    for (const scores of [
      [{ energy: { temperature: 1 } }, 'odin'],
      ['all-of-logits', { energy: { temperature: 1 } }, 'odin'],
      [{ energy: { temperature: 1 } }, 'all-of-logits', 'odin'],
    ]) {
      const { summary } = await run(scores);
      const ids = new Set(summary.measures.map(({ params }) => params.score));
      expect(ids).toContain('energy');
      expect(ids).not.toContain('energy(tuned)');
      const table = summary.tables?.find(({ id: name }) => name === 'tuned-options');
      expect(table?.caption).toContain('As they were given, and not chosen: the options of energy.');
    }
    const other = await run(['energy', 'odin'], {
      options: { scores: ['energy', 'odin'], temperature: 2, tune: { id: 'val', ood: 'val-ood' } },
    });
    expect(new Set(other.summary.measures.map(({ params }) => params.score))).toContain('energy');
  });

  it('do not depend on how examples are cut into units', async () => {
    const [some, others] = [
      await run(['energy', 'odin'], { chunk: 3 }),
      await run(['energy', 'odin'], { chunk: 50 }),
    ];
    expect(some.summary.measures).toEqual(others.summary.measures);
  });

  it.each([
    [{ id: 'test', ood: 'val-ood' }, 'config-invalid', 'tune.id'],
    [{ id: 'val', ood: 'far' }, 'config-invalid', 'tune.ood'],
    [{ id: 'vall', ood: 'val-ood' }, 'unknown-name', 'tune.id'],
  ])('%j is refused: %s at %s', async (tune, code, path) => {
    await expect(run(['energy'], {}, tune)).rejects.toMatchObject({ code, details: { path } });
  });

  it('are refused on the images of a reported set, and without a score that has any', async () => {
    const copy = memoryDataset({ name: 'val', role: 'validation', images: id, fingerprint: 'test' });
    const datasets = [sets.test, sets.far, copy, sets.valOod];
    await expect(run(['energy'], { datasets })).rejects.toMatchObject({ details: { path: 'tune.id' } });
    await expect(run(['max-logit'])).rejects.toMatchObject({ details: { path: 'tune' } });
  });

  it('are told where some of the images are reported as well', async () => {
    const part = memoryDataset({
      name: 'val',
      role: 'validation',
      images: id,
      fingerprint: 'part',
      path: './test.npz',
      indices: id.map((_, i) => i + 5),
    });
    const outcome = await run(['energy'], { datasets: [sets.test, sets.far, part, sets.valOod] });
    expect(codes(outcome)).toContain('tuned-on-reported-images');
    const { message } =
      outcome.summary.warnings?.find(({ code }) => code === 'tuned-on-reported-images') ?? {};
    expect(message).toMatch(/^4 images of "test"/);
    expect(codes(await run(['energy']))).not.toContain('tuned-on-reported-images');
  });
});
