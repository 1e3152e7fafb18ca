/** `assay/data`: what formats of data sets, transforms and generators are written with. */
export { Type } from './config/type.js';
export {
  type CorruptionSetting,
  corrupted,
  drawsFor,
  LIKE,
  usualParameters,
  whyNot,
} from './data/corruptions/corrupted.js';
export {
  type AnyCorruption,
  type Corruption,
  type CorruptionCategory,
  PARAMETER_SETS,
  type ParameterSet,
  type Raster,
  SEVERITIES,
  type Severity,
} from './data/corruptions/corruption.js';
export type { DatasetInfo, Examples } from './data/dataset.js';
export type { Draws, Generator, Parent, PixelTransform } from './data/derived/derivation.js';
export { framesOf } from './data/formats/frames.js';
export type { DataFormat, ImageSource, PathHead } from './data/source.js';
export type { DatasetSpec } from './data/spec.js';
export { type Sequence, sequences } from './data/warps/sequences.js';
export { PADDINGS, type Padding } from './data/warps/warp.js';
export type { Stream } from './random/stream.js';
