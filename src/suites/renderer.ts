import type { Results } from './results.js';

/** A file of a report. */
export interface OutputFile<Content extends string | Uint8Array = string> {
  /** Below the run folder, with forward slashes; of a plug-in's renderer, below `reports/NAME`. */
  path: string;
  content: Content;
}

/** Files at once, or one by one where together they are large: each is written before the next is asked for. */
export type OutputFiles =
  | readonly OutputFile<string | Uint8Array>[]
  | AsyncIterable<OutputFile<string | Uint8Array>>;

/** Turns results into files: whenever a run ends, and again by `assay report`. */
export interface Renderer {
  /** kebab-case. */
  name: string;
  title: string;
  /**
   * Results to files, from the results alone.
   * @param directory the run folder, for images that the results name and for sheets below `examples`
   * @param drawing called before each figure is drawn, so that progress can be told
   */
  render(results: Results, directory: string, drawing: () => void): Promise<OutputFiles>;
}
