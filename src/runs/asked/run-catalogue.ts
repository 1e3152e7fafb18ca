import { builtinSuites } from '../../../suites/index.js';
import { AssayError } from '../../errors.js';
import { exporters } from '../../exporters/registry.js';
import { Registry } from '../../registry.js';
import { renderers } from '../../report/renderers.js';
import { builtinCatalogue, type Catalogue, withRows } from '../../suites/catalogue.js';
import type { ListedSuite, Measurement } from '../../suites/contract.js';
import { type Derivations, generators, transformsOf } from '../../suites/derived/registry.js';
import type { Exporter } from '../../suites/exporter.js';
import { builtinMeasurements } from '../../suites/measurements/registry.js';
import { KINDS, type PluginParts } from '../../suites/plugin.js';
import type { Renderer } from '../../suites/renderer.js';

/** Everything that a run can name. A value: every run makes its own. */
export interface RunCatalogue extends Catalogue, Derivations {
  suites: Registry<ListedSuite>;
  measurements: Registry<Measurement>;
  renderers: Registry<Renderer>;
  exporters: Registry<Exporter>;
  /** Names and versions of the plug-ins that may decide what a unit comes to: part of its key. */
  versions: readonly (readonly [string, number])[];
}

function assembled(plugins: readonly NamedParts[]): RunCatalogue {
  const added = <T>(registry: Registry<T>, rowsOf: (plugin: NamedParts) => readonly T[] | undefined) =>
    plugins.reduce((all, plugin) => all.with(rowsOf(plugin) ?? [], plugin.name), registry);
  const catalogue = plugins.reduce((all, plugin) => withRows(all, plugin, plugin.name), builtinCatalogue);
  return {
    ...catalogue,
    suites: added(suites, (plugin) =>
      plugin.suites?.map((suite) => ({ name: suite.name, load: async () => suite })),
    ),
    measurements: added(measurements, (plugin) => plugin.measurements),
    transforms: added(transformsOf(catalogue), (plugin) => plugin.transforms),
    generators: added(generators, (plugin) => plugin.generators),
    renderers: added(renderers, (plugin) => plugin.renderers),
    exporters: added(exporters, (plugin) => plugin.exporters),
    versions: plugins.filter(decides).map(({ name, version }) => [name, version]),
  };
}

/**
 * What comes with Assay, and what plug-ins add. Errors: `config-invalid` when two parts of a kind have the same name,
 * naming both places and the file that names the plug-ins.
 */
export function catalogueWith(plugins: readonly NamedParts[], file: string): RunCatalogue {
  try {
    return assembled(plugins);
  } catch (error) {
    if (!(error instanceof AssayError) || error.details.file) throw error;
    throw new AssayError(error.code, error.message, { ...error.details, file });
  }
}

/** Parts of one origin. */
export interface NamedParts extends PluginParts {
  name: string;
  version: number;
}

/** Whether something of it decides what a unit comes to. */
const decides = (plugin: NamedParts): boolean =>
  Object.entries(KINDS).some(([kind, { undecisive }]) => !undecisive && kind in plugin);

const suites = Registry.of<ListedSuite>('suite', builtinSuites);
const measurements = Registry.of<Measurement>('measurement', builtinMeasurements);

/** What comes with Assay. */
export const builtinRunCatalogue: RunCatalogue = assembled([]);
