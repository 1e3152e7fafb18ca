import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { GateRule } from '../../../src/gate/rule.js';
import type { System } from '../../../src/models/system.js';
import type { Listener } from '../../../src/runs/measuring/progress.js';
import { runEvaluation } from '../../../src/runs/run-evaluation.js';
import type { Results } from '../../../src/suites/results.js';
import { accuracy } from '../../../suites/accuracy/index.js';
import { entryOf, evaluationOf, folder, plus, points } from '../small-run.js';

const SIZE = 400;

/** A system that counts the examples it is asked about. */
function counting(): { system: System; asked: () => number } {
  let n = 0;
  const system: System = {
    ...plus,
    forward: (batch) => {
      n += batch.n;
      return plus.forward(batch);
    },
  };
  return {
    system,
    asked: () => {
      const before = n;
      n = 0;
      return before;
    },
  };
}

const gates: GateRule[] = [{ measure: 'accuracy', where: { model: 'plus' }, min: 0.5 }];

function run(
  out: string,
  system: System,
  untilDecided: boolean,
  config: { gates?: GateRule[]; untilDecided?: boolean } = {},
  notify: Listener = () => undefined,
) {
  const spec = {
    title: 'small',
    file: 'small.run.yaml',
    directory: out,
    config: { gates, ...config },
    evaluation: evaluationOf([system], [points(SIZE)]),
    entries: [entryOf(accuracy, { topK: [], resamples: 100 })],
    gates: config.gates ?? gates,
    expectations: [],
    partial: new Set<string>(),
    warnings: [],
    untilDecided,
  };
  return runEvaluation(spec, { out, signal: new AbortController().signal, notify });
}

const without = ({ created: _, seconds: __, digest: ___, costs, environment: ____, ...rest }: Results) => ({
  ...rest,
  costs: costs.map(({ seconds: _, ...cost }) => cost),
});

it('a run of everything takes over what one that stopped has measured, and comes to the same', async () => {
  const { system, asked } = counting();
  const [out, fresh] = [folder(), folder()];
  const stopped = await run(out, system, true, { untilDecided: true });
  expect(stopped.results).toMatchObject({ status: 'stopped', gates: [{ passed: true, n: 32, of: SIZE }] });
  expect(asked()).toBe(32);
  const completed = await run(out, system, false);
  expect(asked()).toBe(SIZE - 32);
  const { results } = await run(fresh, system, false);
  expect(asked()).toBe(SIZE);
  expect(results.status).toBe('complete');
  expect(without(completed.results)).toEqual(without(results));
  const sheet = (at: string) => readFileSync(join(at, 'examples', 'accuracy.csv'), 'utf8');
  expect(sheet(out)).toBe(sheet(fresh));
  // And the other way: what is stored as it lies is of no use in a random order, and nothing breaks.
  const again = await run(out, system, true, { untilDecided: true });
  expect(asked()).toBe(0);
  expect(again.results.gates).toEqual(stopped.results.gates);
});

it('nothing is told of what is used again where all is stored and only a gate has changed', async () => {
  const { system, asked } = counting();
  const out = folder();
  const notes: string[] = [];
  const notify: Listener = (event) => {
    if (event.kind === 'note') notes.push(event.text);
  };
  await run(out, system, true, { untilDecided: true });
  await run(out, system, false, {}, notify);
  expect(notes).toEqual(['what --until-decided measured is used again']);
  asked();
  const stricter = [{ ...gates[0], min: 0.6 }];
  const { results } = await run(out, system, false, { gates: stricter }, notify);
  expect(asked()).toBe(0);
  expect(results.gates).toMatchObject([{ limit: 0.6 }]);
  expect(notes).toHaveLength(1);
});
