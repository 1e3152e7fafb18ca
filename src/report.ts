/** `assay/report`: what renderers are written with: they turn results into files. */
export { AssayError } from './errors.js';
export type { OutputFile, Renderer } from './suites/renderer.js';
export type { Figure, Measure, Results, Table, Warning } from './suites/results.js';
