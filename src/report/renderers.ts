import { Registry } from '../registry.js';
import type { Renderer } from '../suites/renderer.js';

/**
 * Every format that a report is written in. A new one is a file and a row. Loaded when they write: plotting takes a third
 * of a second to load.
 */
export const renderers = Registry.of<Renderer>('renderer', [
  {
    name: 'html',
    title: 'The report as one page: report.html',
    render: async (...args) => (await import('./html.js')).renderHtml(...args),
  },
  {
    name: 'examples',
    title: 'Every example, with its rows and images: examples.html, and viewer/ beside it',
    render: async (results, directory) =>
      (await import('./examples/render.js')).renderExamples(results, directory),
  },
  {
    name: 'csv',
    title: 'A row for each measure: measures.csv',
    render: async (results) => (await import('./csv.js')).renderCsv(results),
  },
  {
    name: 'latex',
    title: 'Tables for papers: tables/*.tex',
    render: async (results) => (await import('./latex/render.js')).renderLatex(results),
  },
]);
