import type { TopLevelSpec } from 'vega-lite';
import { AssayError } from '../../errors.js';
import { theme } from './theme.js';

/**
 * Draws a Vega-Lite specification to an SVG that scales with its container. `id` keeps the clip paths of several
 * SVGs on one page apart. Nothing is fetched: data must be inline, links and outside images are refused.
 * Errors: `data-invalid` when the specification does not compile.
 */
export async function renderSvg(spec: TopLevelSpec, id: string, label: string): Promise<string> {
  // Loaded here because the command line should start without waiting for a plotting library.
  const [{ compile }, vega] = await Promise.all([import('vega-lite'), import('vega')]);
  const loader = vega.loader();
  const refuse = (uri: string) => Promise.reject(new Error(`outside resource ${uri}`));
  loader.load = refuse;
  loader.sanitize = refuse;
  const problems: string[] = [];
  const logger = vega.logger(vega.Warn);
  logger.error = (...parts: readonly unknown[]) => {
    problems.push(parts.map(String).join(' '));
    return logger;
  };
  logger.warn = () => logger;
  try {
    const compiled = compile(spec, { config: theme, logger }).spec;
    const view = new vega.View(vega.parse(compiled), { renderer: 'none', loader, logger });
    const svg = await view.toSVG();
    view.finalize();
    if (problems.length > 0) throw new Error(problems.join('; '));
    return dress(svg, id, label);
  } catch (cause) {
    throw new AssayError('data-invalid', `the plot "${label}" cannot be drawn`, {
      found: cause instanceof Error ? cause.message : String(cause),
      hint: 'the figure must be a Vega-Lite 6 specification with its data inline',
      cause,
    });
  }
}

function dress(svg: string, id: string, label: string): string {
  const [, width = '440'] = svg.match(/<svg[^>]* width="([\d.]+)"/) ?? [];
  return svg
    .replace(/<svg[^>]*>/, (tag) =>
      tag
        .replace(/ (width|height|class|xmlns:xlink)="[^"]*"/g, '')
        .replace(
          '<svg',
          `<svg role="img" aria-label="${escapeAttribute(label)}" style="max-width:${Math.round(1.2 * Number(width))}px"`,
        ),
    )
    .replace(/ id="(clip|gradient)/g, ` id="${id}-$1`)
    .replace(/="url\(#(clip|gradient)/g, `="url(#${id}-$1`);
}

function escapeAttribute(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
