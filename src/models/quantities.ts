import { unknownName } from '../errors.js';
import { type GraphBuilder, ints } from '../graph/build.js';
import type { OutputNames } from './graph/outputs.js';
import type { FeaturePlace } from './last-layer.js';
import type { QuantityName, SystemInfo } from './system.js';

/** Where quantities are put: a copy of a prepared network. */
export interface QuantitySite {
  b: GraphBuilder;
  outputs: OutputNames;
  features: FeaturePlace | undefined;
}

/** Something that a network says of every image. */
export interface Quantity {
  /** Its capability has the same name. */
  name: QuantityName;
  /** One of its numbers, in messages. */
  title: string;
  /** Numbers of one image. */
  width(of: { info: SystemInfo; features: FeaturePlace | undefined }): number;
  /** Emits it, (n, width) or for one number (n); the prepared network puts out some by itself. */
  emit(site: QuantitySite): string;
}

const rows: readonly Quantity[] = [
  {
    name: 'logits',
    title: 'a logit',
    width: ({ info }) => info.classes.length,
    emit: ({ outputs }) => outputs.logits ?? '',
  },
  { name: 'logPx', title: 'log p(x)', width: () => 1, emit: ({ outputs }) => outputs.logPx ?? '' },
  {
    name: 'features',
    title: 'a feature',
    width: ({ features }) => features?.width ?? 0,
    emit: ({ b, features }) => {
      const { value, width, transposed } = features ?? { value: '', width: 0, transposed: false };
      const rows = transposed ? b.op('Transpose', [value], { perm: ints([1, 0]) }) : value;
      return b.op('Reshape', [rows, b.ints([-1, width])]);
    },
  },
];

/** Every quantity, by name. */
export const quantities: ReadonlyMap<QuantityName, Quantity> = new Map(rows.map((row) => [row.name, row]));

/** Errors: `unknown-name`. */
export function quantityNamed(name: QuantityName): Quantity {
  const quantity = quantities.get(name);
  if (!quantity) throw unknownName('quantity', name, [...quantities.keys()]);
  return quantity;
}
