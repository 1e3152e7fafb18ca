import { admit } from '../bytes/confine.js';
import { AssayError } from '../errors.js';
import { checkRules } from '../gate/check-rules.js';
import type { GateRule } from '../gate/rule.js';
import { loadPlugins, sourcesOf } from './asked/plugin-modules.js';
import { catalogueWith } from './asked/run-catalogue.js';
import { type SuiteEntry, suiteEntries, writtenEntry } from './asked/suite-entries.js';
import { type SuiteList, usualSuites } from './asked/suite-file.js';
import type { RunOutcome } from './concluding/outcome.js';
import { baselineAt } from './folder/baseline.js';
import { usualFolder } from './folder/run-folder.js';
import type { Evaluation } from './inventory/inventory.js';
import { type OpenPredictions, openPredicted, type PredictedInputs } from './inventory/predicted-inputs.js';
import { asksUnrecorded } from './inventory/unrecorded.js';
import type { Listener } from './measuring/progress.js';
import { planRun } from './plan/plan.js';
import { runEvaluation } from './run-evaluation.js';
import { FolderStore } from './units/store.js';

/** Files by model. All files are `FILE.npy`, `FILE.npz`, `FILE.npz:ARRAY`, `FILE.csv` or `FILE.csv:COLUMN`. */
export type Predictions = Readonly<Record<string, string>>;

export interface ScoreOptions {
  /** Logits (n, classes) of each model on the test set. The first decides the order of models. */
  logits: Predictions;
  /** (n) class numbers. Without them only OOD detection is measured. */
  labels?: string;
  /** What the test set is called. Default: test. */
  dataset?: string;
  /** Logits of each model on images of other kinds. */
  ood?: readonly { name: string; distance?: 'near' | 'far'; logits: Predictions }[];
  /** What temperatures are fitted on. */
  validation?: { logits: Predictions; labels: string };
  classes?: readonly string[];
  /** The files hold probabilities: their logarithm is used, and log p(x) is not defined. Default: false. */
  probabilities?: boolean;
  /** Title of the report. Default: the names of the models. */
  name?: string;
  /**
   * What is measured: entries as a run file has them, or such a file as read. Default: accuracy, calibration and ood,
   * as far as there are files; of probabilities, OOD scores that need no log p(x).
   */
  suites?: SuiteList['suites'] | SuiteList;
  /** Plug-ins whose parts `suites` name, as modules; where `suites` is a file as read, that names them. */
  plugins?: readonly string[];
  gates?: readonly GateRule[];
  /** The folder of the baseline that gates with `over: blessed` compare with. */
  baseline?: string;
  /** The file that `gates` come from, for messages. */
  gatesFile?: string;
  seed?: number;
  /** The run folder. Default: `assay-runs/NAME`. */
  out?: string;
  /** Where paths start. Default: the working folder. */
  directory?: string;
  signal?: AbortSignal;
  notify?: Listener;
}

const COMMAND = 'assay score';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Measures predictions that lie in files, without a model: the suites, the run folder, the report and the gates are
 * those of `run`. What needs a model is reported as not applicable.
 * Errors: AssayErrors of reading, planning and writing.
 */
export async function score(options: ScoreOptions): Promise<RunOutcome> {
  const { directory = '.', seed = 0, gates = [], probabilities = false } = options;
  const notify = options.notify ?? (() => undefined);
  const models = Object.keys(options.logits);
  const title = options.name ?? models.join(', ');
  const list = suiteList(options);
  checkRules(gates, options.gatesFile ?? COMMAND);
  const plugins = await loadPlugins(list);
  const catalogue = catalogueWith(plugins, list.file);
  const named = await suiteEntries(list.suites, catalogue, list.file);
  const out = options.out ?? usualFolder(title);
  admit(out);
  if (options.baseline !== undefined) admit(options.baseline);
  const inputs: PredictedInputs = {
    models,
    sets: setsOf(options, models),
    ...(options.classes && { classes: options.classes }),
    probabilities,
    directory,
    seed,
  };
  // Nothing is read for an output that cannot be written.
  await FolderStore.open(out);
  notify({ kind: 'stage', text: 'reading predictions' });
  const opened: OpenPredictions = await openPredicted(inputs);
  try {
    const { warnings } = opened;
    const baseline = options.baseline === undefined ? undefined : await baselineAt(options.baseline);
    const evaluation = { ...opened.evaluation, catalogue };
    const entries = withoutModel(named, evaluation);
    const spec = {
      title,
      file: COMMAND,
      directory,
      evaluation,
      entries,
      sources: sourcesOf({ plugins: list.plugins, directory: list.directory, file: list.file }, plugins),
      gates,
      ...(baseline && { baseline }),
      ...(options.gatesFile !== undefined && { gatesFile: options.gatesFile }),
      expectations: [],
      partial: new Set<string>(),
      warnings,
      config: {
        ...(options.name !== undefined && { name: options.name }),
        predictions: {
          logits: options.logits,
          ...(options.labels !== undefined && { labels: options.labels }),
          ...(options.validation && { validation: options.validation }),
          ...(options.ood?.length && { ood: options.ood }),
          probabilities,
        },
        ...(options.classes && { classes: options.classes }),
        plugins: list.plugins,
        suites: entries.map(writtenEntry),
        gates,
        seed,
      },
    };
    const signal = options.signal ?? new AbortController().signal;
    return await runEvaluation(spec, { out, signal, notify });
  } finally {
    await opened.close();
  }
}

/** A list of suites may serve a run with a model as well: what needs one is told, and is no error here. */
const withoutModel = (entries: readonly SuiteEntry[], evaluation: Evaluation): SuiteEntry[] =>
  planRun(entries, evaluation).suites.map(({ entry, requests }) =>
    entry.suite.needs.includes('inputGradient') ||
    requests.some((request) => asksUnrecorded(request, evaluation) !== undefined)
      ? { ...entry, optional: true }
      : entry,
  );

function suiteList(options: ScoreOptions): SuiteList {
  const { labels, ood = [], probabilities = false, directory = '.', plugins = [] } = options;
  const usual = usualSuites({ labelled: labels !== undefined, ood: ood.length > 0, probabilities });
  const suites = options.suites ?? usual;
  return 'file' in suites ? suites : { suites, plugins: [...plugins], file: COMMAND, directory };
}

/** Every set with a file per model. Errors: `config-invalid`. */
function setsOf(
  { logits, labels, dataset = 'test', validation, ood = [] }: ScoreOptions,
  models: readonly string[],
): PredictedInputs['sets'] {
  if (models.length === 0) throw incomplete('there are no logits', 'give `--logits FILE`');
  if (labels === undefined && ood.length === 0)
    throw incomplete(
      'there is nothing to measure',
      'add `--labels FILE` for accuracy and calibration, `--ood NAME=FILE` for OOD detection, or both',
    );
  const sets: PredictedInputs['sets'] = [
    { name: dataset, role: 'test', files: filesOf(logits, models, '--logits'), ...(labels && { labels }) },
    ...(validation
      ? [
          {
            name: 'validation',
            role: 'validation' as const,
            files: filesOf(validation.logits, models, '--validation-logits'),
            labels: validation.labels,
          },
        ]
      : []),
    ...ood.map((set) => ({
      name: set.name,
      role: 'ood' as const,
      ...(set.distance && { distance: set.distance }),
      files: filesOf(set.logits, models, `--ood ${set.name}`),
    })),
  ];
  const names = sets.map(({ name }) => name);
  const odd = [...models, ...names].find((name) => !NAME.test(name));
  if (odd !== undefined)
    throw incomplete(`"${odd}" cannot be a name`, 'use letters, digits, dots, dashes and underscores');
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return sets;
  throw incomplete(`two data sets are called "${twice}"`, 'give every --ood a name of its own');
}

function filesOf(given: Predictions, models: readonly string[], option: string): string[] {
  return models.map((model) => {
    const file = given[model];
    if (file !== undefined) return file;
    throw incomplete(
      `the predictions of "${model}" are missing`,
      'every model needs a file for every data set: they are compared on the same examples',
      option,
    );
  });
}

const incomplete = (message: string, hint: string, path?: string) =>
  new AssayError('config-invalid', message, { file: COMMAND, ...(path && { path }), hint });
