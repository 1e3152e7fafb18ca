import type { Engine } from '../../engines/engine.js';
import type { Limits } from '../../engines/guard/limits.js';
import { createEngine, type EngineOptions } from '../../engines/registry.js';
import type { Suite } from '../../suites/contract.js';
import { loadPlugins, type PluginSources, sourcesOf } from '../asked/plugin-modules.js';
import { catalogueWith, type RunCatalogue } from '../asked/run-catalogue.js';
import { type ReadRun, readRunFile } from '../asked/run-file.js';
import { runLimits } from '../asked/run-limits.js';
import { type SuiteEntry, suiteEntries, writtenEntry } from '../asked/suite-entries.js';
import type { WorkOptions } from '../asked/work-options.js';
import { Descriptions } from '../inventory/descriptions.js';
import type { Listener } from '../measuring/progress.js';
import { openInputs } from './open-inputs.js';
import type { RunSpec } from './run-spec.js';

/** A run file with the code that it names; models and data are not looked at yet. */
export interface LoadedRun {
  read: ReadRun;
  /** Of its plug-ins. */
  sources: PluginSources;
  /** Suites that were given as objects. */
  given: readonly Suite[];
  catalogue: RunCatalogue;
  entries: readonly SuiteEntry[];
  limits: Partial<Limits>;
}

/** Errors: those of run files and plug-ins; `unknown-name` and `config-invalid` for suites. */
export async function loadRun(
  file: string,
  {
    limits,
    suites: given = [],
  }: { limits?: Partial<Limits> | undefined; suites?: readonly Suite[] | undefined } = {},
): Promise<LoadedRun> {
  const read = await readRunFile(file);
  const { config, directory } = read;
  const named = { plugins: config.plugins, directory, file };
  const plugins = await loadPlugins(named);
  const sources = sourcesOf(named, plugins);
  const catalogue = catalogueWith(
    [{ name: 'suites given to run()', version: 1, suites: given }, ...plugins],
    file,
  );
  const entries = await suiteEntries(config.suites, catalogue, file);
  return { read, sources, given, catalogue, entries, limits: runLimits(read, limits) };
}

/** The engine that a run asks for. Errors: as `createEngine`. */
export function engineOf(
  { limits }: LoadedRun,
  {
    engine,
    threads,
    sessions,
    device,
    processes,
    notify,
  }: EngineOptions & { engine?: string; notify?: Listener },
): Promise<Engine> {
  const told = new Set<string>();
  const notice = (text: string) => {
    if (!told.has(text)) notify?.({ kind: 'note', text });
    told.add(text);
  };
  return createEngine(engine, { threads, sessions, device, limits, processes, notice });
}

/** A run whose models and data are described, and opened where they had to be. */
export interface OpenedRun {
  spec: RunSpec;
  close(): Promise<void>;
}

/**
 * Whoever opens the same file with the same options comes to the same spec, and so to the same units.
 * @param out the run folder, which keeps descriptions
 * Errors: as `openInputs`.
 */
export async function openRun(
  { read, sources, given, catalogue, entries }: LoadedRun,
  engine: Engine,
  { out, notify, signal, ...options }: WorkOptions & { out: string; notify?: Listener; signal?: AbortSignal },
): Promise<OpenedRun> {
  const { config, directory, title, file } = read;
  const { limit, untilDecided, seed = config.seed } = options;
  // What a plug-in's own files say today is not known, so what it described is not taken over.
  const descriptions = catalogue.versions.length === 0 ? new Descriptions(out) : undefined;
  const { close, ...inputs } = await openInputs(read, engine, {
    seed,
    catalogue,
    ...(limit !== undefined && { limit }),
    ...(descriptions && { descriptions }),
    ...(notify && { notify }),
    signal,
  });
  const spec = {
    ...inputs,
    title,
    file,
    source: { file, digest: read.digest },
    directory,
    entries,
    ...(given.length === 0 && { sources }),
    gates: config.gates,
    ...(untilDecided && { untilDecided: true }),
    config: {
      ...(config.name !== undefined && { name: config.name }),
      ...inputs.config,
      plugins: config.plugins,
      suites: entries.map(writtenEntry),
      gates: config.gates,
      seed,
      ...(limit !== undefined && { limit }),
      ...(untilDecided && { untilDecided: true }),
    },
  };
  return { spec, close };
}
