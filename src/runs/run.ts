import { join } from 'node:path';
import { admit } from '../bytes/confine.js';
import type { Limits } from '../engines/guard/limits.js';
import { createEngine } from '../engines/registry.js';
import { slug } from '../report/names.js';
import type { Suite } from '../suites/contract.js';
import { Descriptions } from './descriptions.js';
import { endingCalls } from './end-calls.js';
import { openInputs } from './open-inputs.js';
import { loadPlugins } from './plugin-modules.js';
import type { Listener } from './progress.js';
import { catalogueWith } from './run-catalogue.js';
import { type RunOutcome, runEvaluation } from './run-evaluation.js';
import { readRunFile } from './run-file.js';
import { runLimits } from './run-limits.js';
import { UnitStore } from './store.js';
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
  /** Ends the run; what is measured is kept, and the results are partial. */
  /** The folder of the baseline that gates with `over: blessed` compare with. */
  baseline?: string;
  signal?: AbortSignal;
  notify?: Listener;
}

/**
 * Runs a run file. Running it again continues where it stopped and measures only what is missing.
 * Errors: AssayErrors of reading, opening, planning and writing; whatever was measured is kept.
 */
export async function run(file: string, options: RunOptions = {}): Promise<RunOutcome> {
  const notify = options.notify ?? (() => undefined);
  const signal = options.signal ?? new AbortController().signal;
  const read = await readRunFile(file);
  const { config, directory, title } = read;
  const sources = { plugins: config.plugins, directory, file };
  const plugins = await loadPlugins(sources);
  const given = options.suites ?? [];
  const catalogue = catalogueWith(
    [{ name: 'suites given to run()', version: 1, suites: given }, ...plugins],
    file,
  );
  const entries = suiteEntries(config.suites, catalogue, file);
  const out = options.out ?? join('assay-runs', slug(title));
  admit(out);
  if (options.baseline !== undefined) admit(options.baseline);
  const limits = runLimits(read, options.limits);
  // Nothing is loaded for an output that cannot be written.
  await UnitStore.open(out);
  notify({ kind: 'stage', text: 'opening models and data' });
  const { engine: name, threads, sessions, device } = options;
  const engine = await createEngine(name, { threads, sessions, device, limits });
  return endingCalls(engine, signal, async () => {
    const seed = options.seed ?? config.seed;
    // What a plug-in's own files say today is not known, so what it described is not taken over.
    const descriptions = catalogue.versions.length === 0 ? new Descriptions(out) : undefined;
    const inputs = await openInputs(read, engine, {
      limit: options.limit,
      seed,
      catalogue,
      ...(descriptions && { descriptions }),
      notify,
    });
    try {
      const spec = {
        ...inputs,
        title,
        file,
        source: { file, digest: read.digest },
        directory,
        entries,
        ...(given.length === 0 && { sources }),
        gates: config.gates,
        ...(options.baseline !== undefined && { baseline: options.baseline }),
        config: {
          ...(config.name !== undefined && { name: config.name }),
          ...inputs.config,
          plugins: config.plugins,
          suites: entries.map(writtenEntry),
          gates: config.gates,
          seed,
          ...(options.limit !== undefined && { limit: options.limit }),
        },
      };
      return await runEvaluation(spec, { out, signal, notify });
    } finally {
      await inputs.close();
    }
  });
}
