import type { TopLevelSpec } from 'vega-lite';
import { escapeAttribute } from '../escape-attribute.js';
import { withView } from './open-view.js';
import { renameClips } from './rename-clips.js';
import { slimSvg } from './slim-svg.js';
import { theme } from './theme.js';
import { tipsOf } from './tips.js';

/** A plot as it stands on the page. */
export interface Plot {
  svg: string;
  /** What its data say and where, see `tipsOf`. */
  tips: string;
}

/** The SVG of `renderPlot` alone. */
export async function renderSvg(spec: TopLevelSpec, id: string, label: string): Promise<string> {
  return (await renderPlot(spec, id, label)).svg;
}

/**
 * Draws a Vega-Lite specification to an SVG that scales with its container. `id` keeps the clip paths of several
 * SVGs on one page apart. Nothing is fetched: data must be inline, links and outside images are left out.
 * Errors: `data-invalid` when the specification does not compile.
 */
export async function renderPlot(spec: TopLevelSpec, id: string, label: string): Promise<Plot> {
  return withView(spec, theme, label, async (view) => {
    const svg = await view.toSVG();
    const { root } = view.scenegraph() as unknown as { root: Parameters<typeof tipsOf>[0] };
    return { svg: dress(svg, id, label), tips: tipsOf(root, originOf(svg)) };
  });
}

/** Vega puts everything into a group, moved by padding and axes. */
function originOf(svg: string): [number, number] {
  const [, x = '0', y = '0'] = svg.match(/transform="translate\(([-\d.]+),([-\d.]+)\)"/) ?? [];
  return [Number(x), Number(y)];
}

function dress(svg: string, id: string, label: string): string {
  const [, width = '440'] = svg.match(/<svg[^>]* width="([\d.]+)"/) ?? [];
  const plain = renameClips(svg, `${id}-`).replace(/<g class="[^>]*>/g, (tag) =>
    tag.replace(/ (?:role|aria-[a-z]+)="[^"]*"/g, ''),
  );
  return slimSvg(plain).replace(/<svg[^>]*>/, (tag) =>
    tag
      .replace(/ (width|height|class|xmlns:xlink)="[^"]*"/g, '')
      .replace(
        '<svg',
        `<svg role="img" aria-label="${escapeAttribute(label)}" style="max-width:${Math.round(1.2 * Number(width))}px"`,
      ),
  );
}
