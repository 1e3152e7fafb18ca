import { admit } from '../bytes/confine.js';
import { gatherEvidence } from '../bytes/evidence.js';
import { emptyLog, logReads } from '../bytes/read-log.js';
import type { Limits } from '../engines/guard/limits.js';
import { createEngine } from '../engines/registry.js';
import { AssayError } from '../errors.js';
import type { Suite } from '../suites/contract.js';
import { baselineAt } from './baseline.js';
import { Descriptions } from './descriptions.js';
import { endingCalls } from './end-calls.js';
import type { Question } from './finished.js';
import { openInputs } from './open-inputs.js';
import type { RunOutcome } from './outcome.js';
import { loadPlugins } from './plugin-modules.js';
import type { Listener } from './progress.js';
import { catalogueWith } from './run-catalogue.js';
import { runEvaluation } from './run-evaluation.js';
import { readRunFile } from './run-file.js';
import { usualFolder } from './run-folder.js';
import { runLimits } from './run-limits.js';
import { FolderStore } from './store.js';
import { suiteEntries, writtenEntry } from './suite-entries.js';

export interface RunOptions {
  /** The run folder. Default: `assay-runs/NAME` in the working folder. */
  out?: string;
  /** Only the first so many examples of every data set. */
  limit?: number;
  /** Instead of the run file's. */
  seed?: number;
  /** Default: ort. */
  engine?: string;
  /** Threads of a session, and sessions side by side. */
  threads?: number;
  sessions?: number;
  /** Where the engine computes. Default: its best. */
  device?: string;
  /**
   * What a call may take while a network is tried, and in all calls of one whose sizes or loops depend on the pixels.
   * Default: what the run file says.
   */
  limits?: Partial<Limits>;
  /** Suites besides the built-in ones and the run file's plugins. */
  suites?: readonly Suite[];
  /** The folder of the baseline that gates with `over: blessed` compare with. */
  baseline?: string;
  /** Measures only what gates rest on, and only until they are decided. */
  untilDecided?: boolean;
  /** Ends the run; what is measured is kept, and the results are partial. */
  signal?: AbortSignal;
  notify?: Listener;
}

/**
 * A run that looks for itself what there is to do, and at its end what it read to find that out.
 * @param asked what it is noted under; undefined where the same words may mean something else
 */
export async function runAnew(file: string, options: RunOptions, asked?: string): Promise<RunOutcome> {
  const notify = options.notify ?? (() => undefined);
  const signal = options.signal ?? new AbortController().signal;
  const log = emptyLog();
  const read = await logReads(log, () => readRunFile(file));
  const { config, directory, title } = read;
  if (options.untilDecided && config.gates.length === 0) throw nothingToDecide(file);
  const sources = { plugins: config.plugins, directory, file };
  const plugins = await loadPlugins(sources);
  const given = options.suites ?? [];
  const catalogue = catalogueWith(
    [{ name: 'suites given to run()', version: 1, suites: given }, ...plugins],
    file,
  );
  const entries = suiteEntries(config.suites, catalogue, file);
  const out = options.out ?? usualFolder(title);
  admit(out);
  if (options.baseline !== undefined) admit(options.baseline);
  const limits = runLimits(read, options.limits);
  // Nothing is loaded for an output that cannot be written.
  await FolderStore.open(out);
  notify({ kind: 'stage', text: 'opening models and data' });
  const { engine: name, threads, sessions, device } = options;
  const engine = await createEngine(name, { threads, sessions, device, limits });
  return endingCalls(engine, signal, async () => {
    const seed = options.seed ?? config.seed;
    // What a plug-in's own files say today is not known, so what it described is not taken over.
    const descriptions = catalogue.versions.length === 0 ? new Descriptions(out) : undefined;
    const inputs = await logReads(log, () =>
      openInputs(read, engine, {
        limit: options.limit,
        seed,
        catalogue,
        ...(descriptions && { descriptions }),
        notify,
      }),
    );
    try {
      const { baseline: blessed } = options;
      const baseline = blessed === undefined ? undefined : await logReads(log, () => baselineAt(blessed));
      const question = async (): Promise<Question | undefined> => {
        const read = await gatherEvidence(log);
        return asked !== undefined && read ? { asked, engine: inputs.evaluation.engine, read } : undefined;
      };
      const spec = {
        ...inputs,
        title,
        file,
        source: { file, digest: read.digest },
        directory,
        entries,
        ...(given.length === 0 && { sources }),
        gates: config.gates,
        ...(baseline && { baseline }),
        ...(options.untilDecided && { untilDecided: true }),
        question,
        config: {
          ...(config.name !== undefined && { name: config.name }),
          ...inputs.config,
          plugins: config.plugins,
          suites: entries.map(writtenEntry),
          gates: config.gates,
          seed,
          ...(options.limit !== undefined && { limit: options.limit }),
          ...(options.untilDecided && { untilDecided: true }),
        },
      };
      return await runEvaluation(spec, { out, signal, notify });
    } finally {
      await inputs.close();
    }
  });
}

const nothingToDecide = (file: string) =>
  new AssayError('config-invalid', '--until-decided measures until gates are decided, and there are none', {
    file,
    path: 'gates',
    expected: 'at least one rule, such as { measure: accuracy, where: { model: NAME }, min: 0.9 }',
    hint: 'add `gates` to the run file, or leave --until-decided out: everything is measured then',
  });
