/** `assay/report`: what renderers and exporters are written with: they turn results into files. */
export { AssayError } from './errors.js';
export type { Exported, Exporter, ExportOptions } from './suites/exporter.js';
export type { OutputFile, Renderer } from './suites/renderer.js';
export type { Figure, Measure, Results, Table, Warning } from './suites/results.js';
