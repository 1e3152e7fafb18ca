import type { Generator } from '../data/derived/derivation.js';
import { AssayError, didYouMean, type ErrorDetails } from '../errors.js';
import type { CatalogueRows } from './catalogue.js';
import type { Measurement, Suite } from './contract.js';
import type { Transform } from './derived/registry.js';
import type { Exporter } from './exporter.js';
import type { Renderer } from './renderer.js';

/** The contract that plug-ins are written for; one of another is refused. */
const CONTRACT = 1;

/** What a plug-in brings: parts by kind, each like those that come with Assay. */
export interface PluginParts extends CatalogueRows {
  // biome-ignore lint/suspicious/noExplicitAny: options are of every suite its own
  readonly suites?: readonly Suite<any>[];
  // biome-ignore lint/suspicious/noExplicitAny: so are parameters and rows
  readonly measurements?: readonly Measurement<any>[];
  readonly transforms?: readonly Transform[];
  readonly generators?: readonly Generator[];
  readonly renderers?: readonly Renderer[];
  readonly exporters?: readonly Exporter[];
}

export interface PluginDefinition extends PluginParts {
  /** kebab-case: what messages and listings call it. */
  name: string;
  /**
   * From 1; raise it when an outcome of its attacks, scores or other parts changes: what was measured with an older one
   * is then measured anew. (Measurements have versions of their own.)
   */
  version?: number;
}

/** A plug-in as a module exports it. */
export interface Plugin extends PluginDefinition {
  readonly contract: number;
  version: number;
}

/** `schema`: a TypeBox schema, or a function that makes one. */
type FieldType = 'string' | 'number' | 'boolean' | 'function' | 'object' | 'array' | 'schema';

/** Fields of what makes the images of a data set, from others or from nothing. */
const MAKING = {
  name: 'string',
  version: 'number',
  kind: 'string',
  title: 'string',
  source: 'string',
  options: 'object',
  describe: 'function',
} as const satisfies Record<string, FieldType>;

interface Kind {
  /** What messages call one. */
  one: string;
  /** Fields that one must have. */
  fields: Readonly<Record<string, FieldType>>;
  /** It decides nothing about the rows of a unit, or has a version of its own that is in the key of units. */
  undecisive?: true;
}

/** Every kind of part. */
export const KINDS: Readonly<Record<keyof PluginParts, Kind>> = {
  suites: {
    one: 'suite',
    undecisive: true,
    fields: {
      name: 'string',
      title: 'string',
      description: 'string',
      options: 'schema',
      needs: 'array',
      plan: 'function',
      summarise: 'function',
    },
  },
  measurements: {
    one: 'measurement',
    undecisive: true,
    fields: {
      name: 'string',
      version: 'number',
      needs: 'array',
      unitSize: 'number',
      columns: 'function',
      measure: 'function',
    },
  },
  attacks: {
    one: 'attack',
    fields: {
      name: 'string',
      title: 'string',
      source: 'string',
      options: 'object',
      label: 'function',
      random: 'function',
      run: 'function',
      cost: 'function',
    },
  },
  losses: {
    one: 'loss',
    fields: {
      name: 'string',
      aims: 'array',
      needs: 'array',
      classes: 'number',
      direction: 'number',
      value: 'function',
      emit: 'function',
    },
  },
  scores: {
    one: 'OOD score',
    fields: {
      id: 'string',
      title: 'string',
      label: 'string',
      source: 'string',
      needs: 'array',
      compute: 'function',
      rounding: 'function',
    },
  },
  norms: {
    one: 'norm',
    fields: {
      name: 'string',
      epsilons: 'array',
      randomStart: 'function',
      surfaceStart: 'function',
      ascend: 'function',
      project: 'function',
      distance: 'function',
    },
  },
  defences: {
    one: 'defence',
    fields: {
      name: 'string',
      title: 'string',
      source: 'string',
      options: 'object',
      models: 'function',
      describe: 'function',
      wrap: 'function',
    },
  },
  dataFormats: {
    one: 'data format',
    fields: { name: 'string', title: 'string', recognises: 'function', open: 'function' },
  },
  corruptions: {
    one: 'corruption',
    fields: {
      name: 'string',
      title: 'string',
      category: 'string',
      source: 'string',
      version: 'number',
      channels: 'string',
      severities: 'object',
      apply: 'function',
    },
  },
  checkpointFormats: {
    one: 'checkpoint format',
    fields: {
      name: 'string',
      title: 'string',
      recognises: 'function',
      extensions: 'array',
      read: 'function',
    },
  },
  architectures: {
    one: 'architecture',
    fields: {
      name: 'string',
      title: 'string',
      options: 'object',
      recognise: 'function',
      build: 'function',
    },
  },
  conformalScores: {
    one: 'conformal score',
    undecisive: true,
    fields: {
      name: 'string',
      title: 'string',
      source: 'string',
      options: 'object',
      randomised: 'boolean',
      scores: 'function',
    },
  },
  recalibrators: {
    one: 'recalibrator',
    undecisive: true,
    fields: { name: 'string', title: 'string', source: 'string', map: 'function' },
  },
  transforms: { one: 'transform', fields: MAKING },
  generators: { one: 'generator', fields: { ...MAKING, fill: 'function' } },
  renderers: {
    one: 'renderer',
    undecisive: true,
    fields: { name: 'string', title: 'string', render: 'function' },
  },
  exporters: {
    one: 'exporter',
    undecisive: true,
    fields: { name: 'string', title: 'string', export: 'function' },
  },
};

/**
 * A plug-in: parts of any kind under one name. Export it from a module, and name the module under `plugins` in the run
 * file. Errors: `plugin-invalid` for a kind that does not exist, a part that lacks something, a name that is none.
 */
export function definePlugin(definition: PluginDefinition): Plugin {
  const plugin = { ...definition, contract: CONTRACT, version: definition.version ?? 1 };
  checkPlugin(plugin);
  return plugin;
}

/** Whether a module exported this as a plug-in. */
export const isPlugin = (value: unknown): value is Plugin =>
  typeof value === 'object' && value !== null && 'contract' in value && 'name' in value;

/** Whether something is a part of that kind. */
export const isPart = (kind: keyof PluginParts, value: unknown): boolean =>
  missingFields(kind, value).length === 0;

/** Errors: `plugin-invalid`. @param where the place that names the plug-in */
export function checkPlugin(plugin: Plugin, where: ErrorDetails = {}): void {
  const { name, version, contract, ...parts } = plugin;
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9-]*$/.test(name))
    throw invalid('a plug-in has no usable name', {
      ...where,
      expected: 'letters in lower case, digits and dashes: `name: "my-plugin"`',
      found: JSON.stringify(name),
    });
  if (contract !== CONTRACT)
    throw invalid(`the plug-in "${name}" is written for another Assay`, {
      ...where,
      expected: `the contract ${CONTRACT}`,
      found: String(contract),
      hint: 'make it with `definePlugin` of the Assay that is installed',
    });
  if (!Number.isInteger(version) || version < 1)
    throw invalid(`the plug-in "${name}" has no usable version`, {
      ...where,
      expected: 'a whole number from 1',
      found: JSON.stringify(version),
    });
  for (const [kind, rows] of Object.entries(parts)) checkKind(name, kind, rows, where);
}

function checkKind(plugin: string, kind: string, rows: unknown, where: ErrorDetails): void {
  const known = Object.keys(KINDS);
  if (!isKind(kind)) {
    const guess = didYouMean(kind, known);
    throw invalid(`the plug-in "${plugin}" has parts of a kind that does not exist: "${kind}"`, {
      ...where,
      expected: `some of ${known.join(', ')}`,
      hint: guess ? `did you mean "${guess}"?` : 'drop it',
    });
  }
  if (!Array.isArray(rows))
    throw invalid(`\`${kind}\` of the plug-in "${plugin}" is no list`, {
      ...where,
      expected: `[${KINDS[kind].one}, ...]`,
      found: typeof rows,
    });
  for (const [i, row] of rows.entries()) {
    const missing = missingFields(kind, row);
    if (missing.length === 0) continue;
    throw invalid(`${kind}[${i}] of the plug-in "${plugin}" is no ${KINDS[kind].one}`, {
      ...where,
      expected: Object.entries(KINDS[kind].fields)
        .map(([field, type]) => `${field}: ${type}`)
        .join(', '),
      found: `no ${missing.join(', no ')}`,
      hint: 'docs/plugins.md says what a part of every kind is',
    });
  }
}

const isKind = (kind: string): kind is keyof PluginParts => Object.hasOwn(KINDS, kind);

function missingFields(kind: keyof PluginParts, value: unknown): string[] {
  const { fields } = KINDS[kind];
  if (typeof value !== 'object' || value === null) return Object.keys(fields);
  const row: Record<string, unknown> = { ...value };
  return Object.entries(fields).flatMap(([field, type]) => {
    const given = row[field];
    const is = Array.isArray(given) ? 'array' : given === null ? 'null' : typeof given;
    return is === type || (type === 'schema' && (is === 'object' || is === 'function')) ? [] : [field];
  });
}

const invalid = (message: string, details: ErrorDetails) =>
  new AssayError('plugin-invalid', message, details);
