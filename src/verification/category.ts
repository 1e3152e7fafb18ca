import { basename, dirname, join, resolve } from 'node:path';
import { makeFolder, writeDurably } from '../bytes/durable.js';
import { cellText } from '../csv-cell.js';
import { AssayError } from '../errors.js';
import { Bench, type BenchOptions, type Found } from './bench.js';
import { namedBy } from './counterexample.js';
import { readInflated } from './files.js';
import type { Instance } from './instances.js';
import { digestOf, KEPT_IN, type Kept, KeptResults } from './kept.js';
import { digestOfNetwork } from './network.js';
import type { Witness } from './verify.js';
import { witnessText } from './witness.js';

/** What came out of an instance. */
export interface Outcome {
  onnx: string;
  vnnlib: string;
  result: Kept['result'] | 'error';
  /** Reading property and network; seconds. */
  prepareTime: number;
  /** Attack and proofs; seconds. */
  runTime: number;
  /** What found or proved it. */
  by?: string;
  /** Why it is not known. */
  why?: string;
  /** Where the counterexample was written. */
  witness?: string;
  /** It was run by an earlier command, whose result was kept. */
  earlier?: true;
  error?: AssayError;
}

export interface CategoryOptions extends BenchOptions {
  /** What results name it. */
  category: string;
  /** A folder; made where it is missing. */
  out: string;
  notify(event: { instance: Instance; at: number; of: number; stage: string }): void;
  done(outcome: Outcome): void;
  /** How many were run before, if any; before the others are run. */
  resumed(count: number): void;
  /** Of what was found damaged. */
  tell(text: string): void;
}

/**
 * Verifies instances one after the other. `results.csv` in the folder has a line for each that is done, as the competition's:
 * category, network, property, seconds to prepare, result, seconds; counterexamples lie beside it. What came out of an instance is
 * kept in `instances/`, and is not run again as long as the network, the property, the options and the program are the same, and it
 * would come out in the seconds there are.
 * Errors: `interrupted`; `output-unwritable`; `file-unreadable` of a kept result. What is wrong with an instance is its outcome.
 */
export async function verifyCategory(
  instances: readonly Instance[],
  options: CategoryOptions,
): Promise<Outcome[]> {
  const { category, out, signal, notify, done, resumed } = options;
  const kept = await writing(join(out, KEPT_IN), () => KeptResults.open(resolve(out), options.tell));
  const outcomes = await earlierOutcomes(instances, kept, options);
  // Made once: the file is written after every instance.
  const lines = outcomes.map((outcome) => (outcome ? resultLine(category, outcome) : ''));
  const writeLines = () => write(out, 'results.csv', lines.join(''));
  const earlier = outcomes.filter((outcome) => outcome !== undefined).length;
  if (earlier > 0) {
    await writeLines();
    resumed(earlier);
  }
  const bench = new Bench(options);
  try {
    for (const [at, instance] of instances.entries()) {
      signal.throwIfAborted();
      if (outcomes[at]) continue;
      const found = await bench.run(instance, (stage) =>
        notify({ instance, at, of: instances.length, stage }),
      );
      const outcome = await told(out, instance, at, found);
      outcomes[at] = outcome;
      if (found.result !== 'error') {
        const { decided, ...result } = found;
        await writing(out, () => kept.keep(decided, result));
      }
      lines[at] = resultLine(category, outcome);
      await writeLines();
      done(outcome);
    }
  } finally {
    await bench.close();
  }
  return outcomes.filter((outcome) => outcome !== undefined);
}

/** What earlier commands left of instances, in their order; undefined for the others. */
async function earlierOutcomes(
  instances: readonly Instance[],
  kept: KeptResults,
  { out, method, seed, steps, restarts, signal, notify }: CategoryOptions,
): Promise<(Outcome | undefined)[]> {
  const outcomes = new Array<Outcome | undefined>(instances.length).fill(undefined);
  if (!kept.any) return outcomes;
  const networks = new Map<string, Promise<string>>();
  for (const [at, instance] of instances.entries()) {
    signal.throwIfAborted();
    notify({ instance, at, of: instances.length, stage: 'looking for a kept result of' });
    const { network: file, property, seconds } = instance;
    const network = networks.get(file) ?? digestOfNetwork(file);
    networks.set(file, network);
    const files = await Promise.all([network, digestOfProperty(property)]).catch(unlessUnreadable);
    if (!files) continue;
    const decided = { network: files[0], property: files[1], seconds, method, seed, steps, restarts };
    const found = await kept.find(decided);
    if (found) outcomes[at] = { ...(await told(out, instance, at, found)), earlier: true };
  }
  return outcomes;
}

const digestOfProperty = async (path: string) => digestOf((await readInflated(path, 'vnnlib')).bytes);

/** What is wrong with files of an instance is said when it is run. */
function unlessUnreadable(error: unknown): undefined {
  if (!(error instanceof AssayError)) throw error;
}

/** The outcome of an instance, its counterexample written. */
async function told(out: string, instance: Instance, at: number, found: Kept | Found): Promise<Outcome> {
  const { onnx, vnnlib } = instance;
  const { result, prepareTime, runTime, why } = found;
  const about = { onnx, vnnlib, result, prepareTime, runTime, ...(why !== undefined && { why }) };
  if (found.result === 'error') return { ...about, error: found.error };
  const { by, witness } = found;
  return {
    ...about,
    ...(by !== undefined && { by }),
    ...(witness && { witness: await saved(out, instance, at, witness) }),
  };
}

/** As the competition's scripts write it. The file has no header. */
const resultLine = (category: string, { onnx, vnnlib, prepareTime, result, runTime }: Outcome): string =>
  `${[category, onnx, vnnlib, prepareTime.toFixed(3), result, runTime.toFixed(3)].map(quoted).join(',')}\n`;

const quoted = (text: string): string => {
  const cell = cellText(text);
  return /[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
};

async function saved(out: string, { onnx, vnnlib }: Instance, at: number, witness: Witness): Promise<string> {
  const name = `${String(at).padStart(4, '0')}_${namedBy(onnx)}_${namedBy(vnnlib)}.counterexample`;
  await write(out, name, witnessText(witness));
  return join(out, name);
}

async function write(out: string, name: string, content: string | Iterable<string>): Promise<void> {
  await writing(join(out, name), async () => {
    await makeFolder(resolve(out));
    await writeDurably(join(out, name), content);
  });
}

/** Errors: `output-unwritable`. */
async function writing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    throw new AssayError('output-unwritable', 'results cannot be written', {
      file,
      found: (cause as Error).message,
      hint: 'check the folder and its permissions, or name another with --out; then run the same command again: what is done is kept',
      cause,
    });
  }
}

/** The name of the folder that a list of instances lies in. */
export const categoryOf = (file: string): string => basename(dirname(resolve(file)));
