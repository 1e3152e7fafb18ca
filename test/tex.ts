import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** Why TeX cannot run here; undefined when it can. Errors where it must run. */
export const whyNoTex = () =>
  whyNot('pdflatex', 'texlive-latex-base texlive-latex-recommended', 'the tables are not compiled');

/** Why no PDF can be read here, in the same way. */
export const whyNoPdf = () => whyNot('pdftotext', 'poppler-utils', 'the figures are not read');

function whyNot(program: string, packages: string, so: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  if (folders.some((folder) => existsSync(join(folder, program)))) return undefined;
  const why = `no ${program} on PATH (apt-get install ${packages}): ${so}`;
  if (process.env.ASSAY_REQUIRE_TEX) throw new Error(why);
  console.warn(`SKIPPED: ${why}`);
  return why;
}

/** A document around a body, and what stands before `\begin{document}`. */
export const document = (body: string, preamble = '', options = '10pt,letterpaper') =>
  `\\documentclass[${options}]{article}\n${preamble}\n\\begin{document}\n${body}\n\\end{document}\n`;

/**
 * Compiles documents, the files they read beside them, and returns what TeX printed for each.
 * Fails where TeX finds an error.
 */
export async function compile(
  documents: Readonly<Record<string, string>>,
  files: readonly { path: string; content: string | Uint8Array }[] = [],
): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-tex-'));
  try {
    for (const { path, content } of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    const logs: Record<string, string> = {};
    for (const [name, text] of Object.entries(documents)) {
      await writeFile(join(folder, `${name}.tex`), text);
      logs[name] = await pdflatex(folder, name);
    }
    return logs;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function pdflatex(folder: string, name: string): Promise<string> {
  // Lines of a log are broken at 79 characters otherwise.
  const env = { ...process.env, max_print_line: '2000' };
  const words = ['-interaction=nonstopmode', '-halt-on-error', '-file-line-error', `${name}.tex`];
  return new Promise((resolve, reject) => {
    execFile('pdflatex', words, { cwd: folder, env, maxBuffer: 1 << 26 }, (error, log) => {
      if (error) reject(new Error(`${name}.tex does not compile:\n${log.slice(-3000)}`));
      else resolve(log);
    });
  });
}

/** What a log says is too wide, too high or missing, each with the table it is in. */
export function complaints(log: string): string[] {
  let table = '';
  return log.split('\n').flatMap((line) => {
    table = /TABLE (\S+)/.exec(line)?.[1] ?? table;
    return /Overfull|too large|undefined|Missing character|unavailable/.test(line)
      ? [`${table}: ${line}`]
      : [];
  });
}

/** Texts that tables stand in: every file in a float of its own. */
export function documentsOf(files: readonly { path: string }[], wide: boolean): Record<string, string> {
  const floats = (environment: string) =>
    files
      .map(
        ({ path }) =>
          `\\typeout{TABLE ${path}}\\begin{${environment}}[p]\\centering\\input{${path}}\\caption{A table.}\\end{${environment}}\\clearpage`,
      )
      .join('\n');
  // One inch is where TeX begins.
  const margins =
    '\\setlength{\\oddsidemargin}{0pt}\\setlength{\\topmargin}{-37pt}\\setlength{\\textheight}{9in}';
  const text = (width: string) => `\\usepackage{booktabs}${margins}\\setlength{\\textwidth}{${width}}`;
  return wide
    ? {
        'one-column': document(floats('table'), text('6.5in')),
        'one-narrow-column': document(floats('table'), text('5.5in')),
        'two-columns': document(floats('table*'), text('6.5in'), '10pt,letterpaper,twocolumn'),
      }
    : { 'column-of-two': document(floats('table'), text('6.27in'), '10pt,a4paper,twocolumn') };
}
