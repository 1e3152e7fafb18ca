/** `assay/suite`: what suites and measurements are written with. */
export { Type } from '@sinclair/typebox';
export type { DatasetInfo, Examples } from './data/dataset.js';
export { AssayError } from './errors.js';
export { type Estimate, exact } from './metrics/estimate.js';
export { bootstrap, wilson } from './metrics/intervals.js';
export type { Batch, Capability, Passes, System, SystemInfo } from './models/system.js';
export { type Stream, type StreamKey, stream } from './random/stream.js';
export type { Catalogue } from './suites/catalogue.js';
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
export { cell, measure } from './suites/measure.js';
export { eachBatch } from './suites/measurements/batches.js';
export { clean } from './suites/measurements/clean.js';
export { classifiedOf, logitsOf } from './suites/measurements/collected.js';
export type { Figure, Measure, NotApplicable, Results, Table, Warning } from './suites/results.js';
