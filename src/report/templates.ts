import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';
import { AssayError } from '../errors.js';

/** The page, its style and its script, as installed in `reports/`. */
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

/**
 * Reads and compiles a page with its partials.
 * @param template `report`, `comparison`, `history`
 * Errors: `file-unreadable` when the installation lacks them.
 */
export async function loadTemplates(template = 'report'): Promise<Templates> {
  const folder = installedFolder();
  const read = (name: string) => readFile(path.join(folder, name), 'utf8');
  const engine = Handlebars.create();
  for (const file of await readdir(path.join(folder, 'partials'))) {
    if (!file.endsWith('.hbs')) continue;
    engine.registerPartial(path.basename(file, '.hbs'), await read(path.join('partials', file)));
  }
  // Strict: a field the view forgot is an error here, not a hole in a report.
  const page = engine.compile(await read(`${template}.hbs`), { strict: true });
  const styles = await Promise.all(STYLES.map((name) => read(`style/${name}.css`)));
  const scripts = await Promise.all(SCRIPTS.map((name) => read(`script/${name}.js`)));
  return {
    page: (view) => page(view),
    style: styles.join('\n'),
    script: `(() => {\n${scripts.join('\n')}\n})();`,
  };
}

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
