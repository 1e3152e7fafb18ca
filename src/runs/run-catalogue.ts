import { builtinSuites } from '../../suites/index.js';
import { AssayError } from '../errors.js';
import { Registry } from '../registry.js';
import { builtinCatalogue, type Catalogue, withRows } from '../suites/catalogue.js';
import type { Measurement, Suite } from '../suites/contract.js';
import { builtinMeasurements } from '../suites/measurements/registry.js';
import { KINDS, type PluginParts } from '../suites/plugin.js';

/** Everything that a run can name. A value: every run makes its own. */
export interface RunCatalogue extends Catalogue {
  suites: Registry<Suite>;
  measurements: Registry<Measurement>;
  /** Names and versions of the plug-ins that may decide what a unit comes to: part of its key. */
  versions: readonly (readonly [string, number])[];
}

/** What comes with Assay. */
export const builtinRunCatalogue: RunCatalogue = {
  ...builtinCatalogue,
  suites: Registry.of<Suite>('suite', builtinSuites),
  measurements: Registry.of<Measurement>('measurement', builtinMeasurements),
  versions: [],
};

/**
 * What comes with Assay, and what plug-ins add. Errors: `config-invalid` when two parts of a kind have the same name,
 * naming both places and the file that names the plug-ins.
 */
export function catalogueWith(plugins: readonly NamedParts[], file: string): RunCatalogue {
  try {
    return plugins.reduce(
      (catalogue, plugin) => ({
        ...withRows(catalogue, plugin, plugin.name),
        suites: catalogue.suites.with(plugin.suites ?? [], plugin.name),
        measurements: catalogue.measurements.with(plugin.measurements ?? [], plugin.name),
        versions: [
          ...catalogue.versions,
          ...(decides(plugin) ? [[plugin.name, plugin.version] as const] : []),
        ],
      }),
      builtinRunCatalogue,
    );
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

/** Suites decide no unit, and measurements have versions of their own. */
const decides = (plugin: NamedParts): boolean =>
  Object.keys(KINDS).some((kind) => !['suites', 'measurements'].includes(kind) && kind in plugin);
