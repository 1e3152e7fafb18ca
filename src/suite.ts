/**
 * `assay/suite`: what suites and measurements are written with. The measurements that come with Assay are in
 * `assay/measurements`, statistics in `assay/metrics`; suites that attack use `assay/attack`, those of detectors
 * `assay/score`.
 */
export { PRESETS } from './config/presets.js';
export { type Static, type TSchema, Type } from './config/type.js';
export type { DatasetInfo, Examples } from './data/dataset.js';
export { AssayError, notNamed, unknownName } from './errors.js';
export { float32Text } from './float32-text.js';
export type { Batch, Capability, Passes, System, SystemInfo } from './models/system.js';
export { type Stream, type StreamKey, stream } from './random/stream.js';
export type { Catalogue } from './suites/catalogue.js';
export {
  fewExamples,
  fewUsed,
  labelledTestSets,
  singleDraw,
  withoutLabels,
} from './suites/caveats.js';
export { chosenRows } from './suites/chosen-rows.js';
export {
  type Column,
  type Columns,
  float32,
  float64,
  int32,
  type NdArray,
  type Rows,
  type RowsIn,
  uint8,
} from './suites/columns.js';
export {
  type Collected,
  type CollectedRows,
  defineMeasurement,
  defineSuite,
  type ExampleSheet,
  type MeasureContext,
  type Measurement,
  type Request,
  request,
  type Suite,
  type SuiteContext,
  type Summary,
} from './suites/contract.js';
export {
  everywhere,
  fitOnSplit,
  fitOnValidation,
  type HeldOut,
  validationSet,
} from './suites/held-out.js';
export { identifier } from './suites/identifier.js';
export { type CellOptions, cell, type MeasureDescription, measure, point } from './suites/measure.js';
export { eachBatch } from './suites/measurements/batches.js';
export { onceFor } from './suites/once-for.js';
export { oneOf } from './suites/one-of.js';
export { checkReference, referenceAmong } from './suites/reference-model.js';
export { type Refusal, Refused, refusalOf, refusing, type SystemRefusal } from './suites/refused.js';
export type {
  BarFigure,
  Better,
  Figure,
  HeatmapFigure,
  HistogramFigure,
  ImageFigure,
  LineFigure,
  Measure,
  MeasureRows,
  NotApplicable,
  Picture,
  ReliabilityFigure,
  Results,
  Table,
  Warning,
} from './suites/results.js';
export { rowsOf } from './suites/stored-column.js';
