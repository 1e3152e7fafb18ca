import { architectureSchema } from '../../architectures/registry.js';
import type { TSchema } from '../../config/type.js';
import type { Registry } from '../../registry.js';
import { optionsOf } from '../../suites/contract.js';
import type { RunCatalogue } from './run-catalogue.js';

/** An option of a part. */
export interface ExplainedOption {
  name: string;
  /** Absent where there is none. */
  default?: unknown;
  description: string;
}

/** Something that a run can name. */
export interface Explained {
  /** `attack` */
  kind: string;
  name: string;
  title: string;
  /** `Assay`, or a plug-in. */
  from: string;
  /** Where it was published. */
  source?: string;
  /** What a system must offer. */
  needs?: readonly string[];
  options: readonly ExplainedOption[];
}

type Row = { name?: string; title?: string; source?: string; needs?: readonly string[]; options?: TSchema };

/** A registry, for reading. */
type Shelf = Pick<Registry<Row>, 'kind' | 'names' | 'named' | 'origin'>;

/** Everything that a run can name, kind by kind. */
export async function explained(catalogue: RunCatalogue): Promise<Explained[]> {
  const { architectures } = catalogue;
  const suites = new Map<string, Row>();
  for (const { name, load } of catalogue.suites) {
    const suite = await load();
    suites.set(name, { ...suite, options: optionsOf(suite, catalogue) });
  }
  const kinds: readonly Shelf[] = [
    catalogue.suites.map(({ name }) => ({ ...suites.get(name), name })),
    catalogue.measurements,
    catalogue.attacks,
    catalogue.losses,
    catalogue.norms,
    catalogue.scores,
    catalogue.defences,
    catalogue.transforms,
    catalogue.generators,
    catalogue.corruptions,
    catalogue.dataFormats,
    catalogue.checkpointFormats,
    architectures.map((row) => ({ ...row, options: architectureSchema(row) })),
    catalogue.renderers,
    catalogue.exporters,
  ];
  return kinds.flatMap((registry) => registry.names.map((name) => explain(registry, name)));
}

function explain(registry: Shelf, name: string): Explained {
  const { title = name, source, needs, options } = registry.named(name);
  return {
    kind: registry.kind,
    name,
    title,
    from: registry.origin(name),
    ...(source !== undefined && { source }),
    ...(needs && { needs }),
    options: Object.entries<TSchema>(options?.properties ?? {}).map(([key, schema]) => ({
      name: key,
      ...(schema.default !== undefined && { default: schema.default }),
      description: schema.description ?? '',
    })),
  };
}
