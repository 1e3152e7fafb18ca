import type { OutputFile } from './renderer.js';
import type { Results } from './results.js';

/** Whose evidence it is. */
export interface ExportOptions {
  /** The run folder, for the sheets below `examples`. */
  directory: string;
  /** Who publishes the models and the evidence, as `--organization` says; formats that need a name then have one. */
  organization?: string;
}

export interface Exported {
  /** With paths below the folder of the export. */
  files: OutputFile[];
  /** What the results hold and the format has no place for, and what the user must add: a line each. */
  leftOut: string[];
}

/** Writes results in a format that other programs read: `assay export NAME DIR`. */
export interface Exporter {
  /** kebab-case. */
  name: string;
  title: string;
  /** Numbers are those of the results, unrounded. */
  export(results: Results, options: ExportOptions): Promise<Exported>;
}
