import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SuiteEntry } from '../../src/runs/asked/suite-entries.js';
import type { RunOutcome } from '../../src/runs/concluding/outcome.js';
import { SEAL } from '../../src/runs/folder/outputs.js';
import { runEvaluation } from '../../src/runs/run-evaluation.js';
import type { Results } from '../../src/suites/results.js';
import { entryOf, evaluationOf, meanSuite, noisyLogits, plus, points } from './small-run.js';

const measurement = noisyLogits({ measured: [] });
/** Two units. */
export const small: SuiteEntry[] = [entryOf(meanSuite(measurement))];
/** One suite and two units more. */
export const larger: SuiteEntry[] = [...small, entryOf(meanSuite(measurement, 'twice'), { scale: 2 })];

/** @param finished told the key of every unit that is measured and stored */
export function start(
  out: string,
  entries: SuiteEntry[],
  finished: (unit: string) => void = () => undefined,
): Promise<RunOutcome> {
  return runEvaluation(
    {
      title: 'small',
      file: 'small.run.yaml',
      directory: out,
      config: {},
      evaluation: evaluationOf([plus], [points(6)]),
      entries,
      gates: [],
      expectations: [],
      partial: new Set(),
      warnings: [],
    },
    {
      out,
      signal: new AbortController().signal,
      notify: (event) => {
        if (event.kind === 'unit-finished') finished(event.unit.key);
      },
    },
  );
}

/** results.json without its times. */
export function saved(out: string) {
  const { created: _, seconds: __, ...rest }: Results = JSON.parse(readFileSync(join(out, SEAL), 'utf8'));
  return { ...rest, costs: rest.costs.map((cost) => ({ ...cost, seconds: 0 })) };
}
