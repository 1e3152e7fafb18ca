import { dirname, resolve } from 'node:path';
import { readConfigFile } from '../../config/read-file.js';
import { type Static, Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import { RunFile } from './run-file.js';

/** Whatever lists suites, such as a run file. Other keys are left alone. */
const SuiteFile = Type.Object(
  { suites: RunFile.properties.suites, plugins: RunFile.properties.plugins },
  { additionalProperties: true },
);

/** Suites with their options, and where the list stands. */
export interface SuiteList extends Static<typeof SuiteFile> {
  file: string;
  /** Where paths of plugins start. */
  directory: string;
}

/** Reads the suites of a file, which may be a run file. Errors: `file-unreadable`, `config-invalid`. */
export async function readSuiteFile(file: string): Promise<SuiteList> {
  const { suites, plugins } = check(SuiteFile, await readConfigFile(file), { file, what: 'file of suites' });
  return { suites, plugins, file, directory: dirname(resolve(file)) };
}

/** What decides which suites saved predictions are enough for, and options that are often set. */
export interface UsualChoice {
  labelled: boolean;
  ood: boolean;
  probabilities: boolean;
  bins?: number | undefined;
  topK?: readonly number[] | undefined;
  scores?: readonly string[] | undefined;
  recalibrators?: readonly string[] | undefined;
}

/** Scores that say something of probabilities, which know no log p(x). The first is the headline. */
const OF_PROBABILITIES = ['max-softmax', 'entropy', 'margin'];

/** The suites that saved predictions are enough for. */
export function usualSuites(choice: UsualChoice): Record<string, object>[] {
  const { labelled, ood, probabilities, bins, topK, recalibrators } = choice;
  const scores = choice.scores ?? (probabilities ? OF_PROBABILITIES : undefined);
  return [
    ...(labelled
      ? [
          { accuracy: topK ? { topK } : {} },
          { calibration: { ...(bins && { bins }), ...(recalibrators && { recalibrators }) } },
        ]
      : []),
    ...(ood ? [{ ood: scores ? { scores } : {} }] : []),
  ];
}
