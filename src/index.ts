/** The public interface of Assay: run a run file, read its results, write suites. */
export { Type } from '@sinclair/typebox';
export type { DatasetInfo, Examples } from './data/dataset.js';
export { AssayError, type ErrorCode, type ErrorDetails } from './errors.js';
export { evaluateGates } from './gate/evaluate.js';
export type { GateRule } from './gate/rule.js';
export type { Estimate } from './metrics/estimate.js';
export { bootstrap, wilson } from './metrics/intervals.js';
export type {
  Batch,
  Capability,
  Evaluated,
  Gradients,
  LastLayer,
  LossName,
  Outputs,
  Passes,
  QuantityName,
  System,
  SystemInfo,
} from './models/system.js';
export { type Stream, type StreamKey, stream } from './random/stream.js';
export { writeReport } from './report/write-report.js';
export type { ProgressEvent } from './runs/progress.js';
export { readResults } from './runs/read-results.js';
export { type RunOptions, run } from './runs/run.js';
export type { RunOutcome } from './runs/run-evaluation.js';
export { type Predictions, type ScoreOptions, score } from './runs/score.js';
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
export { measure } from './suites/measure.js';
export { eachBatch } from './suites/measurements/batches.js';
export { clean } from './suites/measurements/clean.js';
export { classifiedOf, logitsOf } from './suites/measurements/collected.js';
export { definePlugin, type Plugin, type PluginDefinition } from './suites/plugin.js';
export type { Figure, Measure, NotApplicable, Results, Table, Warning } from './suites/results.js';
