import { openPredictions, type PredictedSet, type PredictionSpec } from '../../data/predictions.js';
import { AssayError, unknownName } from '../../errors.js';
import { logSumExp } from '../../metrics/softmax.js';
import { PredictedSystem } from '../../models/predicted.js';
import { clean } from '../../suites/measurements/clean.js';
import type { Warning } from '../../suites/results.js';
import { type Evaluation, openedEntry, type RecordedRows, type SystemEntry } from './inventory.js';

/** What was predicted, as `score` takes it: a file per model for every set. */
export interface PredictedInputs {
  /** Names of the models, in the order of the files of every set. */
  models: readonly string[];
  sets: readonly Omit<PredictionSpec, 'directory' | 'probabilities'>[];
  /** Class names; default: their numbers. */
  classes?: readonly string[];
  probabilities: boolean;
  directory: string;
  seed: number;
}

/** Opened predictions, and what looks wrong with them. */
export interface OpenPredictions {
  evaluation: Evaluation;
  warnings: Warning[];
  close(): Promise<void>;
}

/**
 * Opens the predictions of every set and makes a system of every model, whose `clean` rows they are.
 * Errors: those of `openPredictions`; `shape-mismatch` when sets or class names do not fit the logits.
 */
export async function openPredicted(inputs: PredictedInputs): Promise<OpenPredictions> {
  const { models, probabilities, directory } = inputs;
  const sets: PredictedSet[] = [];
  const close = async () => {
    for (const set of sets.splice(0)) await set.close();
  };
  try {
    for (const spec of inputs.sets) {
      const set = await openPredictions({ ...spec, probabilities, directory });
      sets.push(set);
      if (set.classes !== sets[0]!.classes) throw otherClasses(set, sets[0]!);
    }
    const classes = classNames(inputs, sets[0]!);
    const systems = models.map((name, position): [string, SystemEntry] => {
      const normalised = sets.every((set) => set.models[position]!.traits.normalised);
      const options = { name, position, models: models.length, classes, probabilities, normalised };
      const system = new PredictedSystem({ ...options, recorded: [clean.name] });
      return [name, { ...openedEntry(system), recorded: cleanRows(system, position, sets) }];
    });
    return {
      evaluation: {
        systems: new Map(systems),
        datasets: new Map(sets.map((set) => [set.info.name, set])),
        seed: inputs.seed,
        engine: 'predictions from files, no network was run',
      },
      warnings: [
        ...models.flatMap((model, position) => modelWarnings(model, position, sets, probabilities)),
        ...twins(models, sets),
      ],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Rows of `clean`: the logits of a model and, where that is its log p(x), their logsumexp. */
const cleanRows =
  ({ info }: PredictedSystem, position: number, sets: readonly PredictedSet[]): RecordedRows =>
  async (dataset, start, end) => {
    const set = sets.find((one) => one.info.name === dataset);
    if (!set)
      throw unknownName(
        'data set',
        dataset,
        sets.map((one) => one.info.name),
      );
    const data = await set.logits(position, start, end);
    const logSum = () => Float32Array.from(logSumExp({ n: end - start, classes: set.classes, data }));
    return { logits: data, ...(info.offers.includes('logPx') && { logPx: logSum() }) };
  };

const otherClasses = (set: PredictedSet, first: PredictedSet) =>
  new AssayError('shape-mismatch', `"${set.info.name}" has another number of classes`, {
    file: set.models[0]!.written,
    expected: `${first.classes} columns, as in ${first.models[0]!.written}`,
    found: `${set.classes}`,
    hint: 'every file must hold the outputs of the same model',
  });

function classNames(
  { classes }: PredictedInputs,
  { classes: count, models }: PredictedSet,
): readonly string[] {
  if (!classes) return Array.from({ length: count }, (_, k) => String(k));
  if (classes.length === count) return classes;
  throw new AssayError('shape-mismatch', 'there is not one class name per column of the logits', {
    path: '--classes',
    expected: `${count} names, as many as ${models[0]!.written} has columns`,
    found: `${classes.length}: ${classes.slice(0, 8).join(', ')}${classes.length > 8 ? ', ...' : ''}`,
    hint: 'name every class once, in the order of the columns',
  });
}

/** What is odd about the numbers of one model. */
function modelWarnings(
  model: string,
  position: number,
  sets: readonly PredictedSet[],
  probabilities: boolean,
): Warning[] {
  const warnings: Warning[] = [];
  const traits = sets.map((set) => ({ set, ...set.models[position]!.traits }));
  if (!probabilities && traits.every(({ unitInterval }) => unitInterval))
    warnings.push({
      code: 'logits-in-unit-interval',
      severity: 'serious',
      model,
      message: `all logits of "${model}" lie in [0, 1], and their rows do not sum to 1`,
      why: 'they look like sigmoid outputs or rounded scores; taken as logits, every confidence is close to that of a guess',
      fix: 'save the numbers before the softmax, or normalised probabilities with `--probabilities`',
    });
  const vanishing = traits.reduce((sum, { vanishing }) => sum + vanishing, 0);
  if (vanishing > 0)
    warnings.push({
      code: 'probabilities-vanish',
      severity: 'note',
      model,
      message: `${vanishing} probabilities of "${model}" are 0, and were taken for 1e-37`,
      why: 'the NLL of an example whose label has probability 0 is 85.2 nats by that choice, and infinite otherwise',
      fix: 'save logits, or log-probabilities in float32',
    });
  return warnings;
}

/** Files that hold the same logits where others were meant. */
function twins(models: readonly string[], sets: readonly PredictedSet[]): Warning[] {
  const test = sets.find(({ info }) => info.role === 'test');
  if (!test) return [];
  const copies = models.flatMap((model, m) => {
    const twin = test.models.findIndex(({ hash }) => hash === test.models[m]!.hash);
    return twin === m ? [] : [{ model, twin: models[twin] }];
  });
  // Sets that are equal altogether are told by `inventoryWarnings`.
  const same = sets.filter(
    ({ info, models }) =>
      info.fingerprint !== test.info.fingerprint &&
      models.some(({ hash }, m) => hash === test.models[m]!.hash),
  );
  return [
    ...copies.map(
      ({ model, twin }): Warning => ({
        code: 'same-predictions',
        severity: 'serious',
        model,
        message: `"${model}" and "${twin}" predicted the same on "${test.info.name}", to the last digit`,
        fix: 'check that the right files are named',
      }),
    ),
    ...same.map(
      ({ info }): Warning => ({
        code: 'predictions-in-two-roles',
        severity: 'serious',
        dataset: info.name,
        message: `"${info.name}" (${info.role}) holds the same logits as "${test.info.name}" (test)`,
        why: 'what is fitted on the examples it is judged by looks better than it is; a data set cannot be distinguished from itself',
        fix: 'check that the right files are named',
      }),
    ),
  ];
}
