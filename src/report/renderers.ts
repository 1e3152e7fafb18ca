import type { Results } from '../suites/results.js';
import { renderCsv } from './csv.js';
import { renderHtml } from './html.js';
import { renderLatex } from './latex/render.js';
import type { OutputFile } from './output.js';

/**
 * Turns results into files. `directory` is the run folder, for images that the results name; `drawing` is called
 * before each figure.
 */
export type Renderer = (results: Results, directory: string, drawing: () => void) => Promise<OutputFile[]>;

/** Every format a report is written in. A new one is a file and a row. */
export const renderers: Record<string, Renderer> = {
  html: renderHtml,
  csv: renderCsv,
  latex: renderLatex,
};
