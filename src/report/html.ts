import type { OutputFile } from '../suites/renderer.js';
import type { Results } from '../suites/results.js';
import { createPlotter } from './plots/plotter.js';
import { renderPage, withVisibleText } from './render-page.js';
import { pageView } from './views/page.js';

/** `report.html`, see `renderPage`. */
export async function renderHtml(
  results: Results,
  directory: string,
  drawing: () => void = () => undefined,
): Promise<OutputFile[]> {
  const figures = results.suites.flatMap((suite) => suite.figures);
  const plotter = createPlotter(figures.filter(({ kind }) => kind !== 'images').length);
  try {
    const view = await pageView(withVisibleText(results), directory, { plotter, drawing });
    return [{ path: 'report.html', content: await renderPage('report', view) }];
  } finally {
    await plotter.close();
  }
}
