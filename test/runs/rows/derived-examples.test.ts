import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PixelTransform } from '../../../src/data/derived/derivation.js';
import type { System } from '../../../src/models/system.js';
import { builtinRunCatalogue, catalogueWith } from '../../../src/runs/asked/run-catalogue.js';
import type { RunOutcome } from '../../../src/runs/concluding/outcome.js';
import { withDerived } from '../../../src/runs/inventory/derived-infos.js';
import { type DerivedSpec, derivedSpec } from '../../../src/runs/inventory/derived-specs.js';
import { type Evaluation, openedEntry } from '../../../src/runs/inventory/inventory.js';
import { planRun } from '../../../src/runs/plan/plan.js';
import { examplesOf } from '../../../src/runs/rows/derived-examples.js';
import { runEvaluation } from '../../../src/runs/run-evaluation.js';
import { FolderStore } from '../../../src/runs/units/store.js';
import { resolveAttack } from '../../../src/suites/attacking/resolve-attack.js';
import type { Rows } from '../../../src/suites/columns.js';
import {
  type Collected,
  defineSuite,
  type Request,
  request,
  type Suite,
} from '../../../src/suites/contract.js';
import { attackRequest } from '../../../src/suites/measurements/attack.js';
import { clean } from '../../../src/suites/measurements/clean.js';
import { pixels } from '../../../src/suites/measurements/pixels.js';
import { purifiedRequest } from '../../../src/suites/measurements/purified.js';
import { linearSystem } from '../../suites/helpers/linear-system.js';
import { entryOf, folder, points } from '../small-run.js';

const N = 40;
const model = linearSystem({
  name: 'm',
  weights: [
    [2, -1],
    [-1, 2],
  ],
});

const SETS: Record<string, object> = {
  noise: { generate: 'gaussian', n: 12, like: 'test' },
  mixed: { of: 'attacked', interpolate: { noise: 0.05 } },
  attacked: { of: 'test', attack: { on: 'm', method: 'square', epsilon: 0.1, queries: 30 } },
  raised: {
    of: 'test',
    raise: { on: 'm', norm: 'L2', epsilon: 0.1, method: 'pgd', steps: 5, stepSize: 0.1, randomStart: false },
  },
  cleaned: { of: 'attacked', purify: { by: 'm', steps: 4, stepSize: 0.05, noise: 0.02, clamp: 'box' } },
};

function evaluation(systems: readonly System[] = [model], seed = 7): Evaluation {
  const entries = new Map(systems.map((system) => [system.info.name, openedEntry(system)]));
  const specs = new Map<string, DerivedSpec>();
  for (const [name, set] of Object.entries(SETS)) {
    const spec = derivedSpec(name, set, { file: 'r.yaml', ...builtinRunCatalogue });
    if (spec) specs.set(name, spec);
  }
  const names = ['test', ...Object.keys(SETS)];
  const datasets = withDerived(new Map([['test', points(N)]]), specs, {
    names,
    systems: entries,
    seed,
    file: 'r.yaml',
  });
  return { systems: entries, datasets, seed, engine: 'test engine' };
}

interface Measured {
  outcome: RunOutcome;
  /** Of the request at that place. */
  rowsOf<R extends Rows>(request: Request<R>): Collected<R>;
}

/** A suite without measures would have measured nothing. */
const COUNT = {
  suite: 'rows',
  measure: 'requests',
  title: 'Requests',
  model: 'm',
  dataset: 'test',
  params: {},
  interval: null,
  level: 0.95,
  method: 'none',
  better: 'higher' as const,
  format: 'number' as const,
  headline: false,
};

/** Measures requests as a run does. */
async function measure(out: string, requests: readonly Request[], given = evaluation()): Promise<Measured> {
  const rows = new Map<Request, Collected | undefined>();
  const suite: Suite = {
    ...suiteOf(requests),
    summarise(collected) {
      for (const one of requests) rows.set(one, collected.get(one));
      return { measures: [{ ...COUNT, value: rows.size, n: rows.size }] };
    },
  };
  const outcome = await runEvaluation(
    {
      title: 'small',
      file: 'r.yaml',
      directory: out,
      config: {},
      evaluation: given,
      entries: [entryOf(suite, {})],
      gates: [],
      expectations: [],
      partial: new Set(),
      warnings: [],
    },
    { out, signal: new AbortController().signal, notify: () => undefined },
  );
  expect(outcome.failures).toEqual([]);
  return {
    outcome,
    rowsOf<R extends Rows>(one: Request<R>) {
      const found = rows.get(one);
      if (!found) throw new Error('it was not measured');
      return found as Collected<R>;
    },
  };
}

const on = (dataset: string) => ({ system: 'm', dataset });
const images = (dataset: string) => request({ measurement: pixels, ...on(dataset) });
const outputs = (dataset: string) => request({ measurement: clean, ...on(dataset) });

/** What the suite `attack` asks for with the options of the run file. */
const attack = attackRequest(
  'm',
  'test',
  resolveAttack(
    { method: 'square', queries: 30, epsilons: [0.1], confirm: 8 },
    model.info,
    builtinRunCatalogue,
  ).params,
);

const suiteOf = (requests: readonly Request[]) =>
  defineSuite({
    name: 'rows',
    title: 'Rows',
    description: 'Rows as they are.',
    options: Type.Object({}),
    needs: [],
    plan: () => [...requests],
    summarise: () => ({ measures: [] }),
  });
const jobsOf = (requests: readonly Request[], given = evaluation()) =>
  planRun([entryOf(suiteOf(requests), {})], given).jobs;

describe('attacked images', () => {
  it('are those of the attack, asked for once, with the labels they had', async () => {
    const [made, wanted] = [images('attacked'), outputs('attacked')];
    const { outcome, rowsOf } = await measure(folder(), [made, wanted, attack]);
    const found = rowsOf(attack);
    expect(rowsOf(made).rows.pixels.data).toEqual(found.rows.pixels.data);
    expect(rowsOf(made).labels).toEqual(found.labels);
    expect(rowsOf(made).indices).toEqual(found.indices);
    // clean, attack, and two on what the attack made.
    expect(outcome.results.costs.map(({ measurement }) => measurement).sort()).toEqual([
      'attack',
      'clean',
      'clean',
      'pixels',
    ]);
    // The verdicts are the same: right on the made images is right and unbroken.
    const { logits } = rowsOf(wanted).rows;
    const labels = rowsOf(wanted).labels ?? [];
    const right = Array.from({ length: N }, (_, i) => {
      const [a, b] = [logits?.data[2 * i] ?? 0, logits?.data[2 * i + 1] ?? 0];
      return Number((a >= b ? 0 : 1) === labels[i]);
    });
    const robust = Array.from({ length: N }, (_, i) =>
      Number(found.rows.correct.data[i] && !found.rows.adversarial.data[i]),
    );
    expect(right).toEqual(robust);
    expect(new Set(robust).size).toBe(2);
  });
});

describe('images that are to look in-distribution', () => {
  it('are those at which the attack leaves log p(x) highest, within the ball', async () => {
    const asked = [images('test'), images('raised'), outputs('test'), outputs('raised')] as const;
    const { rowsOf } = await measure(folder(), [...asked]);
    const before = rowsOf(asked[0]).rows.pixels.data;
    const after = rowsOf(asked[1]).rows.pixels.data;
    const [low, high] = [asked[2], asked[3]].map((one) => rowsOf(one).rows.logPx?.data ?? []);
    let moved = 0;
    for (let i = 0; i < N; i++) {
      const step = [0, 1].map((j) => after[2 * i + j]! - before[2 * i + j]!);
      expect(Math.hypot(...step)).toBeLessThanOrEqual(0.1 + 1e-6);
      expect(high![i]).toBeGreaterThanOrEqual(low![i]!);
      if (after[2 * i]! <= 0 || after[2 * i]! >= 1 || after[2 * i + 1]! <= 0 || after[2 * i + 1]! >= 1)
        continue;
      // The set of images with a higher log p(x) is convex, and so its best point in the ball lies on its sphere.
      expect(Math.hypot(...step)).toBeCloseTo(0.1, 4);
      moved++;
    }
    expect(moved).toBeGreaterThan(10);
  });
});

describe('purified images', () => {
  it('of attacked ones: a classifier says of them what it says behind the same chain', async () => {
    const chain = {
      by: 'm',
      chains: 1,
      stepSize: 0.05,
      noise: 0.02,
      inputNoise: 0.03,
      clamp: 'box' as const,
    };
    const purified = purifiedRequest('m', 'test', { ...chain, steps: [4] }, N, attack);
    const wanted = outputs('cleaned');
    const { rowsOf } = await measure(folder(), [purified, wanted]);
    expect(rowsOf(wanted).rows.logits?.data).toEqual(rowsOf(purified).rows.logits.data);
    expect(rowsOf(wanted).rows.logPx?.data).toEqual(rowsOf(purified).rows.logPx.data);
  });

  it('where there are none for an example, it fails in what is measured on them too', async () => {
    const broken: System = {
      ...model,
      async gradient(batch, loss) {
        const found = await model.gradient(batch, loss);
        for (let i = 0; i < batch.n; i++) if (batch.pixels[2 * i]! > 0.85) found.gradient[2 * i] = Number.NaN;
        return found;
      },
    };
    const wanted = [outputs('cleaned'), outputs('attacked')] as const;
    const { outcome, rowsOf } = await measure(folder(), wanted, evaluation([broken]));
    const failed = rowsOf(wanted[0]).failed ?? [];
    expect(failed.length).toBeGreaterThan(0);
    expect(failed[0]!.what).toMatch(/gradient of log p\(x\) of "m" is not finite/);
    expect(rowsOf(wanted[0]).indices.length).toBe(N - failed.length);
    expect(rowsOf(wanted[1]).indices.length).toBe(N);
    expect(outcome.results.status).toBe('complete');
  });
});

describe('reading', () => {
  it('an image of any derived set does not depend on what is read with it', async () => {
    const out = folder();
    const given = evaluation();
    const requests = Object.keys(SETS).map(images);
    const { rowsOf } = await measure(out, requests, given);
    const store = await FolderStore.open(out);
    const jobs = jobsOf(requests, given);
    for (const one of requests) {
      const { maker } = jobs.find(({ request }) => request === one) ?? {};
      const { size, read } = examplesOf(one.dataset, maker, { datasets: given.datasets, store, seed: 7 });
      const whole = rowsOf(one).rows.pixels.data;
      await fc.assert(
        fc.asyncProperty(fc.nat(size), fc.nat(size), async (a, b) => {
          const [start, end] = [Math.min(a, b), Math.max(a, b)];
          const part = await read(start, end);
          expect(part.pixels).toEqual(whole.slice(2 * start, 2 * end));
          expect([...part.indices]).toEqual(Array.from({ length: end - start }, (_, i) => start + i));
        }),
        { numRuns: 20 },
      );
    }
  });

  it('other seeds make other images, the same seed the same', async () => {
    const requests = [images('mixed'), images('noise'), images('cleaned')];
    const runs = await Promise.all(
      [7, 7, 8].map((seed) => measure(folder(), requests, evaluation([model], seed))),
    );
    for (const one of requests) {
      const [first, again, other] = runs.map(({ rowsOf }) => rowsOf(one).rows.pixels.data);
      expect(again).toEqual(first);
      expect(other).not.toEqual(first);
    }
  });

  it('what was made is found again; when a unit of it is lost, it is made again before it is read', async () => {
    const out = folder();
    const units = join(out, 'units');
    const wanted = images('mixed');
    const first = await measure(out, [wanted]);
    expect((await measure(out, [wanted])).outcome.measured).toBe(0);
    // Of all that is stored only what is asked for is lost, and what it is made of is damaged.
    const jobs = jobsOf([wanted]);
    const last = jobs.at(-1);
    rmSync(join(units, `${last?.units[0]?.key}.unit`));
    truncateSync(join(units, `${last?.maker?.units[0]?.key}.unit`), 2000);
    const third = await measure(out, [wanted]);
    expect(third.outcome.measured).toBe(2);
    // What was damaged lies beside it.
    const whole = readdirSync(units).filter((name) => name.endsWith('.unit'));
    expect(whole.length).toBe(jobs.flatMap((job) => job.units).length);
    expect(third.rowsOf(wanted).rows.pixels.data).toEqual(first.rowsOf(wanted).rows.pixels.data);
  });
});

it('a transform of a plug-in is read like those of Assay', async () => {
  const negate: PixelTransform = {
    kind: 'transform',
    name: 'negate',
    version: 1,
    title: 'Inverted',
    source: 'none',
    options: Type.Object({}, { additionalProperties: false }),
    keepsLabels: true,
    describe: () => 'inverted',
    apply: async ({ pixels }) => ({ pixels: pixels.map((x) => 1 - x) }),
  };
  const catalogue = catalogueWith([{ name: 'p', version: 1, transforms: [negate] }], 'r.yaml');
  const { transforms, generators } = catalogue;
  const set = { of: 'test', negate: {} };
  const spec = derivedSpec('inverted', set, { file: 'r.yaml', transforms, generators });
  if (!spec) throw new Error('it is no derived set');
  const given = { ...evaluation(), catalogue };
  const datasets = withDerived(new Map([['test', points(N)]]), new Map([['inverted', spec]]), {
    names: ['test', 'inverted'],
    systems: given.systems,
    seed: 7,
    file: 'r.yaml',
  });
  const [before, after] = [images('test'), images('inverted')];
  const { rowsOf } = await measure(folder(), [before, after], { ...given, datasets });
  expect(rowsOf(after).rows.pixels.data).toEqual(rowsOf(before).rows.pixels.data.map((x) => 1 - x));
  expect(rowsOf(after).labels).toEqual(rowsOf(before).labels);
});
