import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatasetInfo } from '../../../src/data/dataset.js';
import { compareScores, type RankingMetrics } from '../../../src/metrics/ranking/ranking.js';
import { asFarAsApart } from '../../../src/metrics/ranking/separation-bounds.js';
import { scores as table } from '../../../src/scores/registry.js';
import { ood } from '../../../suites/ood/index.js';
import { type LinearOptions, linearSystem } from '../helpers/linear-system.js';
import { memoryDataset } from '../helpers/memory-dataset.js';
import { codes, measureOf, type Outcome, runSuite, sheetOf } from '../helpers/run-suite.js';

const identity = (classes: number) =>
  Array.from({ length: classes }, (_, i) => Array.from({ length: classes }, (_, j) => (i === j ? 1 : 0)));
const column = (values: readonly number[]) => values.map((v) => [v]);
const repeat = <T>(n: number, made: (i: number) => T) => Array.from({ length: n }, (_, i) => made(i));

/** An energy model whose log p(x) is its only pixel: what is put in comes out as the score. */
const scorer = linearSystem({ name: 'scorer', weights: [[1]], energy: 'output' });
const classifier = (more: Partial<LinearOptions> = {}) => linearSystem({ weights: identity(3), ...more });
const far: Partial<DatasetInfo> = { name: 'far', role: 'ood', distance: 'far' };
const near: Partial<DatasetInfo> = { name: 'near', role: 'ood', distance: 'near' };
const quick = { hardest: 0, resamples: 100 };

const value = (outcome: Outcome, measure: string, where: Record<string, string> = {}) =>
  measureOf(outcome, measure, where).value ?? Number.NaN;
const names = ({ summary }: Outcome) => [...new Set(summary.measures.map(({ measure }) => measure))];

/** Measures per OOD set, and the metric of two sets of scores that each is. */
const METRICS: Record<string, keyof RankingMetrics> = {
  auroc: 'auroc',
  'aupr-in': 'auprIn',
  'aupr-out': 'auprOut',
  'fpr95-id-positive': 'fpr95IdPositive',
  'fpr95-ood-positive': 'fpr95OodPositive',
  'detection-error': 'detectionError',
};

describe('known answers', () => {
  const ID = [0.9, 0.8, 0.8, 0.7, 0.6, 0.4];
  const of = (oodScores: number[]) =>
    runSuite(ood, {
      systems: [scorer],
      datasets: [memoryDataset({ images: column(ID) }), memoryDataset({ images: column(oodScores), ...far })],
      options: { scores: ['log-px'], ...quick },
    });

  it('three OOD scores', async () => {
    const outcome = await of([0.5, 0.3, 0.2]);
    expect(measureOf(outcome, 'auroc')).toMatchObject({
      model: 'scorer',
      dataset: 'far',
      params: { score: 'log-px', against: 'test' },
      n: 9,
      note: `6 ID and 3 OOD examples; ${asFarAsApart('lower')}`,
      method: 'delong-logit',
      better: 'higher',
    });
    expect(value(outcome, 'auroc')).toBeCloseTo(17 / 18, 14);
    expect(value(outcome, 'fpr95-id-positive')).toBeCloseTo(1 / 3, 14);
    expect(value(outcome, 'fpr95-ood-positive')).toBeCloseTo(1 / 6, 14);
    // Every OOD example but none of the ID examples above 0.5 rejected: 1/6 of ID and none of OOD are wrong.
    expect(value(outcome, 'detection-error')).toBeCloseTo(1 / 12, 14);
    expect(codes(outcome)).toEqual(['few-examples', 'few-examples', 'scores-tied']);
  });
  it('four OOD scores, one of them tied with an ID score', async () => {
    const outcome = await of([0.7, 0.5, 0.3, 0.2]);
    expect(value(outcome, 'auroc')).toBeCloseTo(0.854167, 6);
    expect(value(outcome, 'aupr-in')).toBeCloseTo(0.897222, 6);
    expect(value(outcome, 'aupr-out')).toBeCloseTo(0.830357, 6);
  });
  it('FPR95 names its positive class in every column, and error rates are better low', async () => {
    const { summary } = await of([0.5, 0.3, 0.2]);
    const columns = summary.tables?.find(({ id }) => id === 'ood-far-test')?.columns ?? [];
    expect(
      columns.filter(({ key }) => /fpr95|aupr/.test(key)).map(({ title, better }) => [title, better]),
    ).toEqual([
      ['AUPR (ID positive)', 'higher'],
      ['AUPR (OOD positive)', 'higher'],
      ['FPR95 (ID positive)', 'lower'],
      ['FPR95 (OOD positive)', 'lower'],
    ]);
  });
  it('tables say how many of each they rest on', async () => {
    const { summary } = await of([0.5, 0.3, 0.2]);
    expect(summary.tables?.find(({ id }) => id === 'ood-far-test')?.caption).toContain(
      '6 in-distribution and 3 out-of-distribution examples',
    );
  });

  it('scores of logits and of gradients', async () => {
    const outcome = await runSuite(ood, {
      systems: [classifier({ inputScale: [0.5] })],
      datasets: [
        memoryDataset({ images: [[Math.log(2), 0, 0]] }),
        memoryDataset({ images: [[0, 0, 0]], ...far }),
      ],
      options: { scores: [...table.names], temperature: 2, ...quick },
    });
    const [id, other] = sheetOf(outcome);
    const close = (row: Record<string, unknown>, wanted: Record<string, number>) => {
      for (const [score, v] of Object.entries(wanted)) expect(row[score], score).toBeCloseTo(v, 6);
    };
    // p = (1/2, 1/4, 1/4), and the gradient of log p(x) = logsumexp is p, over the scale of the input.
    close(id!, {
      'log-px': Math.log(4),
      'max-logit': Math.log(2),
      'max-softmax': 0.5,
      energy: 2 * Math.log(Math.SQRT2 + 2),
      entropy: -1.5 * Math.log(2),
      margin: 0.25,
      'approximate-mass': -Math.sqrt(0.25 + 2 / 16) / 0.5,
    });
    close(other!, { 'max-softmax': 1 / 3, margin: 0, 'approximate-mass': -Math.sqrt(1 / 3) / 0.5 });
  });
  it('approximate mass is in the units of the input of the model, channel by channel', async () => {
    const run = async (inputScale: number[]) => {
      const outcome = await runSuite(ood, {
        systems: [linearSystem({ weights: [[3, 4]], energy: 'output', shape: [2, 1, 1], inputScale })],
        datasets: [
          memoryDataset({ images: [[0, 0]], shape: [2, 1, 1] }),
          memoryDataset({ images: [[1, 1]], shape: [2, 1, 1], ...far }),
        ],
        options: { scores: ['approximate-mass'], ...quick },
      });
      return sheetOf(outcome).map((row) => row['approximate-mass']);
    };
    expect(await run([1, 1])).toEqual([-5, -5]);
    expect(await run([0.5])).toEqual([-10, -10]);
    // A channel divided by its standard deviation: the gradient in the model's units is that much smaller.
    expect(await run([3, 0.5])).toEqual([Math.fround(-Math.sqrt(1 + 64)), Math.fround(-Math.sqrt(1 + 64))]);
    expect(ood.description).toMatch(/units of the input of the model itself/);
  });
});

describe('means over OOD sets', () => {
  const sets = [
    memoryDataset({ images: column([1, 2, 3]), ...near, name: 'a' }),
    memoryDataset({ images: column([2, ...repeat(39, (i) => i / 100)]), ...near, name: 'b' }),
    memoryDataset({ images: column([5, 0.5]), ...far, name: 'c' }),
    memoryDataset({ images: column([1.5]), name: 'd', role: 'ood' }),
  ];
  const run = (datasets = sets, options: Record<string, unknown> = { scores: ['log-px'], ...quick }) =>
    runSuite(ood, {
      systems: [scorer],
      datasets: [memoryDataset({ images: column([1, 2, 3, 4]) }), ...datasets],
      options,
    });

  it.each(['auroc', 'fpr95-id-positive', 'fpr95-ood-positive'])(
    '%s: near, far and all, each set weighing the same',
    async (measure) => {
      const outcome = await run();
      const of = (...sets: string[]) =>
        sets.reduce((sum, dataset) => sum + value(outcome, measure, { dataset }), 0) / sets.length;
      expect(value(outcome, `near-${measure}`)).toBeCloseTo(of('a', 'b'), 14);
      expect(value(outcome, `far-${measure}`)).toBeCloseTo(of('c'), 14);
      expect(value(outcome, `mean-${measure}`)).toBeCloseTo(of('a', 'b', 'c', 'd'), 14);
    },
  );
  it('is not the value of the sets thrown together', async () => {
    const outcome = await run();
    const pooled = compareScores([1, 2, 3, 4], [1, 2, 3, 2, ...repeat(39, (i) => i / 100)]).auroc;
    expect(Math.abs(value(outcome, 'near-auroc') - pooled)).toBeGreaterThan(0.1);
  });
  it('names its sets and counts ID examples once', async () => {
    expect(measureOf(await run(), 'near-auroc')).toMatchObject({
      n: 4 + 3 + 40,
      dataset: 'test',
      note: `over a, b; ${asFarAsApart('lower')}`,
    });
  });
  it('of one set is that set; a distance that no set has is not reported', async () => {
    const outcome = await run([sets[0]!]);
    for (const measure of ['value', 'interval'] as const) {
      expect(measureOf(outcome, 'mean-auroc')[measure]).toEqual(measureOf(outcome, 'auroc')[measure]);
      expect(measureOf(outcome, 'near-auroc')[measure]).toEqual(measureOf(outcome, 'auroc')[measure]);
    }
    expect(names(outcome).filter((name) => name.startsWith('far-'))).toEqual([]);
    const table = outcome.summary.tables?.find(({ id }) => id === 'means-test');
    expect(table?.columns.some(({ key }) => key.startsWith('far-'))).toBe(false);
  });
  it('of a set that was called neither near nor far is in the mean over all alone', async () => {
    expect(names(await run([sets[3]!])).filter((name) => /^(near|far)-/.test(name))).toEqual([]);
  });
  it('one measure is the headline: log p(x) if it is asked for, else the first score', async () => {
    const headline = async (scores: string[]) =>
      (
        await runSuite(ood, {
          systems: [classifier()],
          datasets: [memoryDataset({ images: [[1, 0, 0]] }), memoryDataset({ images: [[0, 0, 0]], ...far })],
          options: { scores, ...quick },
        })
      ).summary.measures.flatMap((m) => (m.headline ? [[m.measure, m.params.score]] : []));
    expect(await headline(['max-softmax', 'log-px'])).toEqual([['mean-auroc', 'log-px']]);
    expect(await headline(['max-softmax', 'max-logit'])).toEqual([['mean-auroc', 'max-softmax']]);
  });
  it('an OOD set may be called "means"', async () => {
    const outcome = await run([memoryDataset({ images: column([0]), name: 'means', role: 'ood' })]);
    const ids = outcome.summary.tables?.map(({ id }) => id) ?? [];
    expect([ids.length, new Set(ids).size]).toEqual([5, 5]);
  });
});

/** Scores that take no passes of their own. */
const SEVEN = ['log-px', 'max-logit', 'max-softmax', 'energy', 'approximate-mass', 'entropy', 'margin'];

describe('sheets', () => {
  const draw = (i: number, k: number, shift: number) =>
    Math.fround(Math.sin(7 * i + 3 * k) + shift * (k === i % 3 ? 1 : 0));
  const images = (n: number, shift: number) => repeat(n, (i) => repeat(3, (k) => draw(i, k, shift)));
  const run = () =>
    runSuite(ood, {
      systems: [
        classifier({ name: 'one' }),
        classifier({ name: 'two', weights: identity(3).reverse(), bias: [1, 0, -1] }),
        linearSystem({ name: 'ebm', weights: [[1, 0.5, -1]], energy: 'output' }),
      ],
      datasets: [
        memoryDataset({ images: images(40, 2), indices: repeat(40, (i) => 100 + i) }),
        memoryDataset({ images: images(25, 0.5), ...near }),
        memoryDataset({ images: images(60, 0), ...far }),
      ],
      options: { scores: SEVEN, ...quick },
    });

  it('hold what every number is computed from', async () => {
    const outcome = await run();
    const rows = sheetOf(outcome);
    expect(rows).toHaveLength(3 * (40 + 25 + 60));
    expect(rows.slice(0, 40).map(({ model, dataset, role, index }) => [model, dataset, role, index])).toEqual(
      repeat(40, (i) => ['one', 'test', 'test', 100 + i]),
    );
    const of = (model: string, dataset: string, score: string) =>
      rows.filter((row) => row.model === model && row.dataset === dataset).map((row) => Number(row[score]));
    const metric = (model: string, dataset: string, score: string, key: keyof RankingMetrics) =>
      compareScores(of(model, 'test', score), of(model, dataset, score))[key];
    let [single, means] = [0, 0];
    for (const { measure, model, dataset, params, value } of outcome.summary.measures) {
      const score = String(params.score);
      if (measure in METRICS) {
        expect(value).toBeCloseTo(metric(model, dataset, score, METRICS[measure]!), 14);
        single++;
        continue;
      }
      const [, average, name] = /^(mean|near|far)-(.*)$/.exec(measure) ?? [];
      const sets = average === 'mean' ? ['near', 'far'] : [average!];
      const values = sets.map((set) => metric(model, set, score, METRICS[name!]!));
      expect(value).toBeCloseTo(values.reduce((a, b) => a + b, 0) / sets.length, 14);
      means++;
    }
    // Seven scores of two classifiers and two of the energy model; six metrics of two sets, three of three means.
    expect([single, means]).toEqual([16 * 6 * 2, 16 * 3 * 3]);
  });
  it('leave the cells of scores that a system lacks empty', async () => {
    for (const row of sheetOf(await run())) {
      expect(row['log-px']).toEqual(expect.any(Number));
      expect(row['max-softmax']).toEqual(row.model === 'ebm' ? null : expect.any(Number));
    }
  });
  it('and tables hold the values of the measures', async () => {
    const { summary } = await run();
    const cells = summary.tables?.find(({ id }) => id === 'ood-near-test')?.rows ?? [];
    expect(cells).toHaveLength(16);
    for (const row of cells) {
      const score = [...table].find(({ title }) => title === row.score)?.id;
      for (const measure of Object.keys(METRICS)) {
        const { value, interval } = measureOf({ summary, requests: [] }, measure, {
          model: String(row.model),
          dataset: 'near',
          score: String(score),
        });
        expect(row[measure]).toEqual({ value, interval });
      }
    }
  });
});

describe('a function c(x) added to all logits', () => {
  // The last pixel is added to all three logits. Eighths are exact in float32, and so are their sums.
  const weights = identity(3).map((row) => [...row, 1]);
  const eighths = fc.integer({ min: -64, max: 64 }).map((v) => v / 8);
  const example = fc.record({ logits: fc.array(eighths, { minLength: 3, maxLength: 3 }), c: eighths });
  const sets = fc.record({
    id: fc.array(example, { minLength: 1, maxLength: 12 }),
    other: fc.array(example, { minLength: 1, maxLength: 12 }),
  });
  type Example = { logits: number[]; c: number };
  const run = (id: Example[], other: Example[], c: (e: Example, inId: boolean) => number) =>
    runSuite(ood, {
      systems: [linearSystem({ weights })],
      datasets: [
        memoryDataset({ images: id.map((e) => [...e.logits, c(e, true)]) }),
        memoryDataset({ images: other.map((e) => [...e.logits, c(e, false)]), ...far }),
      ],
      options: { scores: ['log-px', 'max-logit', 'max-softmax', 'entropy', 'margin'], ...quick },
    });

  it('leaves softmax scores and all their numbers unchanged, and moves log p(x) and max logit by c', async () => {
    await fc.assert(
      fc.asyncProperty(sets, async ({ id, other }) => {
        const plain = await run(id, other, () => 0);
        const moved = await run(id, other, ({ c }) => c);
        const cs = [...id, ...other].map(({ c }) => c);
        const [before, after] = [sheetOf(plain), sheetOf(moved)];
        for (const [i, c] of cs.entries()) {
          for (const score of ['max-softmax', 'entropy', 'margin'])
            expect(after[i]![score]).toBe(before[i]![score]);
          for (const score of ['log-px', 'max-logit'])
            expect(Number(after[i]![score])).toBeCloseTo(Number(before[i]![score]) + c, 5);
        }
        // Larger logits are rounded more coarsely: how far a number may be off does depend on c.
        const unmoved = ({ summary }: Outcome) =>
          summary.measures
            .filter(({ params }) => ['max-softmax', 'entropy', 'margin'].includes(String(params.score)))
            .map(({ withinRounding: _, ...measure }) => measure);
        expect(unmoved(moved)).toEqual(unmoved(plain));
      }),
      {
        numRuns: 15,
        examples: [[{ id: [{ logits: [0, 0, 0], c: 1 }], other: [{ logits: [0, 0, 0], c: 1 }] }]],
      },
    );
  });
  it('makes log p(x) and max logit say anything', async () => {
    await fc.assert(
      fc.asyncProperty(sets, async ({ id, other }) => {
        for (const [wanted, sign] of [
          [1, 1],
          [0, -1],
        ]) {
          const outcome = await run(id, other, (_, inId) => (inId ? 100 * sign! : 0));
          for (const score of ['log-px', 'max-logit'])
            expect(value(outcome, 'auroc', { score })).toBe(wanted);
        }
      }),
      { numRuns: 5 },
    );
  });
});

describe('systems that lack something', () => {
  const datasets = [
    memoryDataset({
      images: [
        [1, 0, 0],
        [0, 2, 0],
      ],
    }),
    memoryDataset({
      images: [
        [0, 0, 0],
        [0.5, 0.5, 0],
      ],
      ...far,
    }),
  ];
  const applicable = ({ summary }: Outcome, model: string) => [
    ...new Set(summary.measures.filter((m) => m.model === model).map(({ params }) => params.score)),
  ];
  const lacking: [string, Partial<LinearOptions>, string[], [what: string, reason: RegExp][]][] = [
    ['nothing', {}, ['log-px', 'max-logit', 'max-softmax', 'approximate-mass'], []],
    [
      'logits (an energy model)',
      { weights: [[1, 0, 2]], energy: 'output', lacks: { logits: 'it does not classify' } },
      ['log-px', 'approximate-mass'],
      [
        ['max logit', /max logit needs logits: it does not classify/],
        ['max softmax', /max softmax needs logits: it does not classify/],
      ],
    ],
    [
      'an energy',
      {
        offers: ['logits', 'inputGradient'],
        energy: 'none',
        lacks: { logPx: 'its card says `energy: none`' },
      },
      ['max-logit', 'max-softmax'],
      [
        ['log p(x)', /needs log p\(x\): its card says `energy: none`/],
        ['approximate mass', /needs log p\(x\): its card says `energy: none`/],
      ],
    ],
    [
      'gradients',
      { offers: ['logits', 'logPx'], lacks: { inputGradient: 'no rule for Det' } },
      ['log-px', 'max-logit', 'max-softmax'],
      [['approximate mass', /approximate mass needs input gradients: no rule for Det/]],
    ],
    [
      'all',
      { offers: [], energy: 'none' },
      [],
      ['log p(x)', 'max logit', 'max softmax', 'approximate mass'].map((what) => [what, /does not offer/]),
    ],
  ];
  it.each(lacking)('%s', async (_, more, scores, absent) => {
    const outcome = await runSuite(ood, {
      systems: [classifier({ name: 'whole' }), classifier({ name: 'odd', ...more })],
      datasets,
      options: quick,
    });
    expect(applicable(outcome, 'whole')).toEqual(['log-px', 'max-logit', 'max-softmax', 'approximate-mass']);
    expect(applicable(outcome, 'odd')).toEqual(scores);
    expect(outcome.summary.notApplicable).toEqual(
      absent.map(([what, reason]) => ({
        suite: 'ood',
        model: 'odd',
        what,
        reason: expect.stringMatching(reason),
      })),
    );
    const rows = outcome.summary.tables?.find(({ id }) => id === 'ood-far-test')?.rows ?? [];
    expect(rows.filter(({ model }) => model === 'odd')).toHaveLength(scores.length);
  });
});

describe('plan', () => {
  const [test, other] = [
    memoryDataset({ images: [[1, 0, 0]] }),
    memoryDataset({ images: [[0, 0, 0]], ...far }),
  ];
  const plan = async (scores: string[], datasets = [test, other]) => {
    const { requests } = await runSuite(ood, {
      systems: [classifier()],
      datasets,
      options: { scores, ...quick },
    });
    return requests.map(({ measurement, dataset }) => `${measurement.name} on ${dataset}`);
  };
  it('asks for a forward pass and a gradient only where a score needs it', async () => {
    expect(await plan(['max-softmax', 'log-px'])).toEqual(['clean on test', 'clean on far']);
    expect(await plan(['approximate-mass'])).toEqual(['input-gradient on test', 'input-gradient on far']);
    expect((await plan(['approximate-mass', 'max-logit'])).sort()).toEqual([
      'clean on far',
      'clean on test',
      'input-gradient on far',
      'input-gradient on test',
    ]);
  });
  it('leaves validation sets alone', async () => {
    const held = memoryDataset({ images: [[0, 1, 0]], name: 'held', role: 'validation' });
    expect(await plan(['log-px'], [test, held, other])).toEqual(['clean on test', 'clean on far']);
  });
  it.each([
    ['ood', [test]],
    ['test', [other]],
    ['test', []],
  ])('without a set of role %s nothing is applicable', async (role, datasets) => {
    const { summary, requests } = await runSuite(ood, { systems: [classifier()], datasets, options: quick });
    expect([requests, summary.measures, summary.tables, summary.figures, summary.warnings]).toEqual([
      [],
      [],
      [],
      [],
      [],
    ]);
    expect(summary.notApplicable).toEqual([
      { suite: 'ood', model: 'linear', reason: `the run has no data set with \`role: ${role}\`` },
    ]);
  });
  it('every test set is compared with every OOD set, labelled or not', async () => {
    const outcome = await runSuite(ood, {
      systems: [classifier()],
      datasets: [
        test,
        memoryDataset({ images: [[3, 0, 0]], labels: [0], name: 'more' }),
        other,
        memoryDataset({ images: [[0, 1, 1]], labels: [1], ...near }),
      ],
      options: { scores: ['max-logit'], ...quick },
    });
    const pairs = outcome.summary.measures
      .filter(({ measure }) => measure === 'auroc')
      .map(({ dataset, params }) => [params.against, dataset]);
    expect(pairs).toEqual([
      ['test', 'far'],
      ['test', 'near'],
      ['more', 'far'],
      ['more', 'near'],
    ]);
  });
  it.each([
    ['an unknown score', { scores: ['max-softmx'] }],
    ['no score', { scores: [] }],
    ['a score twice', { scores: ['log-px', 'log-px'] }],
    ['a temperature of 0', { temperature: 0 }],
    ['an unknown option', { bins: 10 }],
  ])('%s is refused', async (_, options) => {
    await expect(
      runSuite(ood, { systems: [classifier()], datasets: [test, other], options }),
    ).rejects.toMatchObject({ code: 'config-invalid' });
  });
});

describe('intervals', () => {
  const given = (a: number, b: number) => ({
    systems: [scorer, linearSystem({ name: 'again', weights: [[1]], energy: 'output' })],
    datasets: [
      memoryDataset({ images: column(repeat(120, (i) => Math.sin(i) + a)) }),
      memoryDataset({ images: column(repeat(80, (i) => Math.sin(3 * i) + b)), ...far }),
    ],
    options: { scores: ['log-px'], ...quick },
  });
  it('hold the value, and are the same for systems that score alike', async () => {
    const outcome = await runSuite(ood, given(0.5, 0));
    for (const measure of [...Object.keys(METRICS), 'mean-auroc', 'far-auroc']) {
      const { value, interval, level } = measureOf(outcome, measure, { model: 'scorer' });
      expect(level).toBe(0.95);
      expect(interval?.[0]).toBeLessThanOrEqual(value ?? Number.NaN);
      expect(interval?.[1]).toBeGreaterThanOrEqual(value ?? Number.NaN);
      expect(measureOf(outcome, measure, { model: 'again' }).interval).toEqual(interval);
    }
  });
  it('there is an exact one where the scores do not overlap, and a note says so', async () => {
    const outcome = await runSuite(ood, given(5, 0));
    expect(measureOf(outcome, 'auroc', { model: 'scorer' })).toMatchObject({
      value: 1,
      interval: [expect.closeTo(0.05 ** (1 / 80), 12), 1],
      method: 'clopper-pearson-one-sided',
      note: expect.stringMatching(/Clopper-Pearson.*do not overlap/),
    });
    expect(measureOf(outcome, 'fpr95-id-positive', { model: 'scorer' }).interval?.[1]).toBeLessThan(0.05);
  });
  it('are drawn by the seed', async () => {
    const run = async (seed: number) =>
      measureOf(await runSuite(ood, { ...given(0.5, 0), seed }), 'aupr-in', { model: 'scorer' });
    const [zero, one] = [await run(0), await run(1)];
    expect(one.value).toBe(zero.value);
    expect(one.interval).not.toEqual(zero.interval);
    expect(await run(0)).toEqual(zero);
  });
});

describe('figures', () => {
  const outcome = () =>
    runSuite(ood, {
      systems: [classifier()],
      datasets: [
        memoryDataset({ images: repeat(70, (i) => [2 + Math.sin(i), 0, Math.cos(i)]) }),
        memoryDataset({ images: repeat(50, (i) => [Math.sin(2 * i), Math.cos(3 * i), 0]), ...far }),
      ],
      options: { scores: ['log-px', 'max-softmax'], histogramBins: 12, ...quick },
    });
  it('are bars of AUROC per score, a histogram and a ROC curve per system and score, and precision of the best', async () => {
    const { summary } = await outcome();
    expect(summary.figures?.map(({ kind, id }) => [kind, id])).toEqual([
      ['bars', 'auroc-log-px-test'],
      ['bars', 'auroc-max-softmax-test'],
      ['histogram', 'scores-log-px-linear-test'],
      ['histogram', 'scores-max-softmax-linear-test'],
      ['lines', 'roc-log-px-linear-test'],
      ['lines', 'roc-max-softmax-linear-test'],
      ['lines', expect.stringMatching(/^precision-(log-px|max-softmax)-linear-test$/)],
    ]);
  });
  it('bars are the measures; histograms hold every example; the area under a ROC curve is its AUROC', async () => {
    const made = await outcome();
    for (const figure of made.summary.figures ?? []) {
      const score = figure.id.includes('max-softmax') ? 'max-softmax' : 'log-px';
      const { value, interval } = measureOf(made, 'auroc', { score });
      if (figure.kind === 'bars') {
        expect(figure.categories).toEqual(['far']);
        expect(figure.series).toEqual([{ name: 'linear', values: [{ value, interval }] }]);
      } else if (figure.kind === 'histogram') {
        expect(figure.edges).toHaveLength(13);
        expect(figure.series.map(({ name }) => name)).toEqual(['test', 'far']);
        for (const { counts } of figure.series) expect(counts.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      } else if (figure.kind === 'lines' && figure.id.startsWith('roc')) {
        const { name, points } = figure.series[0]!;
        expect([name, points[0], points.at(-1)]).toEqual(['far', { x: 0, y: 0 }, { x: 1, y: 1 }]);
        const area = points
          .slice(1)
          .reduce((sum, { x, y }, i) => sum + ((x - points[i]!.x) * (y + points[i]!.y)) / 2, 0);
        // Points that a plot would not show were dropped.
        expect(area).toBeCloseTo(value ?? Number.NaN, 2);
      }
    }
  });
});

describe('warnings and bad input', () => {
  // 120 examples of each, so that nothing is said about their number.
  const spread = (n: number, high: number) => repeat(n, (i) => [high + (i % 60) / 40, (i % 60) / 50, 0]);
  const [good, flat] = [spread(120, 3), spread(120, 0)];
  interface Given {
    id?: number[][];
    other?: number[][];
    system?: Partial<LinearOptions>;
    scores?: string[];
    about?: Partial<DatasetInfo>;
  }
  const run = ({ id = good, other = flat, system, scores = ['log-px', 'max-softmax'], about }: Given) =>
    runSuite(ood, {
      systems: [classifier(system)],
      datasets: [memoryDataset({ images: id }), memoryDataset({ images: other, ...far, ...about })],
      options: { scores, ...quick },
    });
  const saturated = (n: number) => repeat(n, (i) => [60 + (i % 40), 0, 0]);
  const cases: [string, Given, string[]][] = [
    ['log p(x) of a softmax net', {}, ['log-px-up-to-training']],
    ['softmax scores alone', { scores: ['max-softmax', 'entropy'] }, []],
    ['an energy model', { system: { weights: [[1, 0, 0]], energy: 'output' } }, []],
    ['a system without an energy', { system: { offers: ['logits'], energy: 'none' } }, []],
    ['a stochastic system', { system: { noise: 0.001 }, scores: ['max-softmax'] }, ['single-draw']],
    ['few examples', { other: flat.slice(0, 5), scores: ['max-softmax'] }, ['few-examples']],
    ['OOD that looks more likely', { id: flat, other: good, scores: ['max-softmax'] }, ['score-inverted']],
    ['scores that saturate', { id: saturated(120), scores: ['max-softmax'] }, ['scores-tied']],
    [
      'OOD that ties with the test set',
      { other: [...good].reverse().concat(good), scores: ['max-softmax'] },
      ['order-within-rounding'],
    ],
    [
      'the test set itself',
      {
        other: good,
        about: { fingerprint: JSON.stringify([good, undefined, good.map((_, i) => i)]) },
        scores: ['max-softmax'],
      },
      ['ood-is-test-set'],
    ],
    [
      'classes that the model knows',
      { about: { classes: ['zebra', 'class 1'] }, scores: ['max-softmax'] },
      ['ood-classes-overlap'],
    ],
    [
      'images that an attack moved',
      {
        about: { recipe: { by: 'raise', of: 'far', options: { on: 'm', score: 'log-px' } } },
        scores: ['max-softmax'],
      },
      ['attack-transferred'],
    ],
  ];
  it.each(cases)('%s', async (_, given, expected) => {
    expect(codes(await run(given))).toEqual(expected);
  });
  it('of many scores, each oddity is told once', async () => {
    const inverted = await run({ id: flat, other: good, scores: ['max-softmax', 'entropy', 'margin'] });
    expect(codes(inverted)).toEqual(['score-inverted']);
    expect(inverted.summary.warnings?.[0]?.message).toBe(
      '3 scores of "linear" are higher on OOD sets than on "test": max softmax ("far"); negative entropy ("far"); softmax margin ("far")',
    );
    const tied = await run({ id: saturated(120), scores: ['max-softmax', 'margin'] });
    expect(codes(tied)).toEqual(['scores-tied']);
    expect(tied.summary.warnings?.[0]?.message).toMatch(
      /^many examples .* max softmax \(\d+ %\); softmax margin \(\d+ %\)$/,
    );
    const near = await run({
      other: [...good].reverse().concat(good),
      scores: ['max-softmax', 'margin'],
    });
    expect(codes(near)).toEqual(['order-within-rounding']);
    expect(near.summary.warnings?.[0]?.message).toMatch(
      /: max softmax on "far" \(.*; softmax margin on "far"/,
    );
  });
  it('examples that are too few to tie do not', async () => {
    const outcome = await run({ id: good.slice(0, 3), other: flat.slice(0, 1), scores: ['max-softmax'] });
    expect(codes(outcome)).not.toContain('scores-tied');
  });
  it('the caveat names the systems and the scores that it touches', async () => {
    const { summary } = await run({
      scores: ['max-logit', 'max-softmax', 'approximate-mass'],
      system: { name: 'plain' },
    });
    const caveat = summary.warnings![0]!;
    expect(caveat).toMatchObject({ code: 'log-px-up-to-training', severity: 'note', suite: 'ood' });
    expect(caveat.message).toMatch(/"plain" is the logsumexp of the logits/);
    expect(caveat.why).toMatch(
      /any c\(x\) to all logits changes max logit, approximate mass and no prediction/,
    );
  });

  const none: [string, Given, string][] = [
    ['test', { id: [] }, '0 ID and 120 OOD examples'],
    ['OOD', { other: [] }, '120 ID and 0 OOD examples'],
  ];
  it.each(none)('an empty %s set has null measures that say why, and no figures', async (_, given, note) => {
    const outcome = await run({ ...given, scores: ['max-softmax'] });
    expect(measureOf(outcome, 'auroc')).toMatchObject({ value: null, interval: null, note });
    for (const measure of Object.keys(METRICS)) expect(measureOf(outcome, measure).value).toBeNull();
    expect(measureOf(outcome, 'mean-auroc').value).toBeNull();
    expect(outcome.summary.figures?.filter(({ kind }) => kind !== 'bars')).toEqual([]);
    expect(codes(outcome)).toEqual(['few-examples']);
  });
  it('one example of each', async () => {
    const outcome = await run({ id: [[5, 0, 0]], other: [[0, 0, 0]], scores: ['max-softmax'] });
    expect(measureOf(outcome, 'auroc')).toMatchObject({
      value: 1,
      n: 2,
      interval: [expect.closeTo(0.05), 1],
    });
  });
  it.each([
    ['a NaN logit', [[0, Number.NaN, 0]]],
    ['an infinite logit', [[0, Number.POSITIVE_INFINITY, 0]]],
  ])('%s is refused with its place', async (_, other) => {
    const { summary } = await run({ other, scores: ['max-softmax'] });
    expect(summary.measures.filter(({ measure }) => measure === 'auroc')).toEqual([]);
    expect(summary.refusals).toEqual([
      {
        system: 'linear',
        what: 'max softmax on far',
        reason: expect.stringMatching(/^a logit is not finite \(example 0, class \d\)/),
      },
    ]);
  });
  it('a score that is NaN of one set is left out of it, and told with the example; others stand', async () => {
    const { summary } = await runSuite(ood, {
      systems: [scorer],
      datasets: [
        memoryDataset({ images: [[1], [2]] }),
        memoryDataset({ images: [[0], [Number.NaN]], indices: [70, 71], ...far }),
        memoryDataset({ images: [[0], [3]], ...near }),
      ],
      options: { scores: ['log-px'], ...quick },
    });
    expect(summary.refusals).toEqual([
      {
        system: 'scorer',
        what: 'log p(x) on far',
        reason: 'a score is NaN (example 71); leave the score out for this model',
      },
    ]);
    const against = summary.measures.filter(({ measure }) => measure === 'auroc');
    expect(against.map(({ dataset }) => dataset)).toEqual(['near']);
  });
});

it('units, batches and the order of examples change no value', async () => {
  const logits = fc.array(
    fc.integer({ min: -20, max: 20 }).map((v) => v / 4),
    { minLength: 3, maxLength: 3 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(logits, { minLength: 1, maxLength: 20 }),
      fc.array(logits, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      async (id, other, chunk, batchSize) => {
        const run = async (a: number[][], b: number[][], chunk: number, batchSize: number) => {
          const outcome = await runSuite(ood, {
            systems: [classifier({ batchSize })],
            datasets: [memoryDataset({ images: a }), memoryDataset({ images: b, ...far })],
            options: quick,
            chunk,
          });
          return outcome.summary.measures;
        };
        const plain = await run(id, other, 64, 64);
        expect(await run(id, other, chunk, batchSize)).toEqual(plain);
        const reversed = await run([...id].reverse(), [...other].reverse(), 64, 64);
        // Resamples are drawn in the order of the examples.
        expect(reversed.map(({ value }) => value)).toEqual(plain.map(({ value }) => value));
      },
    ),
    { numRuns: 12 },
  );
});
