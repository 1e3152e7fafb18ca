// @module-tag slow
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPlugins, sourcesOf } from '../../../src/runs/asked/plugin-modules.js';
import type { ProgressEvent } from '../../../src/runs/measuring/progress.js';
import type { RunSpec } from '../../../src/runs/opening/run-spec.js';
import { runEvaluation } from '../../../src/runs/run-evaluation.js';
import { request } from '../../../src/suites/contract.js';
import { clean } from '../../../src/suites/measurements/clean.js';
import { features } from '../../../src/suites/measurements/features.js';
import type { Results } from '../../../src/suites/results.js';
import { accuracy } from '../../../suites/accuracy/index.js';
import { linearSystem } from '../../suites/helpers/linear-system.js';
import { entryOf, evaluationOf, folder, minus, plus, points } from '../small-run.js';

const spec = (out: string, resamples: number, sources?: RunSpec['sources']): RunSpec => ({
  title: 'small',
  file: 'small.run.yaml',
  directory: out,
  config: {},
  evaluation: evaluationOf([plus, minus], [points(40)]),
  entries: [{ ...entryOf(accuracy), options: { topK: [], resamples } }],
  ...(sources && { sources }),
  gates: [],
  expectations: [],
  partial: new Set(),
  warnings: [],
});
/** Of 80 rows: more than the thread that was measured in does by itself. */
const MANY = 70_000;
const builtIn = (out: string) => ({ plugins: [], directory: out, file: 'small.run.yaml' });

function saved(out: string): Omit<Results, 'created' | 'seconds'> {
  const {
    created: _,
    seconds: __,
    ...results
  }: Results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
  return { ...results, costs: results.costs.map((cost) => ({ ...cost, seconds: 0 })) };
}

describe('a run that is concluded in a thread of its own', () => {
  it('has the results of one that is not, and counts what is done', async () => {
    const [apart, here] = [folder(), folder()];
    const events: ProgressEvent[] = [];
    const signal = new AbortController().signal;
    await runEvaluation(spec(apart, MANY, builtIn(apart)), {
      out: apart,
      signal,
      notify: (event) => events.push(event),
    });
    await runEvaluation(spec(here, MANY), { out: here, signal, notify: () => undefined });
    const { environment: _, ...results } = saved(apart);
    expect(saved(here)).toMatchObject(results);
    for (const part of ['measures.csv', 'examples/accuracy.csv'])
      expect(readFileSync(join(apart, part), 'utf8')).toBe(readFileSync(join(here, part), 'utf8'));
    const counted = events.flatMap((event) => (event.kind === 'stage' && event.of ? [event] : []));
    expect(counted[0]).toMatchObject({ text: 'summarising: Accuracy', done: 0, of: 1 });
    const inside = counted.flatMap(({ text, part }) => (part ? [{ text, ...part }] : []));
    expect(inside[0]).toEqual({
      text: 'summarising: Accuracy',
      what: 'resamples of plus on test',
      done: 1,
      of: MANY,
    });
    const [comparing, ...writing] = counted.slice(1 + inside.length);
    expect(comparing).toMatchObject({ text: 'comparing the systems: Accuracy', done: 0, of: 1 });
    expect(writing.map(({ text }) => text)).toEqual(writing.map(() => 'writing the report'));
    expect(writing.map(({ done }) => done)).toEqual(writing.map((_, i) => i));
    expect(writing[0]!.of).toBe(writing.length);
  });

  it('has them again when a thread takes one run after the other', async () => {
    const [first, second] = [folder(), folder()];
    const signal = new AbortController().signal;
    for (const out of [first, second])
      await runEvaluation(spec(out, MANY, builtIn(out)), { out, signal, notify: () => undefined });
    expect(saved(second)).toEqual(saved(first));
  });

  it.each([
    ['by the thread that measured, when it is short', 200, ['own']],
    ['by another, which loads the suites anew, when it is long', MANY, []],
  ])('is concluded %s', async (_, resamples, suites) => {
    const out = folder();
    const known = spec(out, resamples, builtIn(out));
    // Of its own making: only this thread has it.
    const entries = known.entries.map((entry) => ({ ...entry, suite: { ...accuracy, name: 'own' } }));
    const signal = new AbortController().signal;
    await runEvaluation({ ...known, entries }, { out, signal, notify: () => undefined });
    expect(saved(out).suites.map(({ suite }) => suite)).toEqual(suites);
  });

  it.each([
    ['features', 2, features],
    ['many classes', 1000, clean],
  ])('is concluded by another where few rows take long: %s', async (_, classes, measurement) => {
    const out = folder();
    const [set, weights] = [points(40), Array.from({ length: classes }, (_, k) => [k, 1])];
    const system = linearSystem({ name: 'plus', weights, offers: ['logits', 'features'] });
    const known = { ...spec(out, 300, builtIn(out)), evaluation: evaluationOf([system], [set]) };
    // Only this thread has it.
    const suite = {
      ...accuracy,
      name: 'own',
      plan: () => [request({ measurement, system: 'plus', dataset: 'test' })],
    };
    const entries = known.entries.map((entry) => ({ ...entry, suite }));
    const signal = new AbortController().signal;
    const { failures } = await runEvaluation({ ...known, entries }, { out, signal, notify: () => undefined });
    expect([saved(out).suites, failures]).toEqual([[], []]);
  });

  it('is not concluded with a plug-in that has changed since the run began', async () => {
    const out = folder();
    const named = { ...builtIn(out), plugins: ['./own.mjs'] };
    const write = (name: string) =>
      writeFileSync(
        join(out, 'own.mjs'),
        `import { definePlugin } from 'assay/plugin';\nexport default definePlugin({ name: '${name}' });\n`,
      );
    write('first');
    const sources = sourcesOf(named, await loadPlugins(named));
    write('second');
    const signal = new AbortController().signal;
    const concluding = runEvaluation(spec(out, 200, sources), { out, signal, notify: () => undefined });
    await expect(concluding).rejects.toMatchObject({
      code: 'results-stale',
      message: 'the plug-in "./own.mjs" is not what the run was measured with',
      details: { file: 'small.run.yaml', path: 'plugins[0]' },
    });
    expect(readdirSync(out)).not.toContain('results.json');
  });

  it('ends when it is interrupted in the middle of a long summary', async () => {
    const out = folder();
    const user = new AbortController();
    const running = runEvaluation(spec(out, 1e7, builtIn(out)), {
      out,
      signal: user.signal,
      notify: (event) => {
        if (event.kind === 'stage' && event.text.startsWith('summarising')) user.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'interrupted' });
    expect(readdirSync(out).sort()).toEqual(['inventory', 'run.json', 'units']);
  });

  it('says which suite failed and why, as one that is not', async () => {
    const out = folder();
    const { failures, exitCode } = await runEvaluation(spec(out, 2 ** 53, builtIn(out)), {
      out,
      signal: new AbortController().signal,
      notify: () => undefined,
    });
    expect(exitCode).toBe(2);
    expect(failures).toMatchObject([{ code: 'suite-failed', message: expect.stringMatching(/"accuracy"/) }]);
    expect(failures[0]!.details.cause).toBeInstanceOf(Error);
  });
});
