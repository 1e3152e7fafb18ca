import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { check } from '../../config/validate.js';
import { AssayError } from '../../errors.js';
import { refuseNone } from '../../gate/check-rules.js';
import { type GateRule, GateRules } from '../../gate/rule.js';
import type { Results } from '../../suites/results.js';

/** A run folder and what is in it. */
export interface JudgedRun {
  directory: string;
  results: Results;
}

/** Errors: `config-invalid` where one run would count as two. */
export function refuseTwice(runs: readonly JudgedRun[]): void {
  runs.forEach(({ directory, results: { key } }, i) => {
    const other = runs.findIndex(({ results }) => results.key === key);
    if (other === i || key === undefined) return;
    throw new AssayError('config-invalid', 'two of these folders hold the same run', {
      file: directory,
      expected: `another run than that of ${runs[other]!.directory}: other checkpoints, or another seed`,
      found: `key ${key.slice(0, 12)} in both`,
      hint: 'name every run once: the same one twice is no second seed',
    });
  });
}

interface Gated {
  directory: string;
  gates: GateRule[];
}

/** The gates of the run file that made the results, the same for all. */
export function commonRules(runs: readonly JudgedRun[]): GateRule[] {
  const [first, ...others] = runs.map(({ directory, results }) => ({
    directory,
    gates: rulesOf(results.config, directory),
  })) as [Gated, ...Gated[]];
  const odd = others.find(({ gates }) => !isDeepStrictEqual(gates, first.gates));
  if (!odd) return first.gates;
  throw new AssayError('config-invalid', 'these runs have different gates', {
    file: join(odd.directory, 'results.json'),
    path: 'config.gates',
    expected: `those of ${first.directory}`,
    hint: 'say which ones count: `--gates FILE`',
  });
}

function rulesOf(config: unknown, directory: string): GateRule[] {
  const file = join(directory, 'results.json');
  const { gates } = check(GateRules, config, { file, what: 'configuration of the run' });
  refuseNone(gates, file);
  return gates;
}
