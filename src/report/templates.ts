import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';
import { AssayError } from '../errors.js';
import { escapeAttribute } from './escape-attribute.js';

/** A page, its style and its script, as installed in `reports/`. */
export interface Templates {
  page: (view: object) => string;
  style: string;
  script: string;
}

/** Files of `reports/style/`, later ones over earlier ones. */
const STYLES = [
  'base',
  'layout',
  'text',
  'boxes',
  'tables',
  'headline',
  'facts',
  'figures',
  'folds',
  'grids',
  'tools',
  'narrow',
  'print',
];

/** Files of `reports/script/`, in one function: what one declares, those after it can use. */
const SCRIPTS = ['address', 'theme', 'folds', 'contents', 'tables', 'copy', 'figures', 'print'];

/** The same of the page of examples. */
const EXAMPLE_STYLES = ['base', 'layout', 'text', 'tables', 'examples'];
const EXAMPLE_SCRIPTS = [
  'address',
  'theme',
  'examples/parts',
  'examples/rows',
  'examples/filters',
  'examples/numbers',
  'examples/pictures',
  'examples/detail',
  'examples/list',
];

/**
 * Reads and compiles a page with its partials.
 * @param template `report`, `comparison`, `history`
 * Errors: `file-unreadable` when the installation lacks them.
 */
export const loadTemplates = (template = 'report'): Promise<Templates> => load(template, STYLES, SCRIPTS);

/** The page of examples. Errors: as `loadTemplates`. */
export const loadExamplePage = (): Promise<Templates> => load('examples', EXAMPLE_STYLES, EXAMPLE_SCRIPTS);

async function load(
  template: string,
  styles: readonly string[],
  scripts: readonly string[],
): Promise<Templates> {
  const folder = installedFolder();
  const read = (name: string) => readFile(path.join(folder, name), 'utf8');
  const markup = async (name: string) => withoutEndTags(await read(name));
  const engine = Handlebars.create();
  engine.registerHelper('attribute', (text: string) => new Handlebars.SafeString(escapeAttribute(text)));
  for (const partial of await readdir(path.join(folder, 'partials'))) {
    if (!partial.endsWith('.hbs')) continue;
    engine.registerPartial(path.basename(partial, '.hbs'), await markup(path.join('partials', partial)));
  }
  // Strict: a field the view forgot is an error here, not a hole in a report.
  const page = engine.compile(await markup(`${template}.hbs`), { strict: true });
  const style = await Promise.all(styles.map((name) => read(`style/${name}.css`)));
  const script = await Promise.all(scripts.map((name) => read(`script/${name}.js`)));
  return {
    page: (view) => page(view),
    style: style.join('\n'),
    script: `(() => {\n${script.join('\n')}\n})();`,
  };
}

/** Without the end tags of cells and rows, which HTML does not ask for: a report has sixty thousand. */
const withoutEndTags = (template: string) => template.replace(/\s*<\/t[dhr]>\s*/g, '');

/** `reports/` lies beside `src/` in a checkout and beside `dist/` in the package: look upwards. */
export function installedFolder(): string {
  const start = path.dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'reports');
    if (existsSync(path.join(candidate, 'report.hbs'))) return candidate;
    if (path.dirname(folder) === folder) break;
  }
  throw new AssayError('file-unreadable', 'the report templates are not installed', {
    expected: 'a folder reports/ with report.hbs in the package',
    file: start,
    hint: 'install assay again',
  });
}
