import { type TSchema, Type } from '../config/type.js';
import { remoteKeys } from '../fetch/remote.js';
import type { Registry } from '../registry.js';
import type { DataFormat } from './source.js';
import { type DatasetEntry, DatasetSpec } from './spec.js';

/** A data set in one of these formats, with the options that they have of their own. */
export function datasetSchema(formats: Registry<DataFormat>) {
  const { format, ...rest } = DatasetSpec.properties;
  const own = [...formats].flatMap(({ options }) => Object.entries<TSchema>(options?.properties ?? {}));
  const { path, ...others } = rest;
  const names = formats.names.map((name) => Type.Literal(name));
  return Type.Unsafe<DatasetEntry>(
    Type.Object(
      {
        path: Type.Optional(path),
        url: Type.Optional(remoteKeys.url),
        sha256: Type.Optional(remoteKeys.sha256),
        format: Type.Optional(Type.Union(names, { description: format.description })),
        ...others,
        ...Object.fromEntries(own.map(([key, schema]) => [key, Type.Optional(schema)])),
      },
      { additionalProperties: false, title: DatasetSpec.title, description: DatasetSpec.description },
    ),
  );
}
