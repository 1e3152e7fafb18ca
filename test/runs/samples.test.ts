import { existsSync } from 'node:fs';
import { Type } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import type { System } from '../../src/models/system.js';
import { builtinRunCatalogue } from '../../src/runs/asked/run-catalogue.js';
import type { RunOutcome } from '../../src/runs/concluding/outcome.js';
import { withDerived } from '../../src/runs/inventory/derived-infos.js';
import { derivedSpec } from '../../src/runs/inventory/derived-specs.js';
import { type Evaluation, openedEntry } from '../../src/runs/inventory/inventory.js';
import { planRun } from '../../src/runs/plan/plan.js';
import { runEvaluation } from '../../src/runs/run-evaluation.js';
import type { Rows } from '../../src/suites/columns.js';
import { type Collected, defineSuite, type Request, request } from '../../src/suites/contract.js';
import { clean } from '../../src/suites/measurements/clean.js';
import { pixels } from '../../src/suites/measurements/pixels.js';
import { samples } from '../../src/suites/measurements/samples.js';
import { analyticSystem } from '../attacks/helpers/analytic-system.js';
import { entryOf, folder, points } from './small-run.js';

const weights = [
  [2, -1],
  [-1, 2],
  [-2, -2],
];
const system = (rows: number[][]) => analyticSystem({ name: 'm', weights: rows, shape: [1, 1, 2] });
const model = system(weights);
/** Keeps ten images: image i is (i / 10, 1.5). */
const keeping: System = {
  ...model,
  info: { ...model.info, storedChains: 10 },
  storedChains: async () => Float32Array.from({ length: 20 }, (_, k) => (k % 2 === 0 ? k / 20 : 1.5)),
};

const CHAIN = { from: 'm', steps: 5, stepSize: 0.01, noise: 0.02 };

function evaluationOf(
  set: object,
  { system = model, limit, seed = 3 }: { system?: System; limit?: number; seed?: number } = {},
): Evaluation {
  const systems = new Map([['m', openedEntry(system)]]);
  const spec = derivedSpec('drawn', set, { file: 'r.yaml', ...builtinRunCatalogue });
  if (!spec) throw new Error('it is no derived set');
  const datasets = withDerived(
    new Map([['test', points(40, { highestLabel: { label: 1, example: 1 } })]]),
    new Map([['drawn', spec]]),
    {
      names: ['test', 'drawn'],
      systems,
      seed,
      ...(limit !== undefined && { limit }),
      file: 'r.yaml',
    },
  );
  return { systems, datasets, seed, engine: 'test engine' };
}

const images = request({ measurement: pixels, system: 'm', dataset: 'drawn' });
const outputs = request({ measurement: clean, system: 'm', dataset: 'drawn' });

const suiteOf = (requests: readonly Request[], see: (rows: (Collected | undefined)[]) => void) =>
  defineSuite({
    name: 'rows',
    title: 'Rows',
    description: 'Rows as they are.',
    options: Type.Object({}),
    needs: [],
    plan: () => [...requests],
    summarise(collected) {
      see(requests.map((one) => collected.get(one)));
      return { measures: [COUNT] };
    },
  });

/** A suite without measures would have measured nothing. */
const COUNT = {
  suite: 'rows',
  measure: 'requests',
  title: 'Requests',
  model: 'm',
  dataset: 'drawn',
  params: {},
  value: 1,
  n: 1,
  interval: null,
  level: 0.95,
  method: 'none',
  better: 'higher' as const,
  format: 'number' as const,
  headline: false,
};

interface Drawn {
  outcome: RunOutcome;
  images: Collected<Rows & { pixels: { data: Float32Array } }>;
  rows: (Collected | undefined)[];
}

async function draw(
  set: object,
  given: Parameters<typeof evaluationOf>[1] = {},
  more: readonly Request[] = [],
  out = folder(),
): Promise<Drawn> {
  let rows: (Collected | undefined)[] = [];
  const suite = suiteOf([images, ...more], (found) => {
    rows = found;
  });
  const outcome = await runEvaluation(
    {
      title: 'small',
      file: 'r.yaml',
      directory: out,
      config: {},
      evaluation: evaluationOf(set, given),
      entries: [entryOf(suite, {})],
      gates: [],
      expectations: [],
      partial: new Set(),
      warnings: [],
    },
    { out, signal: new AbortController().signal, notify: () => undefined },
  );
  return { outcome, images: rows[0] as Drawn['images'], rows };
}

const row = ({ rows: { pixels } }: Drawn['images'], i: number) => [...pixels.data.slice(2 * i, 2 * i + 2)];

describe('samples of nothing', () => {
  it('are where chains from noise end, one by its number, whatever their number', async () => {
    const [few, many] = [
      await draw({ sample: { ...CHAIN, n: 4 } }),
      await draw({ sample: { ...CHAIN, n: 300 } }),
    ];
    expect(few.images.indices).toEqual(Int32Array.of(0, 1, 2, 3));
    for (let i = 0; i < 4; i++) expect(row(few.images, i)).toEqual(row(many.images, i));
    expect(few.images.labels).toBeUndefined();
    expect(Math.max(...many.images.rows.pixels.data)).toBeLessThanOrEqual(1);
  });

  it('are drawn once for all that is measured on them, and found again', async () => {
    const out = folder();
    const set = { sample: { ...CHAIN, n: 20, class: 'each' } };
    const { outcome, images: made, rows } = await draw(set, {}, [outputs], out);
    expect(outcome.failures).toEqual([]);
    expect(outcome.results.costs.map(({ measurement }) => measurement).sort()).toEqual([
      'clean',
      'pixels',
      'samples',
    ]);
    expect(made.labels).toEqual(Int32Array.from({ length: 20 }, (_, i) => i % 3));
    expect(rows[1]?.labels).toEqual(made.labels);
    const again = await draw(set, {}, [outputs], out);
    expect(again.outcome.results.costs.every(({ seconds }) => seconds >= 0)).toBe(true);
    expect(again.images.rows.pixels.data).toEqual(made.rows.pixels.data);
  });

  it('of a class are drawn towards it', async () => {
    const set = { sample: { ...CHAIN, steps: 60, stepSize: 0.05, n: 30, class: 'each', target: 'log-py-x' } };
    const { images: made, rows } = await draw(set, { system: system(weights.slice(0, 2)) }, [outputs]);
    const logits = rows[1]?.rows.logits?.data ?? [];
    const right = Array.from(made.labels ?? [], (label, i) => {
      const own = Array.from(logits).slice(2 * i, 2 * i + 2);
      return own.indexOf(Math.max(...own)) === label;
    });
    expect(right.filter(Boolean).length).toBeGreaterThan(25);
  });

  it('may be looked at on their way: the same chains', async () => {
    const set = { sample: { ...CHAIN, n: 10 } };
    const params = {
      steps: 5,
      stepSize: 0.01,
      noise: 0.02,
      temperature: 1,
      clamp: 'none',
      target: 'log-px',
      start: 'uniform',
    };
    const film = request({
      measurement: samples,
      system: 'm',
      dataset: 'drawn',
      params: { ...params, looks: [0, 2, 5] } as never,
      first: 4,
    });
    const { images: made, rows } = await draw(set, {}, [film]);
    const looks = rows[1]?.rows.looks;
    expect(looks?.shape).toEqual([4, 3, 1, 1, 2]);
    for (let i = 0; i < 4; i++)
      expect([...(looks?.data.slice(6 * i + 4, 6 * i + 6) ?? [])]).toEqual(row(made, i));
  });

  it('--limit takes the first of them, the same', async () => {
    const [all, first] = [
      await draw({ sample: { ...CHAIN, n: 30 } }),
      await draw({ sample: { ...CHAIN, n: 30 } }, { limit: 5 }),
    ];
    expect(first.images.indices.length).toBe(5);
    for (let i = 0; i < 5; i++) expect(row(first.images, i)).toEqual(row(all.images, i));
  });

  it('a chain that leaves the numbers fails, and the others do not', async () => {
    const broken: System = {
      ...model,
      async gradient(batch, loss) {
        const found = await model.gradient(batch, loss);
        for (let i = 0; i < batch.n; i++) if (batch.pixels[2 * i]! > 0.8) found.gradient[2 * i] = Number.NaN;
        return found;
      },
    };
    const { outcome, images: made } = await draw({ sample: { ...CHAIN, n: 40 } }, { system: broken });
    expect(outcome.results.status).toBe('complete');
    expect(made.failed?.length).toBeGreaterThan(2);
    expect(made.failed?.[0]?.what).toMatch(/gradient of log p\(x\) of "m" is not finite/);
    const sound = await draw({ sample: { ...CHAIN, n: 40 } });
    made.indices.forEach((index, i) => {
      expect(row(made, i)).toEqual(row(sound.images, index));
    });
  });
});

describe('where chains start', () => {
  const still = { from: 'm', steps: 0 };

  it('at the images of a data set', async () => {
    const { images: made } = await draw({ of: 'test', sample: still, limit: 12 });
    const test = await points(40).read(0, 12);
    expect(made.rows.pixels.data).toEqual(test.pixels);
    expect(made.labels).toBeUndefined();
    const kept = await draw({ of: 'test', sample: { ...still, class: 'label' }, limit: 12 });
    expect(kept.images.labels).toEqual(test.labels);
  });

  it('at image i of the buffer in the checkpoint, cut to the box', async () => {
    const set = { sample: { ...still, n: 10, start: 'buffer' } };
    const { images: made } = await draw(set, { system: keeping });
    for (let i = 0; i < 10; i++) expect(row(made, i)).toEqual([Math.fround(i / 10), 1]);
    expect(() => evaluationOf({ sample: { ...still, n: 11, start: 'buffer' } }, { system: keeping })).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ hint: 'set n to 10' }) }),
    );
  });

  it('at images of a buffer that holds NaN: these are left out, and the reason is told', async () => {
    const kept = (await keeping.storedChains?.()) ?? new Float32Array();
    kept[2 * 3] = Number.NaN;
    const spoilt: System = { ...keeping, storedChains: async () => kept };
    const set = { sample: { ...still, n: 10, start: 'buffer' } };
    const { images: made, outcome } = await draw(set, { system: spoilt });
    expect(made.failed?.map(({ example, what }) => [example, what])).toEqual([
      [3, expect.stringContaining('the replay buffer of "m" that a chain starts at holds NaN')],
    ]);
    expect(outcome).toBeDefined();
    expect(row(made, 0)).toEqual([0, 1]);
  });

  it('at draws from Gaussians of the classes, which have their means and covariances', async () => {
    const n = 3000;
    const set = { sample: { ...still, n, class: 'each', start: { 'class-gaussian': 'test' } } };
    const { images: made } = await draw(set, { system: system(weights.slice(0, 2)) });
    const test = await points(40).read(0, 40);
    for (const c of [0, 1]) {
      const of = (data: Float32Array, belongs: (i: number) => boolean) =>
        Array.from({ length: data.length / 2 }, (_, i) => i)
          .filter(belongs)
          .map((i) => [data[2 * i]!, data[2 * i + 1]!]);
      const real = moments(of(test.pixels, (i) => test.labels?.[i] === c));
      const drawn = moments(of(made.rows.pixels.data, (i) => i % 2 === c));
      drawn.forEach((value, k) => {
        // Cut to the box, tails are a little lighter than those of the Gaussian.
        expect(Math.abs(value - real[k]!)).toBeLessThan(0.03);
      });
    }
  });

  it('does not depend on how many there are', async () => {
    const set = (n: number) => ({ sample: { ...still, n, start: { 'class-gaussian': 'test' } } });
    const [few, many] = [await draw(set(3)), await draw(set(50))];
    for (let i = 0; i < 3; i++) expect(row(few.images, i)).toEqual(row(many.images, i));
  });

  it('again and again in a persistent buffer, one unit whatever is asked of it', async () => {
    const start = { persistent: { rounds: 30, batch: 8, reinit: 0.1 } };
    const set = { sample: { ...CHAIN, n: 20, start } };
    const out = folder();
    const { images: made, outcome } = await draw(set, {}, [], out);
    expect(
      outcome.results.costs.find(({ measurement }) => measurement === 'persistent-samples'),
    ).toBeDefined();
    const limited = await draw(set, { limit: 7 });
    for (let i = 0; i < 7; i++) expect(row(limited.images, i)).toEqual(row(made, i));
    expect(
      planRun(
        [
          entryOf(
            suiteOf([images], () => undefined),
            {},
          ),
        ],
        evaluationOf(set),
      ).jobs[0]!.units,
    ).toHaveLength(1);
    expect(existsSync(out)).toBe(true);
  });
});

/** Means, variances and the covariance of pairs. */
function moments(pairs: readonly (readonly number[])[]): number[] {
  const mean = [0, 1].map((k) => pairs.reduce((sum, pair) => sum + pair[k]!, 0) / pairs.length);
  const second = (a: number, b: number) =>
    pairs.reduce((sum, pair) => sum + (pair[a]! - mean[a]!) * (pair[b]! - mean[b]!), 0) / (pairs.length - 1);
  return [...mean, second(0, 0), second(1, 1), second(0, 1)];
}
