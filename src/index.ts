/** The public interface of Assay: run a run file, read its results, write suites and plug-ins. */
export type { ErrorCode, ErrorDetails } from './errors.js';
export { evaluateGates } from './gate/evaluate.js';
export type { GateRule } from './gate/rule.js';
export { classifiedOf, clean, logitsOf } from './measurements.js';
export { bootstrap, type Estimate, exact, wilson } from './metrics.js';
export type { Evaluated, Gradients, LastLayer, LossName, Outputs, QuantityName } from './models/system.js';
export { writeReport } from './report/write-report.js';
export type { RunOutcome } from './runs/concluding/outcome.js';
export { readResults } from './runs/folder/read-results.js';
export type { ProgressEvent } from './runs/measuring/progress.js';
export { run } from './runs/run.js';
export type { RunOptions } from './runs/run-anew.js';
export { type Predictions, type ScoreOptions, score } from './runs/score.js';
export * from './suite.js';
export { definePlugin, type Plugin, type PluginDefinition } from './suites/plugin.js';
