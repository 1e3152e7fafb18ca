import type { View } from 'vega';
import type { Config, TopLevelSpec } from 'vega-lite';
import { AssayError } from '../../errors.js';
import { compileAlike } from './compile-alike.js';

/**
 * Compiles a Vega-Lite specification and hands its view to what draws it. Nothing is fetched: data must be inline, links and
 * outside images are left out.
 * @param label what the plot is called in errors
 * Errors: `data-invalid` when the specification does not compile.
 */
export async function withView<T>(
  spec: TopLevelSpec,
  config: Config,
  label: string,
  use: (view: View) => Promise<T>,
): Promise<T> {
  // Loaded here because the command line should start without waiting for a plotting library.
  const [{ compile }, vega] = await Promise.all([import('vega-lite'), import('vega')]);
  const loader = vega.loader();
  const problems: string[] = [];
  // Vega only logs data that does not load, and takes a refused link for a bug of its own: an empty one is drawn.
  loader.load = (uri) => {
    problems.push(`data from outside, ${uri}`);
    return Promise.resolve('[]');
  };
  loader.sanitize = () => Promise.resolve({ href: '' });
  const logger = vega.logger(vega.Warn);
  logger.error = (...parts: readonly unknown[]) => {
    problems.push(parts.map(String).join(' '));
    return logger;
  };
  logger.warn = () => logger;
  try {
    const compiled = compileAlike(spec, config, (one) => compile(one, { config, logger }).spec);
    const view = new vega.View(vega.parse(compiled), { renderer: 'none', loader, logger });
    const drawn = await use(view);
    view.finalize();
    if (problems.length > 0) throw new Error(problems.join('; '));
    return drawn;
  } catch (cause) {
    throw new AssayError('data-invalid', `the plot "${label}" cannot be drawn`, {
      found: cause instanceof Error ? cause.message : String(cause),
      hint: 'the figure must be a Vega-Lite 6 specification with its data inline',
      cause,
    });
  }
}
