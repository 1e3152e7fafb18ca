import { AssayError } from '../../errors.js';
import type { Figure, ImageFigure, Picture } from '../../suites/results.js';
import { embedImage } from '../embed-image.js';
import type { Drawing, LegendEntry, PlotData } from '../plots/drawing.js';
import type { Palette } from '../plots/palette.js';
import { draw, type Plotted } from '../plots/plots.js';
import type { Plotter } from '../plots/plotter.js';
import { packedTips } from '../plots/tips.js';

interface Cell {
  present: boolean;
  source: string;
  width: number;
  height: number;
  caption: string;
  mark: string;
  sign: string;
  alt: string;
}

export interface FigureView {
  id: string;
  kind: Figure['kind'];
  title: string;
  caption: string;
  size: Drawing['size'];
  /** A plot that is scrolled where it would be too small to read. */
  wide: boolean;
  svg: string;
  /** A line per point: where it is in the plot, and what it says, see `packedTips`. */
  tips: string;
  error: string;
  legend: LegendEntry[];
  data: PlotData;
  /** Null for plots. */
  grid: { columns: string[]; rows: { label: string; cells: Cell[] }[] } | null;
}

/** What figures are drawn with. */
export interface FigureTools {
  palette: Palette;
  plotter: Pick<Plotter, 'draw'>;
}

/** A figure ready to place. One that cannot be drawn says why in its place; the rest of the report stands. */
export async function figureView(
  figure: Figure,
  id: string,
  directory: string,
  { palette, plotter }: FigureTools,
): Promise<FigureView> {
  const base: FigureView = {
    id,
    kind: figure.kind,
    title: figure.title,
    caption: figure.caption ?? '',
    size: 'full',
    wide: false,
    svg: '',
    tips: '',
    error: '',
    legend: [],
    data: { columns: [], rows: [] },
    grid: null,
  };
  if (figure.kind === 'images') {
    const size = figure.columns.length <= 4 && !figure.rows.some(holdsLine) ? 'half' : 'full';
    return { ...base, size, grid: await imageGrid(figure, directory) };
  }
  return { ...base, ...(await plot(figure, id, { palette, plotter })) };
}

/** Several images in one picture, side by side: half a page would cut the line. */
const holdsLine = ({ cells }: ImageFigure['rows'][number]) =>
  cells.some((cell) => cell && isLine(cell.shape));

const isLine = ([, height, width]: Picture['shape']) => width >= 2 * height;

async function plot(
  figure: Plotted,
  id: string,
  { palette, plotter }: FigureTools,
): Promise<Partial<FigureView>> {
  const { spec, ...drawing } = draw(figure, palette);
  const label = [figure.title, figure.caption ?? ''].filter((part) => part !== '').join('. ');
  try {
    const { svg, tips } = await plotter.draw(spec, id, label);
    return { ...drawing, wide: drawing.size === 'full', svg, tips: tips && packedTips(tips) };
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return { ...drawing, error: `${error.message}: ${error.details.found ?? ''}` };
  }
}

async function imageGrid(figure: ImageFigure, directory: string): Promise<FigureView['grid']> {
  const rows = await Promise.all(
    figure.rows.map(async (row) => ({
      label: row.label,
      cells: await Promise.all(
        row.cells.map(async (picture, c): Promise<Cell> => {
          const source = picture?.file ? await embedImage(directory, picture.file) : '';
          const shape = picture?.shape ?? [1, 28, 28];
          const [, height, width] = shape;
          const scale = displayScale(shape);
          const caption = picture?.caption ?? '';
          return {
            present: source !== '',
            source,
            width: Math.round(width * scale),
            height: Math.round(height * scale),
            caption,
            mark: picture?.mark ?? '',
            sign: picture?.mark === 'ok' ? '✓' : picture?.mark === 'bad' ? '✗' : '',
            alt: [row.label, figure.columns[c] ?? '', caption].filter((part) => part !== '').join(', '),
          };
        }),
      ),
    })),
  );
  return { columns: figure.columns, rows };
}

/** How wide a line of images may be: beyond that a grid is scrolled on most screens. */
const WIDEST = 640;

/**
 * Small images are enlarged by a whole number, so that every pixel stays a square; large ones shrink. A line of images is
 * as wide as fits.
 */
function displayScale(shape: Picture['shape']): number {
  const [, height, width] = shape;
  const side = isLine(shape) ? height : Math.max(height, width);
  const scale = side <= 88 ? Math.max(1, Math.floor(88 / side)) : 128 / Math.max(128, side);
  const most = WIDEST / width;
  if (!isLine(shape) || scale <= most) return scale;
  return most >= 1 ? Math.floor(most) : most;
}
