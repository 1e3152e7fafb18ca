import { AssayError } from '../../errors.js';
import type { OutputFile } from '../../suites/renderer.js';
import type { Results } from '../../suites/results.js';
import { counted } from '../format.js';
import { uniqueSlugs } from '../names.js';
import type { Drawing } from '../plots/drawing.js';
import { withView } from '../plots/open-view.js';
import { createPalette } from '../plots/palette.js';
import { draw, type Plotted } from '../plots/plots.js';
import { renameClips } from '../plots/rename-clips.js';
import { loadTemplates } from '../templates.js';
import { figureCsv } from './figure-data.js';
import { gridPng } from './grid.js';
import { renderPdf } from './pdf.js';
import { lightColours, standalone } from './standalone.js';

/** A figure as files, with what they lack, or why it cannot be drawn. */
export type Drawn =
  | { name: string; files: OutputFile<string | Uint8Array>[]; lacks?: string }
  | { name: string; failed: string };

/**
 * Every plot of a report as `NAME.svg` and `NAME.pdf`, with what it is drawn from: `NAME.csv` and, with style and legend,
 * `NAME.vl.json`. Colours are those of the page in light. Grids of images are put together of their files as `NAME.png`.
 * @param directory the run folder, where these lie
 */
export async function* renderFigures(results: Results, directory: string): AsyncGenerator<Drawn> {
  const colours = lightColours((await loadTemplates()).style);
  const palette = createPalette(results.systems.map(({ name }) => name));
  const unique = uniqueSlugs();
  for (const suite of results.suites) {
    for (const figure of suite.figures) {
      const name = unique(`${suite.suite}-${figure.id}`);
      try {
        if (figure.kind === 'images') {
          const { png, pictures, missing } = await gridPng(directory, figure);
          const lacks = `${missing} of ${counted(pictures, 'picture')}: not in the run folder, or no PNG`;
          yield { name, files: [{ path: `${name}.png`, content: png }], ...(missing > 0 && { lacks }) };
          continue;
        }
        // Colours are allotted in the order of the page.
        const drawing = draw(figure, palette);
        yield { name, files: await filesOf(name, figure, drawing, colours, new Date(results.created)) };
      } catch (error) {
        if (!(error instanceof AssayError)) throw error;
        yield { name, failed: `${error.message}: ${error.details.found ?? ''}` };
      }
    }
  }
}

async function filesOf(
  name: string,
  figure: Plotted,
  drawing: Drawing,
  colours: ReadonlyMap<string, string>,
  created: Date,
): Promise<OutputFile<string | Uint8Array>[]> {
  const description = [figure.title, figure.caption ?? ''].filter((part) => part !== '').join('. ');
  const { spec, config } = standalone(drawing, description, colours);
  return withView(spec, config, figure.title, async (view) => {
    const svg = renameClips(await view.toSVG());
    const [, width = '0', height = '0'] = /<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
    const pdf = await renderPdf(view, [Number(width), Number(height)], figure.title, created);
    return [
      { path: `${name}.svg`, content: svg },
      { path: `${name}.pdf`, content: pdf },
      { path: `${name}.csv`, content: figureCsv(figure) },
      { path: `${name}.vl.json`, content: `${JSON.stringify(spec, null, 1)}\n` },
    ];
  });
}
