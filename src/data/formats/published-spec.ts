import { type Static, Type } from '../../config/type.js';
import type { DatasetSpec } from '../spec.js';

/** Keys of data sets of published corruptions. */
export const PublishedOptions = Type.Object({
  corruption: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$',
      description: 'cifar-c and imagenet-c: which corruption, such as gaussian_noise or fog.',
    }),
  ),
});

/** A data set of published corruptions in a run file. */
export type PublishedSpec = DatasetSpec & Static<typeof PublishedOptions>;
